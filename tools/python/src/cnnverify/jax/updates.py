"""One step of an optax optimiser as an update of the format, and the proof that it is one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ..errors import CaptureError
from ..format import Array, Layer, ParameterName, Update
from ..update_rules import CLOSE, Movement
from .arrays import same_bits
from .execution import wide_array
from .forms import as_held
from .graph import Value, is_floating
from .names import parameter_name
from .optax_blocks import blocks_of
from .optax_parts import Rule
from .optax_rules import rule_of
from .plan import Held

Holders = Mapping[int, list[tuple[Layer, str, Held]]]
"""By the `id` of a parameter: the layers that hold it, and in which form."""

EXACT = 1e-9
"""How far the rule may be from optax in float64, of the largest movement."""


@dataclass(eq=False)
class Step:
    """A step that was made; leaves of trees in the order of the parameters."""

    rule: Rule
    taken: int
    before: list[Any]
    after: list[Any]
    parameters: Any
    """The parameters afterwards, as a tree."""
    state: Any
    """The state afterwards."""
    problems: list[str]


class Stepper:
    """An optimiser of optax with its state: a transformation, or what holds both.

    `flax.nnx.Optimizer` and `flax.training.train_state.TrainState` hold both.
    """

    def __init__(self, optimizer: Any, params: Any, state: Any = None) -> None:
        held = getattr(optimizer, "tx", None)
        self.transformation = optimizer if held is None else held
        if not hasattr(self.transformation, "update") or not hasattr(self.transformation, "init"):
            raise CaptureError(
                f"{type(optimizer).__name__} is no optimizer: give a transformation of optax, an "
                "nnx.Optimizer or a TrainState"
            )
        self.parameters = _pure(params)
        self.steps: int | None = None
        if held is None:
            self.state = self.transformation.init(self.parameters) if state is None else state
        elif state is not None:
            raise CaptureError(f"{type(optimizer).__name__} has a state: leave out the other one")
        else:
            _check_choice(optimizer)
            self.state = _pure(optimizer.opt_state)
            self.steps = int(np.asarray(_pure(optimizer.step)))

    def step(self, gradients: Any) -> Step:
        """Make one step, and find out what it was."""
        with jax.disable_jit():
            parameters, state = _applied(
                self.transformation, gradients, self.state, self.parameters
            )
        rule = rule_of(list(blocks_of(self.transformation.update, self.state, state)))
        leaves = [jax.tree_util.tree_leaves(t) for t in (self.parameters, gradients, parameters)]
        taken = next((n for n in (rule.taken, self.steps) if n is not None), None)
        made = Step(
            rule,
            self._guessed() if taken is None else taken,
            leaves[0],
            leaves[2],
            parameters,
            state,
            self._problems(gradients),
        )
        made.problems += _differences(rule, made.taken, *leaves, tolerance=CLOSE)
        return made

    def go_on(self, made: Step) -> None:
        """Take a step's results for the next one."""
        self.parameters, self.state = made.parameters, made.state
        self.steps = made.taken + 1

    def _guessed(self) -> int:
        """Where nobody counts: 0 for the state that an optimiser begins with, otherwise 1."""
        fresh = jax.tree_util.tree_leaves(self.transformation.init(self.parameters))
        return int(not all(map(same_bits, fresh, jax.tree_util.tree_leaves(self.state))))

    def _problems(self, gradients: Any) -> list[str]:
        """Repeat the step in float64: optax and the rule must agree but for rounding."""
        with jax.enable_x64(True):
            given, state, before = (
                jax.tree_util.tree_map(wide_array, tree)
                for tree in (gradients, self.state, self.parameters)
            )
            after, state_after = _applied(self.transformation, given, state, before)
            rule = rule_of(list(blocks_of(self.transformation.update, state, state_after)))
        leaves = [jax.tree_util.tree_leaves(tree) for tree in (before, given, after)]
        taken = rule.taken if rule.taken is not None else 0
        return _differences(rule, taken, *leaves, tolerance=EXACT)


