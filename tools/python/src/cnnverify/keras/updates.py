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
from .replay import numbers_of
from .selfcheck import uses_of
from .stages import Weight
from .tape import Tape

Holders = Mapping[int, list[tuple[Layer, str, Weight]]]
Numbers = NDArray[Any]

Slots = dict[str, tuple[str, Callable[[Numbers], Numbers]]]
"""By the name in the format: where Keras' optimiser keeps it, and what makes one of the other."""

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


@dataclass(eq=False)
class RecordedStep:
    """A step that was taken; everything by the `id` of the variable."""

    rule: Rule
    taken: int
    after: dict[int, Numbers]
    state: dict[int, dict[str, Numbers]]
    state_after: dict[int, dict[str, Numbers]]


def step_of(optimizer: Any, model: Any, tape: Tape) -> RecordedStep:
    """Take one step with a copy of the optimiser on copies of the parameters."""
    rule = rule_of(optimizer)
    uses = uses_of(tape)
    variables = [v for v in model.trainable_variables if id(v) in uses]
    if any(v.constraint is not None for v in variables):
        raise CaptureError("a parameter has a constraint, which an update cannot say: remove it")
    # Through NumPy: on PyTorch a variable would share the memory of the tensor it is made from.
    copies = [keras.Variable(numbers_of(v.value).copy(), name=v.name) for v in variables]
    copy = type(optimizer).from_config(optimizer.get_config())
    copy.build(copies)
    if optimizer.built:
        _take_over(optimizer, copy, variables)
    taken = int(keras.ops.convert_to_numpy(copy.iterations))
    before = {id(v): _slots(rule, copy, k) for k, v in enumerate(variables)}
    gradients = []
    for variable in variables:
        parts: list[Any] = [use.gradient for use in uses[id(variable)]]
        gradients.append(sum(parts[1:], parts[0]))
    copy.apply(gradients, copies)
    return RecordedStep(
        rule,
        taken,
        {id(v): numbers_of(c.value) for v, c in zip(variables, copies, strict=True)},
        before if optimizer.built else {},
        {id(v): _slots(rule, copy, k) for k, v in enumerate(variables)},
    )


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


def _same(values: Numbers) -> Numbers:
    return values


def _sgd(optimizer: Any, rate: float) -> Rule:
    """Keras keeps v = −lr · buffer: v ← μ v − lr g, p ← p + v."""
    settings: dict[str, Attribute] = {"lr": rate}
    if not optimizer.momentum:
        return Rule("SGD", settings, {})
    settings |= {"momentum": float(optimizer.momentum), "nesterov": bool(optimizer.nesterov)}

    def buffer(values: Numbers) -> Numbers:
        return (-values.astype(np.float64) / rate).astype(values.dtype)

    return Rule("SGD", settings, {"momentum_buffer": ("momentums", buffer)})


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
    if not decay:
        return Rule("Adam", settings, slots)
    # The decay is lr · weight_decay, of the rate as it was given.
    return Rule("AdamW", {**settings, "weight_decay": decay * rate / float(settings["lr"])}, slots)  # type: ignore[arg-type]


def _rounded_alpha(rate: float, first: float, second: float, step: int) -> float:
    """Compute α as `keras.optimizers.Adam.update_step` does, with its roundings."""
    ops = keras.ops
    lr, count = ops.cast(rate, "float32"), ops.cast(step, "float32")
    power_1 = ops.power(ops.cast(first, "float32"), count)
    power_2 = ops.power(ops.cast(second, "float32"), count)
    return float(ops.convert_to_numpy(lr * ops.sqrt(1 - power_2) / (1 - power_1)))


def _within_the_root(optimizer: Any) -> None:
    if optimizer.epsilon:
        name = type(optimizer).__name__
        raise CaptureError(
            f"{name} with epsilon={optimizer.epsilon}: Keras adds it to the mean square before the "
            "root, the format's rule behind it; make the step with epsilon=0, or export without "
            "optimizer="
        )


def _rmsprop(optimizer: Any, rate: float) -> Rule:
    """With momentum Keras keeps lr · buffer: m ← μ m + lr g / √v, p ← p − m."""
    _within_the_root(optimizer)
    settings: dict[str, Attribute] = {
        "lr": rate,
        "alpha": float(optimizer.rho),
        "eps": 0.0,
        "centered": bool(optimizer.centered),
        "momentum": float(optimizer.momentum),
    }

    def buffer(values: Numbers) -> Numbers:
        return (values.astype(np.float64) / rate).astype(values.dtype)

    slots: Slots = {"square_avg": ("_velocities", _same)}
    if optimizer.momentum:
        slots["momentum_buffer"] = ("_momentums", buffer)
    if optimizer.centered:
        slots["grad_avg"] = ("_average_gradients", _same)
    return Rule("RMSprop", settings, slots)


def _adagrad(optimizer: Any, rate: float) -> Rule:
    _within_the_root(optimizer)
    start = float(optimizer.initial_accumulator_value)
    settings: dict[str, Attribute] = {"lr": rate, "eps": 0.0, "initial_accumulator_value": start}
    return Rule("Adagrad", settings, {"sum": ("_accumulators", _same)})


_RULES: dict[type[Any], Callable[[Any, float], Rule]] = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.Adagrad: _adagrad,
}
"""By the exact class."""


def _slots(rule: Rule, optimizer: Any, index: int) -> dict[str, Numbers]:
    """Read the slots of one parameter as the format names them."""
    return {
        name: convert(numbers_of(getattr(optimizer, attribute)[index].value))
        for name, (attribute, convert) in rule.slots.items()
    }


def add_update(recorded: RecordedStep, holders: Holders) -> Update:
    """Write a step into the layers, each parameter once, and give what is left for the case."""
    update = Update(recorded.rule.kind, dict(recorded.rule.settings), recorded.taken)
    for key, after in recorded.after.items():
        if key not in holders:
            raise CaptureError("the optimizer moves a parameter that no layer of the network shows")
        layer, name, weight = holders[key][0]
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
