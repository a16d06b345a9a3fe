"""One operation, or a part of one, again and alone, from what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from .engines import Engine, Tensor
from .tape import Step, is_floating

Run = Callable[[Any, list[Tensor]], Any]
"""Computes outputs from the operation, or its copy in another type, and the tensors fed to it."""


@dataclass(eq=False)
class Replayed:
    """What a replay gave; gradients by position, variables by the `id` of the recorded one."""

    outputs: list[Tensor]
    grad_inputs: dict[int, Tensor] = field(default_factory=dict)
    grad_variables: dict[int, Tensor] = field(default_factory=dict)
    after: dict[int, Tensor] = field(default_factory=dict)


def run_alone(
    engine: Engine,
    step: Step,
    run: Run,
    inputs: Sequence[Tensor],
    upstream: Sequence[Tensor | None],
    *,
    wanted: Sequence[bool],
    operation: Any = None,
    variables: Mapping[int, Any] | None = None,
    wide: bool = False,
) -> Replayed:
    """Run a step, or a stage of one.

    `wanted` says of which inputs to give the gradient. `operation` stands in for the recorded one,
    and `variables` are its own, by the `id` of those recorded.
    """
    operation = step.operation if operation is None else operation
    own = variables or {id(u.variable): u.variable for u in step.variables}
    moved = [u for u in step.variables if u.gradient is not None]
    numbers = [k for k, w in enumerate(wanted) if w]

    def cast(value: Tensor) -> Tensor:
        return keras.ops.cast(value, "float64") if wide and is_floating(value) else value

    def function(leaves: list[Tensor]) -> tuple[list[Tensor], Any]:
        tensors = [cast(x) for x in inputs]
        for number, leaf in zip(numbers, leaves, strict=False):
            tensors[number] = leaf
        scope = keras.StatelessScope()
        if not wide:
            scope.state_mapping.update(step.state)
        for use in step.variables:
            scope.state_mapping[id(own[id(use.variable)])] = cast(use.value)
        for use, leaf in zip(moved, leaves[len(numbers) :], strict=True):
            scope.state_mapping[id(own[id(use.variable)])] = leaf
        with scope:
            outputs = keras.tree.flatten(run(operation, tensors))
        after = [scope.state_mapping[id(own[id(u.variable)])] for u in step.variables]
        floating = [o for o in outputs if is_floating(o)]
        return floating, (outputs, after)

    leaves = [cast(inputs[k]) for k in numbers] + [cast(u.value) for u in moved]
    given = [None if g is None else cast(g) for g in upstream]
    with engine.restored_random(step.random_state):
        _, gradients, (outputs, after) = engine.differentiate(function, leaves, given)
    found = Replayed(list(outputs))
    if any(g is not None for g in given):
        for number, gradient in zip(numbers, gradients, strict=False):
            if gradient is not None:
                found.grad_inputs[number] = gradient
        for use, gradient in zip(moved, gradients[len(numbers) :], strict=True):
            if gradient is not None:
                found.grad_variables[id(use.variable)] = gradient
    found.after = {id(u.variable): v for u, v in zip(step.variables, after, strict=True)}
    return found


def whole(step: Step) -> Run:
    """Run the whole operation."""
    return step.call


def replay(engine: Engine, step: Step) -> Replayed:
    """Run a step again from its recorded inputs, parameters, state and upstream gradients."""
    return run_alone(
        engine,
        step,
        whole(step),
        [e.value for e in step.edges],
        [o.gradient for o in step.outputs if is_floating(o.value)],
        wanted=[e.gradient is not None for e in step.edges],
    )


def numbers_of(value: Tensor) -> NDArray[Any]:
    """Give a tensor's values as an array in row-major order."""
    array = np.asarray(keras.ops.convert_to_numpy(value))
    return np.ascontiguousarray(array).reshape(tuple(value.shape))


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors agree in type, shape and every bit."""
    left, right = numbers_of(a), numbers_of(b)
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and left.tobytes() == right.tobytes()
    )


def distance(a: Tensor, b: Tensor) -> float:
    """Give the largest difference, in units of the largest element."""
    left, right = numbers_of(a).astype(np.float64), numbers_of(b).astype(np.float64)
    if left.shape != right.shape:
        return float("inf")
    if not left.size:
        return 0.0
    largest = max(float(np.abs(left).max()), float(np.abs(right).max()), 1e-30)
    return float(np.abs(left - right).max()) / largest
