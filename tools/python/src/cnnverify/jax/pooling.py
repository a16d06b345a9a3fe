"""Pools: `reduce_window` over the spatial axes, and the division that makes an average of a sum."""

from __future__ import annotations

import math

import numpy as np

from ..format import Attribute
from .graph import Node, Value
from .layout import named_axes
from .operation import Operation
from .plan import Operand, Plan, Unmatched
from .search import closed, needed_consumers


def match_pool(node: Node) -> Operation:
    """Express a window's maximum, sum or average."""
    spec = _axes(node)
    axes = named_axes(spec)
    spatial = spec[2:]
    suffix = f"Pool{len(spatial)}d"

    def along(name: str) -> list[int]:
        return [int(node.params[name][a]) for a in spatial]

    if any(d != 1 for d in node.params["base_dilation"]):
        raise Unmatched("it spreads its input")
    before = [int(node.params["padding"][a][0]) for a in spatial]
    after = [int(node.params["padding"][a][1]) for a in spatial]
    if min(*before, *after) < 0:
        raise Unmatched("its padding is negative")
    attributes: dict[str, Attribute] = {
        "kernel_size": along("window_dimensions"),
        "stride": along("window_strides"),
        "padding": before if before == after else [*before, *after],
    }
    operand = Operand(0, axes=axes)
    if node.name == "reduce_window_max":
        attributes["dilation"] = along("window_dilation")
        plan = Plan(f"Max{suffix}", [operand], attributes, axes=axes)
        return Operation([node], [node.inputs[0]], [node.output], plan)
    if any(d != 1 for d in node.params["window_dilation"]):
        raise Unmatched("it sums over a dilated window")
    average = _average(node, math.prod(node.params["window_dimensions"]))
    if average is None:
        plan = Plan(f"Sum{suffix}", [operand], attributes, axes=axes)
        return Operation([node], [node.inputs[0]], [node.output], plan)
    division, counted = average
    attributes["count_include_pad"] = counted
    plan = Plan(f"Avg{suffix}", [operand], attributes, axes=axes)
    return Operation([node, division], [node.inputs[0]], [division.output], plan)


def _axes(node: Node) -> tuple[int, ...]:
    """Find which axes the window moves over; the other two are batch and channels."""
    window, strides = node.params["window_dimensions"], node.params["window_strides"]
    padding, rank = node.params["padding"], len(window)
    if not 3 <= rank <= 5:
        raise Unmatched(f"it has {rank} axes")
    still = [a for a in range(rank) if window[a] == strides[a] == 1 and tuple(padding[a]) == (0, 0)]
    if 0 in still and rank - 1 in still:
        return (0, rank - 1, *range(1, rank - 1))
    if 0 in still and 1 in still:
        return tuple(range(rank))
    raise Unmatched("its window moves over batch or channels")


def _average(node: Node, size: int) -> tuple[Node, bool] | None:
    """Find the division by the window's size, or by how many of its elements are no padding."""
    consumers = needed_consumers(node.output)
    if len(consumers) != 1 or consumers[0].name not in ("div", "mul"):
        return None
    division = consumers[0]
    others = [v for v in division.inputs if v is not node.output]
    if len(others) != 1 or not others[0].static or not closed([node, division], [division.output]):
        return None
    if division.name == "div" and division.inputs[0] is not node.output:
        return None
    divisor = others[0].uniform()
    if division.name == "mul":
        return (division, True) if divisor is not None and _same(divisor, 1 / size) else None
    if divisor is not None and divisor == size:
        return division, True
    return (division, False) if _counts(node, others[0]) else None


def _same(number: float, wanted: float) -> bool:
    return bool(np.float32(number) == np.float32(wanted))


def _counts(node: Node, divisor: Value) -> bool:
    """Whether a tensor holds, for each window, how many of its elements are inside the image."""
    counts = np.ones((), np.float64)
    for axis, extent in enumerate(node.inputs[0].shape):
        size, stride = node.params["window_dimensions"][axis], node.params["window_strides"][axis]
        before = node.params["padding"][axis][0]
        starts = np.arange(node.output.shape[axis]) * stride - before
        inside = np.minimum(starts + size, extent) - np.maximum(starts, 0)
        counts = np.multiply.outer(counts, inside)
    given = np.asarray(divisor.data, np.float64)
    return given.ndim == counts.ndim and bool(
        np.array_equal(np.broadcast_to(given, counts.shape), counts)
    )
