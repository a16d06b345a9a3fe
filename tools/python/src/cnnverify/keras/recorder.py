"""Runs a model with a zero added to every edge and output, and differentiates by the zeros.

The gradient of the loss with respect to such a zero is the gradient of the edge, or of the output.
A dry run finds out how many there are and of which shapes; the second run is the recorded one. No
variable of the model changes: all of them are read from, and written to, `keras.StatelessScope`s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ..errors import CaptureError
from .engines import Engine, Tensor
from .graph import Graphs
from .tape import (
    Edge,
    EdgeMark,
    NetworkInput,
    Output,
    Producer,
    Step,
    Tape,
    VariableUse,
    is_floating,
)


class Supply:
    """Hands out the zeros and the values of parameters that the loss is differentiated by."""

    def __init__(self, given: list[Tensor] | None = None) -> None:
        self.given = given
        self.made: list[Tensor] = []

    def next(self, initial: Tensor) -> tuple[int, Tensor]:
        """Give the next leaf: in the dry run a new one."""
        number = len(self.made)
        leaf = initial if self.given is None else self.given[number]
        self.made.append(leaf)
        return number, leaf


class Pass:
    """One run through the graph."""

    def __init__(
        self, engine: Engine, supply: Supply, training: bool, state: dict[int, Tensor]
    ) -> None:
        self.engine = engine
        self.supply = supply
        self.training = training
        self.tape = Tape(state=state)
        self.state = dict(state)
        """Of the variables that have changed, by `id`."""
        self.known: dict[int, tuple[Tensor, Producer]] = {}
        self.leaves: list[tuple[Any, int]] = []
        """Which edge, output or variable each leaf belongs to."""

    def input(self, name: str, value: Tensor, *, differentiable: bool = True) -> Tensor:
        """Note a tensor that the caller gave."""
        given = NetworkInput(name, value, differentiable)
        self.tape.inputs.append(given)
        self.known[id(value)] = (value, given)
        return value

    def apply(
        self,
        operation: Callable[..., Any],
        path: str,
        source: str | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run one operation and note all that goes through it."""
        step = Step(
            index=len(self.tape.steps),
            operation=operation,
            path=path,
            label=type(operation).__name__,
            arguments=[],
            structure=(args, kwargs),
            edges=[],
            variables=[],
            random_state=self.engine.random_state(),
            training=self.training,
            source=source,
        )
        tensors = self._read(step)
        scope = self._scope(step)
        with scope:
            result = step.call(operation, tensors)
        for use in step.variables:
            use.after = scope.state_mapping[id(use.variable)]
        own = {id(u.variable) for u in step.variables if u.trainable}
        self.state.update({k: v for k, v in scope.state_mapping.items() if k not in own})
        self.tape.steps.append(step)
        return self._made(step, result)

    def _read(self, step: Step) -> list[Tensor]:
        tensors: list[Tensor] = []
        for leaf in keras.tree.flatten(step.structure):
            variable = leaf if isinstance(leaf, keras.Variable) else None
            value = self._value(variable) if variable is not None else leaf
            if isinstance(value, np.ndarray):
                value = keras.ops.convert_to_tensor(value)
            if not self.engine.is_tensor(value):
                step.arguments.append(leaf)
                continue
            if getattr(leaf, "_keras_mask", None) is not None:
                raise CaptureError(
                    f"{step.where} gets a mask with its input, which the format cannot express: "
                    "take mask_zero and Masking out of the model"
                )
            number = len(step.edges)
            step.arguments.append(EdgeMark(number))
            producer: Producer
            if variable is None:
                producer = self.known.get(id(leaf), (None, None))[1]
            else:
                producer = VariableUse(variable, variable.name, bool(variable.trainable), value)
            edge = Edge(value, producer)
            step.edges.append(edge)
            fixed = isinstance(producer, NetworkInput) and not producer.differentiable
            if is_floating(value) and not fixed:
                edge.value = value = self._perturbed(edge, value)
            tensors.append(value)
        return tensors

    def _scope(self, step: Step) -> keras.StatelessScope:
        """Give a scope in which the operation's parameters are leaves of their own."""
        scope = keras.StatelessScope()
        scope.state_mapping.update(self.state)
        for variable in getattr(step.operation, "variables", []):
            name = _local_name(variable, step)
            value = self._value(variable)
            trainable = any(variable is v for v in step.operation.trainable_variables)  # type: ignore[attr-defined]
            use = VariableUse(variable, name, trainable, value)
            if trainable:
                number, use.value = self.supply.next(use.value)
                self.leaves.append((use, number))
            scope.state_mapping[id(variable)] = use.value
            step.variables.append(use)
        step.state = dict(scope.state_mapping)
        return scope

    def _made(self, step: Step, result: Any) -> Any:
        leaves = keras.tree.flatten(result)
        fresh = []
        for number, value in enumerate(leaves):
            if getattr(value, "_keras_mask", None) is not None:
                raise CaptureError(
                    f"{step.where} makes a mask, which the format cannot express: take mask_zero "
                    "and Masking out of the model"
                )
            output = Output(step, number, value)
            if is_floating(value):
                output.value = self._perturbed(output, value)
            elif id(value) in self.known:
                output.value = keras.ops.copy(value)
            step.outputs.append(output)
            self.known[id(output.value)] = (output.value, output)
            fresh.append(output.value)
        return keras.tree.pack_sequence_as(result, fresh)

    def _perturbed(self, owner: Edge | Output, value: Tensor) -> Tensor:
        number, zero = self.supply.next(keras.ops.zeros(value.shape, value.dtype))
        self.leaves.append((owner, number))
        return value + zero

    def _value(self, variable: Any) -> Tensor:
        value = self.state.get(id(variable))
        if value is not None:
            return value
        if self.engine.is_tensor(variable.value):
            return variable.value
        # On TensorFlow the value of a variable is a variable too.
        return keras.ops.convert_to_tensor(keras.ops.convert_to_numpy(variable.value))

    def everything(self) -> list[Any]:
        """Give all tensors of the tape, for an engine that traces; `settle` puts them back."""
        return [
            (
                [e.value for e in s.edges],
                [o.value for o in s.outputs],
                [(u.value, u.after) for u in s.variables],
                s.state,
            )
            for s in self.tape.steps
        ]

    def settle(self, values: list[Any], gradients: list[Tensor | None], ends: list[Output]) -> None:
        """Replace what was traced by what was computed, and give everything its gradient."""
        for step, (edges, outputs, variables, state) in zip(self.tape.steps, values, strict=True):
            for edge, value in zip(step.edges, edges, strict=True):
                edge.value = value
            for output, value in zip(step.outputs, outputs, strict=True):
                output.value = value
            for use, (value, after) in zip(step.variables, variables, strict=True):
                use.value, use.after = value, after
            step.state = state
        for owner, number in self.leaves:
            owner.gradient = gradients[number]
        live = _reached(self.tape, ends)
        for step in self.tape.steps:
            for output in step.outputs:
                if id(output) not in live:
                    output.gradient = None
            if not any(id(o) in live for o in step.outputs):
                for edge in step.edges:
                    edge.gradient = None
                for use in step.variables:
                    use.gradient = None


