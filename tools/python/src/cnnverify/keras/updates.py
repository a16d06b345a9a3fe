"""One step of an optimiser of Keras, on copies, as an update of the format."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..format import Array, Attribute, Layer, ParameterName, Update
from ..update_rules import CLOSE, Movement
from .replay import numbers_of
from .selfcheck import uses_of
from .stages import Weight
from .tape import Tape

Holders = Mapping[int, list[tuple[Layer, str, Weight]]]
Numbers = NDArray[Any]

Slots = dict[str, tuple[str, Callable[[Numbers, bool], Numbers]]]
"""By the name in the format: where Keras' optimiser keeps it, and what makes one of the other.

The latter is told whether the state is that after the step.
"""

_UNSAYABLE = (
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
"""Settings that change a step in ways the format has no words for."""


@dataclass(eq=False)
class Rule:
    """An optimiser of Keras as one of the format."""

    kind: str
    settings: dict[str, Attribute]
    slots: Slots
    alone: str = ""
    """Why it holds for this step only, and no trajectory can be made of it."""


@dataclass(eq=False)
class RecordedStep:
    """A step that was taken; everything by the `id` of the variable."""

    rule: Rule
    taken: int
    after: dict[int, Numbers]
    state: dict[int, dict[str, Numbers]]
    state_after: dict[int, dict[str, Numbers]]
    problems: list[str]


class Stepper:
    """A copy of an optimiser that steps on copies of the parameters, from their present state."""

    def __init__(self, optimizer: Any, model: Any) -> None:
        rule_of(optimizer)
        self.optimizer = optimizer
        self.model = model
        self.fresh = not optimizer.built
        self.variables: list[Any] = []
        self.copies: list[Any] = []
        self.copy: Any = None

    def _begin(self, uses: Mapping[int, Any]) -> None:
        self.variables = [v for v in self.model.trainable_variables if id(v) in uses]
        if any(v.constraint is not None for v in self.variables):
            raise CaptureError(
                "a parameter has a constraint, which an update cannot say: remove it"
            )
        # Through NumPy: on PyTorch a variable would share the memory of the tensor it is made from.
        self.copies = [
            keras.Variable(numbers_of(v.value).copy(), name=v.name) for v in self.variables
        ]
        self.copy = type(self.optimizer).from_config(self.optimizer.get_config())
        self.copy.build(self.copies)
        if not self.fresh:
            _take_over(self.optimizer, self.copy, self.variables)

    def step(self, tape: Tape) -> RecordedStep:
        """Take a step with the gradients that were recorded."""
        uses = uses_of(tape)
        if self.copy is None:
            self._begin(uses)
        rule = rule_of(self.copy)
        taken = int(keras.ops.convert_to_numpy(self.copy.iterations))
        keys = [id(v) for v in self.variables]
        start = [numbers_of(c.value).copy() for c in self.copies]
        state = [_slots(rule, self.copy, k, after=False) for k in range(len(keys))]
        gradients = []
        for key in keys:
            parts: list[Any] = [use.gradient for use in uses[key]]
            gradients.append(sum(parts[1:], parts[0]))
        self.copy.apply(gradients, self.copies)
        end = [numbers_of(c.value).copy() for c in self.copies]
        state_after = [_slots(rule, self.copy, k, after=True) for k in range(len(keys))]
        problems: list[str] = []
        for number, gradient in enumerate(gradients):
            moved = Movement(
                start[number], end[number], numbers_of(gradient), state[number], state_after[number]
            )
            problems += moved.problems(rule.kind, rule.settings, taken, CLOSE)
        # A state of zeros that nothing has touched need not be said; one in other words must, for
        # the format's first step of a momentum rounds nothing.
        plain = all(convert is _same for _, convert in rule.slots.values())
        fresh, self.fresh = self.fresh and plain, False
        return RecordedStep(
            rule,
            taken,
            dict(zip(keys, end, strict=True)),
            {} if fresh else dict(zip(keys, state, strict=True)),
            dict(zip(keys, state_after, strict=True)),
            problems,
        )

    def move(self) -> None:
        """Give the model what the copies have come to."""
        for variable, copy in zip(self.variables, self.copies, strict=True):
            variable.assign(copy.value)


def _take_over(optimizer: Any, copy: Any, variables: list[Any]) -> None:
    """Give the copy the state of an optimiser that has made steps."""
    copy.iterations.assign(optimizer.iterations.value)
    order = [optimizer._get_variable_index(v) for v in variables]
    for name, own in vars(copy).items():
        theirs = getattr(optimizer, name, None)
        slots = isinstance(own, list) and len(own) == len(variables) and name != "_variables"
        if slots and isinstance(theirs, list) and name != "_trainable_variables":
            for k, index in enumerate(order):
                if isinstance(own[k], keras.Variable):
                    own[k].assign(theirs[index].value)


def rule_of(optimizer: Any) -> Rule:
    """Say in the format's words what an optimiser does, or why that cannot be said."""
    name = type(optimizer).__name__
    for setting in _UNSAYABLE:
        if getattr(optimizer, setting, None):
            raise CaptureError(
                f"{name} with {setting} cannot be expressed by an update; make the step without it"
            )
    own = type(optimizer).__module__.startswith("keras.")
    # On PyTorch, Keras makes a class of its own of each.
    builder = next((_RULES[c] for c in type(optimizer).__mro__ if c in _RULES), None)
    if builder is None or not own:
        known = ", ".join(cls.__name__ for cls in _RULES)
        raise CaptureError(
            f"{name} is none of the format's optimizers ({known}); export without optimizer="
        )
    rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    if name not in ("Adam", "AdamW") and optimizer.weight_decay:
        raise CaptureError(
            f"{name} with weight_decay={optimizer.weight_decay}: Keras takes it off the parameter "
            "itself, the format's rule adds it to the gradient; use AdamW, or no weight_decay"
        )
    return builder(optimizer, rate)