def _pure(tree: Any) -> Any:
    """Take the arrays out of the variables of flax.nnx; other trees stay."""
    nnx = sys.modules.get("flax.nnx")
    return tree if nnx is None else nnx.as_pure(tree)


def _check_choice(optimizer: Any) -> None:
    choice = getattr(optimizer, "wrt", None)
    if choice is not None and getattr(choice, "__name__", "") != "Param":
        raise CaptureError(
            f"nnx.Optimizer with wrt={choice}: the captured parameters are nnx.Param; make it so"
        )


def _applied(transformation: Any, gradients: Any, state: Any, params: Any) -> tuple[Any, Any]:
    import optax

    updates, after = transformation.update(gradients, state, params)
    return optax.apply_updates(params, updates), after


def _differences(
    rule: Rule,
    taken: int,
    before: Sequence[Any],
    gradients: Sequence[Any],
    after: Sequence[Any],
    *,
    tolerance: float,
) -> list[str]:
    """Compute the step by the format's rule, and say where optax comes to something else."""
    slots, slots_after = (_slots(rule, len(before), after=flag) for flag in (False, True))
    problems: list[str] = []
    for number, (p, g, found) in enumerate(zip(before, gradients, after, strict=True)):
        if is_floating(p):
            moved = Movement(p, found, g, slots[number], slots_after[number])
            problems += moved.problems(rule.kind, rule.settings, taken, tolerance)
    return problems


def _slots(rule: Rule, count: int, *, after: bool) -> list[dict[str, Any]]:
    """Give the slots of every parameter, in their order."""
    states: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, slot in rule.slots.items():
        leaves = jax.tree_util.tree_leaves(slot.after if after else slot.before)
        if len(leaves) != count:
            raise CaptureError(
                f"the optimizer's state has {len(leaves)} tensors for {count} parameters; make it "
                "from the captured parameters"
            )
        for state, leaf in zip(states, leaves, strict=True):
            state[name] = slot.written(leaf, after=after)
    return states


def add_update(made: Step, values: Sequence[Value], holders: Holders) -> Update:
    """Write a step into the layers, each parameter once, and give what is left for the case.

    `values` are the parameters of the program in the order of the step's leaves.
    """
    update = Update(made.rule.kind, dict(made.rule.settings), made.taken)
    states = [_slots(made.rule, len(values), after=flag) for flag in (False, True)]
    for number, value in enumerate(values):
        after, held = made.after[number], holders.get(id(value), [])
        if not same_bits(value.data, made.before[number]):
            raise CaptureError(
                f"the optimizer's parameters are not those captured, in {parameter_name(value)}"
            )
        if not held:
            if not same_bits(after, value.data):
                raise CaptureError(
                    f"the optimizer moves {parameter_name(value)}, which no layer of the network "
                    "shows; take it out of the parameters"
                )
            continue
        layer, name, form = the_holder(value, held)
        layer.reference.updated_parameters[name] = as_held(after, form)
        place: ParameterName = (layer.name, name)
        for state, written in zip(states, (update.state, update.reference_state), strict=True):
            if state[number]:
                written[place] = _written(state[number], form, value)
    return update


def the_holder(value: Value, held: list[tuple[Layer, str, Held]]) -> tuple[Layer, str, Held]:
    """Give the first layer that holds a parameter; all of them must hold the same array."""
    if len({id(layer.parameters[name]) for layer, name, _ in held}) > 1:
        forms = ", ".join(f"{layer.name}/{name}" for layer, name, _ in held)
        raise CaptureError(
            f"{parameter_name(value)} is used in forms that the file holds apart ({forms}), and "
            "none of them has its whole gradient: a step cannot be written"
        )
    return held[0]


def _written(slots: Mapping[str, Any], form: Held, value: Value) -> dict[str, Array]:
    written = {}
    for name, values in slots.items():
        if values.dtype not in (np.float64, value.data.dtype):
            raise CaptureError(
                f"the optimizer keeps {name} as {values.dtype}, which a step of a parameter of "
                f"{value.data.dtype} cannot say"
            )
        written[name] = as_held(values, form)
    return written