def _reached(tape: Tape, ends: list[Output]) -> set[int]:
    """Give the outputs that reach the ends; nobody knows a gradient of the others."""
    live = {id(end) for end in ends}
    for step in reversed(tape.steps):
        if any(id(o) in live for o in step.outputs):
            live |= {id(e.producer) for e in step.edges if isinstance(e.producer, Output)}
    return live


def _local_name(variable: Any, step: Step) -> str:
    """Name a variable within its layer; a layer may hold several of one name."""
    name = str(variable.name)
    if any(use.name == name for use in step.variables):
        name = str(variable.path).replace("/", ".")
    return name


def record(
    engine: Engine,
    run: Callable[[Pass, Graphs], list[Output]],
    training: bool,
    *,
    state: dict[int, Tensor] | None = None,
    upstream: Callable[[list[Output]], list[Tensor | None]] | None = None,
) -> Tape:
    """Record a run: `run` goes through the model with a pass and gives the outputs at its ends.

    Without `upstream`, which gives the gradients that arrive there, the only one is the objective.
    `state` are the variables, by `id`, that do not begin as they are in the model.
    """
    graphs = Graphs(training)
    random = engine.random_state()
    with engine.restored_random(random):
        dry = Pass(engine, Supply(), training, state or {})
        ends = run(dry, graphs)
    given = upstream(ends) if upstream is not None else []
    recorded: list[tuple[Pass, list[Output]]] = []

    def function(leaves: list[Tensor]) -> tuple[list[Tensor], Any]:
        again = Pass(engine, Supply(leaves), training, state or {})
        recorded.append((again, run(again, graphs)))
        return [o.value for o in recorded[-1][1]], again.everything()

    with engine.restored_random(random):
        _, gradients, values = engine.differentiate(function, dry.supply.made, given)
    last, ends = recorded[-1]
    last.settle(values, gradients, ends)
    last.tape.random_state = random
    if upstream is None:
        (last.tape.loss,) = ends
    return last.tape