def _same(values: Numbers, after: bool) -> Numbers:
    return values


def _divided(rate: float) -> Callable[[Numbers, bool], Numbers]:
    """Keras has the rate in its momentum, the format outside; float64 adds no rounding."""
    if not rate:
        raise CaptureError("a rate of 0 leaves no momentum that the format could hold")
    return lambda values, after: values.astype(np.float64) / rate


def _inside(epsilon: float, decay: float) -> Callable[[Numbers, bool], Numbers]:
    """Put the epsilon inside the root into the mean square: v + ε after, v + ε/ρ before the step.

    ρv + (1 − ρ)g² + ε = ρ(v + ε/ρ) + (1 − ρ)g².
    """
    if not epsilon:
        return _same
    if not decay:
        raise CaptureError("an epsilon inside the root and a decay of 0 cannot be expressed")
    return lambda values, after: values.astype(np.float64) + epsilon / (1.0 if after else decay)


def _sgd(optimizer: Any, rate: float) -> Rule:
    """Keras keeps v = −lr · buffer: v ← μ v − lr g, p ← p + v."""
    settings: dict[str, Attribute] = {"lr": rate}
    if not optimizer.momentum:
        return Rule("SGD", settings, {})
    settings |= {"momentum": float(optimizer.momentum), "nesterov": bool(optimizer.nesterov)}
    return Rule("SGD", settings, {"momentum_buffer": ("momentums", _divided(-rate))})


def _adam(optimizer: Any, rate: float) -> Rule:
    """Keras: p ← p − α m / (√v + ε) with α = lr √(1 − β₂ᵗ) / (1 − β₁ᵗ), computed in float32.

    The format's rule adds its ε to √v / √(1 − β₂ᵗ), and its α is exact: for one step the two are
    the same with ε / √(1 − β₂ᵗ), and with the rate that makes the α that Keras rounded to.
    """
    if optimizer.weight_decay and getattr(optimizer, "_exclude_from_weight_decay", None):
        raise CaptureError("parameters without weight decay cannot be said; decay all or none")
    step = int(keras.ops.convert_to_numpy(optimizer.iterations)) + 1
    first, second = float(optimizer.beta_1), float(optimizer.beta_2)
    exact = math.sqrt(1 - second**step) / (1 - first**step)
    settings: dict[str, Attribute] = {
        "lr": _rounded_alpha(rate, first, second, step) / exact,
        "betas": [first, second],
        "eps": float(optimizer.epsilon) / math.sqrt(1 - second**step),
        "amsgrad": bool(optimizer.amsgrad),
        "x_learning_rate": rate,
        "x_epsilon": float(optimizer.epsilon),
    }
    slots: Slots = {"exp_avg": ("_momentums", _same), "exp_avg_sq": ("_velocities", _same)}
    if optimizer.amsgrad:
        slots["max_exp_avg_sq"] = ("_velocity_hats", _same)
    decay = float(optimizer.weight_decay or 0.0)
    alone = "Keras adds epsilon before it corrects the moments, so that eps differs in each step"
    if not decay:
        return Rule("Adam", settings, slots, alone)
    # The decay is lr · weight_decay, of the rate as it was given.
    settings["weight_decay"] = decay * rate / float(settings["lr"])  # type: ignore[arg-type]
    return Rule("AdamW", settings, slots, alone)


