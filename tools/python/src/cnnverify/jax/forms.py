"""The forms of tensors between JAX and the file: axes counted, moved, converted, and moved back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..format import Arranged, Array, Attribute, Layer, Reference
from .arrays import plain, to_array
from .graph import Value
from .layout import between, canonical_axis, to_canonical
from .operation import Operation
from .plan import Held, Move, Negate, Permute, Plan, Reshape, Slice


def keeps_order(operation: Operation, plan: Plan, axes: str | None, rank: int) -> bool:
    """Whether what a reduction leaves is in canonical order in either view."""
    if axes is None or "dims" not in plan.attributes or plan.attributes.get("keepdim"):
        return True
    left = [a for a in range(rank) if a not in _listed(plan.attributes["dims"])]
    return [a for a in to_canonical(axes, rank) if a in left] == left


def _listed(value: Attribute) -> list[int]:
    return [int(v) for v in value] if not isinstance(value, bool | int | float | str) else []


def counted_axes(operation: Operation, plan: Plan, axes: str | None) -> dict[str, Attribute]:
    """Count axes as the file does."""
    attributes = dict(plan.attributes)
    rank = operation.slots[plan.operands[0].slot or 0].rank
    for name in plan.axis_attributes:
        value = attributes.get(name)
        if isinstance(value, int):
            attributes[name] = canonical_axis(axes, rank, value)
        elif value is not None:
            attributes[name] = sorted(canonical_axis(axes, rank, a) for a in _listed(value))
    return attributes


def moves_between(
    value: Value, held: str | None, moves: tuple[Move, ...], axes: str | None
) -> list[Move]:
    """Give what lies between a tensor's canonical form and what the layer reads."""
    if not moves:
        order = between(held, axes if fits(axes, value.rank) else None, value.rank)
        return [] if order is None else [Permute(order)]
    raw = between(held, None, value.rank)
    steps: list[Move] = ([] if raw is None else [Permute(raw)]) + list(moves)
    shape = np.empty(value.shape, np.int8)
    for move in moves:
        shape = move.apply(shape)
    last = between(None, axes if fits(axes, shape.ndim) else None, shape.ndim)
    if last is None:
        return steps
    turned = tuple(shape.shape[a] for a in last)
    if isinstance(steps[-1], Reshape) and sum(n > 1 for n in turned) <= 1:
        return [*steps[:-1], Reshape(steps[-1].before, turned)]
    return [*steps, Permute(last)]


def fits(axes: str | None, rank: int) -> bool:
    """Whether letters name the axes of a tensor of a rank."""
    return axes is not None and len(axes) == rank


def through(moves: Any, array: Any) -> Any:
    """Move an array step by step."""
    for move in moves:
        array = move.apply(np.asarray(array))
    return array


def as_made(array: Any, plan: Plan, axes: str | None) -> Array:
    """Give an output, or its gradient, as the layer itself makes it."""
    for move in reversed(plan.after):
        array = move.undo(np.asarray(array))
    return to_array(array, axes if fits(axes, np.ndim(array)) else None)


def as_held(array: Any, held: Held) -> Array:
    """Give a parameter, or its gradient, as a layer holds it."""
    if held.convert is not None:
        return plain(held.convert(np.asarray(array)))
    return to_array(array, held.axes)


def moving_layer(name: str, move: Move, source: str) -> Layer:
    """Make a layer that only moves elements."""
    attributes: dict[str, Attribute] = {}
    if isinstance(move, Permute):
        attributes["dims"] = list(move.dims)
    elif isinstance(move, Reshape):
        attributes["shape"] = list(move.shape)
    elif isinstance(move, Slice):
        attributes = {"dim": move.dim, "start": move.start, "stop": move.stop, "step": move.step}
    kind = "Neg" if isinstance(move, Negate) else type(move).__name__
    return Layer(name, kind, attributes=attributes, inputs=[source])


def moving_reference(output: Any, grad_output: Any, grad_input: Any) -> Reference:
    """Give what a layer that only moves elements computed."""
    reference = Reference(outputs={0: plain(output)})
    if grad_output is not None:
        reference.grad_outputs[0] = plain(grad_output)
        reference.grad_inputs[0] = plain(grad_input)
    return reference


def widened(array: Array) -> Array:
    """Cast a tensor to float64 exactly."""
    if isinstance(array, Arranged):
        values = widened(array.values)
        return Arranged(values if not isinstance(values, Arranged) else values.values, array.axes)
    return np.asarray(array, np.float64) if isinstance(array, np.ndarray) else array


def equal(data: Any, labels: Any) -> bool:
    """Whether a tensor holds exactly these numbers."""
    return bool(np.array_equal(np.asarray(data), labels))
