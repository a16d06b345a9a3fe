"""Equations that only move elements, and sums and means over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Node, Value
from .operation import Operation
from .plan import Operand, Plan, Slice, Unmatched
from .search import closed, needed_consumers


def match_reshape(node: Node) -> Operation:
    """Express a reshape; one that keeps the batch and makes the rest one axis is `Flatten`."""
    if node.params.get("dimensions") is not None:
        raise Unmatched("it reorders axes too")
    before, after = node.inputs[0].shape, node.output.shape
    plan = Plan("Reshape", [Operand(0)], {"shape": list(after)})
    if len(after) == 2 and len(before) > 2 and before[0] == after[0]:
        plan = Plan("Flatten", [Operand(0)])
    return _single(node, plan)


def match_spread(node: Node) -> Operation:
    """Express `broadcast_in_dim` where it only adds axes of length 1."""
    if node.inputs[0].aval.size != node.output.aval.size:
        raise Unmatched("it repeats elements for several users")
    shape: dict[str, Any] = {"shape": list(node.output.shape)}
    return _single(node, Plan("Reshape", [Operand(0)], shape))


def match_transpose(node: Node) -> Operation:
    """Express another order of axes."""
    return _single(node, Plan("Permute", [Operand(0)], {"dims": list(node.params["permutation"])}))


def match_squeeze(node: Node) -> Operation:
    """Express the removal of axes of length 1."""
    return _single(node, Plan("Reshape", [Operand(0)], {"shape": list(node.output.shape)}))


def match_concatenation(node: Node) -> Operation:
    """Express a concatenation along one axis."""
    operands = [Operand(k) for k in range(len(node.inputs))]
    dim: dict[str, Any] = {"dim": node.params["dimension"]}
    plan = Plan("Concat", operands, dim, follows=True, axis_attributes=("dim",))
    return Operation([node], list(node.inputs), [node.output], plan)


def match_split(node: Node) -> Operation:
    """Express a split into pieces along one axis."""
    attributes = {
        "split_sizes": [int(size) for size in node.params["sizes"]],
        "dim": node.params["axis"],
    }
    plan = Plan("Split", [Operand(0)], attributes, follows=True, axis_attributes=("dim",))
    return Operation([node], [node.inputs[0]], list(node.outputs), plan)


def match_slice(node: Node) -> Operation:
    """Express a slice along one axis."""
    source = node.inputs[0]
    starts, stops = node.params["start_indices"], node.params["limit_indices"]
    steps = node.params["strides"] or (1,) * source.rank
    changed = [
        a for a, n in enumerate(source.shape) if (starts[a], stops[a], steps[a]) != (0, n, 1)
    ]
    first = [Slice(a, starts[a], stops[a], steps[a]) for a in changed[:-1]]
    axis = changed[-1] if changed else 0
    attributes: dict[str, Any] = {
        "dim": axis,
        "start": starts[axis],
        "stop": stops[axis],
        "step": steps[axis],
    }
    if first:
        return _single(node, Plan("Slice", [Operand(0, moves=tuple(first))], attributes))
    plan = Plan("Slice", [Operand(0)], attributes, follows=True, axis_attributes=("dim",))
    return _single(node, plan)


def match_pad(node: Node) -> Operation:
    """Express padding with one number around the last axes."""
    source, filling = node.inputs
    number = filling.uniform()
    widths = [tuple(w) for w in node.params["padding_config"]]
    if number is None or any(inner for _, _, inner in widths):
        raise Unmatched("it pads between elements, or with a tensor")
    if any(min(begin, end) < 0 for begin, end, _ in widths):
        raise Unmatched("it pads by less than nothing")
    padded = [a for a, (begin, end, _) in enumerate(widths) if begin or end]
    rank = source.rank
    if not 3 <= rank <= 5:
        raise Unmatched(f"it pads a tensor of {rank} axes")
    if all(0 < a < rank - 1 for a in padded):
        spatial, axes = range(1, rank - 1), "N" + {3: "L", 4: "HW", 5: "DHW"}[rank] + "C"
    elif all(a > 1 for a in padded):
        spatial, axes = range(2, rank), ""
    else:
        raise Unmatched("it pads batch or channels")
    # torch's order: the last axis first.
    numbers = [n for a in reversed(spatial) for n in widths[a][:2]]
    plan = Plan(
        f"ConstantPad{rank - 2}d",
        [Operand(0, axes=axes or None)],
        {"padding": numbers, "value": number},
        axes=axes or None,
    )
    return Operation([node], list(node.inputs), [node.output], plan)


def match_sum(node: Node) -> Operation:
    """Express a sum over axes, or a mean where it is divided by their number."""
    source = node.inputs[0]
    dims = list(node.params["axes"])
    attributes: dict[str, Any] = {"dims": dims, "keepdim": False}
    nodes, output = [node], node.output
    ways = needed_consumers(node.output)
    kept = _kept(node, ways)
    if kept is not None:
        # JAX writes keepdims as a sum and a reshape behind it.
        nodes.append(kept)
        output = kept.output
        attributes["keepdim"] = True
        ways = needed_consumers(output)
    count = int(np.prod([source.shape[a] for a in dims]))
    kind = "Sum"
    if (
        len(ways) == 1
        and _divides(ways[0], output, count)
        and closed([*nodes, ways[0]], [ways[0].output])
    ):
        kind = "Mean"
        nodes.append(ways[0])
        output = ways[0].output
    plan = Plan(kind, [Operand(0)], attributes, follows=True, axis_attributes=("dims",))
    return Operation(nodes, [source], [output], plan)


def _kept(node: Node, ways: list[Node]) -> Node | None:
    if len(ways) != 1 or ways[0].name not in ("broadcast_in_dim", "reshape"):
        return None
    wanted = [1 if a in node.params["axes"] else n for a, n in enumerate(node.inputs[0].shape)]
    return ways[0] if list(ways[0].output.shape) == wanted else None


def _divides(node: Node, value: Value, count: int) -> bool:
    if node.name == "div" and node.inputs[0] is value:
        return node.inputs[1].uniform() == count
    if node.name == "mul":
        number = next((n for v in node.inputs if (n := v.uniform()) is not None), None)
        return number is not None and bool(np.float32(number) == np.float32(1 / count))
    return False


def match_same(node: Node) -> Operation:
    """Express what only hands its input on."""
    return _single(node, Plan("Identity", [Operand(0)], follows=True))


def _single(node: Node, plan: Plan) -> Operation:
    return Operation([node], list(node.inputs), list(node.outputs), plan)