def _rounded_alpha(rate: float, first: float, second: float, step: int) -> float:
    """Compute α as `keras.optimizers.Adam.update_step` does, with its roundings."""
    ops = keras.ops
    lr, count = ops.cast(rate, "float32"), ops.cast(step, "float32")
    power_1 = ops.power(ops.cast(first, "float32"), count)
    power_2 = ops.power(ops.cast(second, "float32"), count)
    return float(ops.convert_to_numpy(lr * ops.sqrt(1 - power_2) / (1 - power_1)))


def _rmsprop(optimizer: Any, rate: float) -> Rule:
    """Keras: m ← μ m + lr g / √(v + ε), p ← p − m."""
    epsilon, rho = float(optimizer.epsilon), float(optimizer.rho)
    settings: dict[str, Attribute] = {
        "lr": rate,
        "alpha": rho,
        "eps": 0.0,
        "centered": bool(optimizer.centered),
        "momentum": float(optimizer.momentum),
        "x_epsilon_inside_root": epsilon,
    }
    slots: Slots = {"square_avg": ("_velocities", _inside(epsilon, rho))}
    if optimizer.momentum:
        slots["momentum_buffer"] = ("_momentums", _divided(rate))
    if optimizer.centered:
        slots["grad_avg"] = ("_average_gradients", _same)
    alone = "Keras adds epsilon inside the root, which has another place in the format's state in "
    return Rule("RMSprop", settings, slots, f"{alone}each step: use epsilon=0" if epsilon else "")


def _adagrad(optimizer: Any, rate: float) -> Rule:
    """Keras: p ← p − lr g / √(s + ε). The format's sum is s + ε, in this and all later steps."""
    epsilon = float(optimizer.epsilon)
    settings: dict[str, Attribute] = {
        "lr": rate,
        "eps": 0.0,
        "initial_accumulator_value": float(optimizer.initial_accumulator_value) + epsilon,
        "x_epsilon_inside_root": epsilon,
    }
    return Rule("Adagrad", settings, {"sum": ("_accumulators", _inside(epsilon, 1.0))})


_RULES: dict[type[Any], Callable[[Any, float], Rule]] = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.Adagrad: _adagrad,
}
"""By the exact class."""


def _slots(rule: Rule, optimizer: Any, index: int, *, after: bool) -> dict[str, Numbers]:
    """Read the slots of one parameter as the format names them."""
    return {
        name: convert(numbers_of(getattr(optimizer, attribute)[index].value).copy(), after)
        for name, (attribute, convert) in rule.slots.items()
    }


def add_update(recorded: RecordedStep, holders: Holders) -> Update:
    """Write a step into the layers, each parameter once, and give what is left for the case."""
    update = Update(recorded.rule.kind, dict(recorded.rule.settings), recorded.taken)
    for key, after in recorded.after.items():
        if key not in holders:
            raise CaptureError("the optimizer moves a parameter that no layer of the network shows")
        layer, name, weight = holders[key][0]
        if len({id(x.parameters[n]) for x, n, _ in holders[key]}) > 1:
            forms = ", ".join(f"{x.name}/{n}" for x, n, _ in holders[key])
            raise CaptureError(
                f"a parameter is used in forms that the file holds apart ({forms}), and none of "
                "them has its whole gradient: a step cannot be written"
            )
        layer.reference.updated_parameters[name] = weight.written(after)
        place: ParameterName = (layer.name, name)
        for states, written in (
            (recorded.state, update.state),
            (recorded.state_after, update.reference_state),
        ):
            if states.get(key):
                written[place] = _written(states[key], weight)
    return update


def _written(slots: Mapping[str, Numbers], weight: Weight) -> dict[str, Array]:
    return {name: weight.written(values) for name, values in slots.items()}
