"""Convolutions, plain and transposed, with the bias that is added to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..format import Attribute
from .graph import Node, Value
from .layout import SPATIAL, named_axes
from .operation import Operation
from .plan import Held, Operand, Plan, Unmatched
from .search import Seen, closed, needed_consumers, seen_leaf


def match_convolution(node: Node) -> Operation:
    """Express a convolution, and the addition behind it where it adds one number a channel."""
    numbers = node.params["dimension_numbers"]
    source, kernel = node.inputs
    weight = seen_leaf(kernel)
    if weight is None:
        raise Unmatched("its kernel is computed by other operations")
    if node.params["batch_group_count"] != 1:
        raise Unmatched("it groups the batch")
    dimensions = len(numbers.lhs_spec) - 2
    if dimensions not in (1, 2, 3):
        raise Unmatched(f"it has {dimensions} spatial axes")
    transposed = any(d != 1 for d in node.params["lhs_dilation"])
    plan = Plan(
        f"ConvTranspose{dimensions}d" if transposed else f"Conv{dimensions}d",
        [Operand(0, axes=named_axes(numbers.lhs_spec))],
        attributes=_transposed(node) if transposed else _attributes(node),
        axes=named_axes(numbers.out_spec),
    )
    plan.parameters["weight"] = _weight(node, weight, transposed)
    nodes = [node, *weight.nodes]
    slots = [source, weight.leaf]
    output = node.output
    bias = added_vector(node, numbers.out_spec[1])
    if bias is not None:
        addition, vector = bias
        if closed([*nodes, addition, *vector.nodes], [addition.output]):
            nodes += [addition, *vector.nodes]
            slots.append(vector.leaf)
            plan.parameters["bias"] = held_vector(2, vector)
            output = addition.output
    return Operation(nodes, slots, [output], plan)


def _attributes(node: Node) -> dict[str, Attribute]:
    before, after = zip(*node.params["padding"], strict=True)
    if min(*before, *after) < 0:
        raise Unmatched("its padding is negative")
    return {
        "stride": list(node.params["window_strides"]),
        "padding": list(before) if before == after else [*before, *after],
        "dilation": list(node.params["rhs_dilation"]),
        "groups": node.params["feature_group_count"],
    }


def _transposed(node: Node) -> dict[str, Attribute]:
    """A convolution over an input spread out by zeros, as what crops a transposed convolution.

    Without padding a transposed convolution is the convolution with `d (k - 1)` zeros at each end
    of the spread input; what JAX puts there instead is what is not cropped.
    """
    if any(s != 1 for s in node.params["window_strides"]):
        raise Unmatched("it has a stride and spreads its input")
    spec = node.params["dimension_numbers"].rhs_spec
    kernel = [node.inputs[1].shape[axis] for axis in spec[2:]]
    dilation = list(node.params["rhs_dilation"])
    reach = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    before, after = zip(*node.params["padding"], strict=True)
    begin = [r - p for r, p in zip(reach, before, strict=True)]
    end = [r - p for r, p in zip(reach, after, strict=True)]
    attributes: dict[str, Attribute] = {
        "stride": list(node.params["lhs_dilation"]),
        "dilation": dilation,
        "groups": node.params["feature_group_count"],
    }
    if min(begin) < 0:
        raise Unmatched("its padding at the beginning is wider than the kernel")
    if min(end) < 0:
        # Longer than without any cropping: torch calls that output padding, at the last end.
        attributes["output_padding"] = [max(0, -e) for e in end]
        end = [max(0, e) for e in end]
    attributes["padding"] = begin if begin == end else [*begin, *end]
    return attributes


def _weight(node: Node, weight: Seen, transposed: bool) -> Held:
    spec = tuple(node.params["dimension_numbers"].rhs_spec)
    groups = node.params["feature_group_count"]
    held = Held(1)
    spatial = SPATIAL[len(spec) - 2]
    pure = all(view.name == "transpose" for view in weight.nodes)
    if pure and not transposed:
        order = list(range(len(spec)))
        for view in reversed(weight.nodes):
            order = [order[axis] for axis in view.params["permutation"]]
        held.axes = named_axes([order[axis] for axis in spec], "OI")
        return held
    if transposed and _flips_all(weight, spec) and groups == 1:
        return _unflipped(held, weight, spec)
    names = [*(f"{view.name} {_how(view)}" for view in reversed(weight.nodes))]

    def convert(array: Any) -> Any:
        canonical = np.transpose(weight.moved(np.asarray(array)), spec)
        if not transposed:
            return canonical
        # O (I/g) k of the convolution is I (O/g) k of the transposed one, rotated by 180 degrees.
        spun = np.flip(canonical, tuple(range(2, canonical.ndim)))
        outputs, inputs = spun.shape[:2]
        split = spun.reshape(groups, outputs // groups, inputs, *spun.shape[2:])
        return np.swapaxes(split, 1, 2).reshape(groups * inputs, outputs // groups, *spun.shape[2:])

    held.convert = convert
    turned = [f"axes {list(spec)} to {'IO' if transposed else 'OI'}{spatial}"]
    held.conversion = "; ".join([*names, *turned, *(["rotated by 180°"] if transposed else [])])
    return held


def _how(view: Node) -> str:
    for name in ("permutation", "dimensions", "new_sizes"):
        if view.params.get(name) is not None:
            return str(list(view.params[name]))
    return ""


def _flips_all(weight: Seen, spec: tuple[int, ...]) -> bool:
    """Whether the program itself rotates the kernel: then its own tensor is canonical."""
    flips = [view for view in weight.nodes if view.name == "rev"]
    if len(flips) != 1 or any(v.name not in ("rev", "transpose") for v in weight.nodes):
        return False
    axes = set(flips[0].params["dimensions"])
    # Transposes after the flip move the flipped axes.
    for view in reversed(weight.nodes[: weight.nodes.index(flips[0])]):
        permutation = view.params["permutation"]
        axes = {permutation.index(axis) for axis in axes}
    return axes == set(spec[2:])


def _unflipped(held: Held, weight: Seen, spec: tuple[int, ...]) -> Held:
    order = list(range(len(spec)))
    for view in reversed(weight.nodes):
        if view.name == "transpose":
            order = [order[axis] for axis in view.params["permutation"]]
    held.axes = named_axes([order[axis] for axis in (spec[1], spec[0], *spec[2:])], "IO")
    return held


def added_vector(node: Node, axis: int) -> tuple[Node, Seen] | None:
    """Find the addition of a vector along one axis behind an equation."""
    consumers = needed_consumers(node.output)
    if len(consumers) != 1 or consumers[0].name != "add":
        return None
    addition = consumers[0]
    others = [v for v in addition.inputs if v is not node.output]
    if len(others) != 1 or addition.output.shape != node.output.shape:
        return None
    value: Value = others[0]
    repeated = None
    if value.node is not None and value.node.name == "broadcast_in_dim" and not value.static:
        # A vector spread over the whole tensor at once.
        given = value.node.inputs[0]
        if value.node.output.aval.size != given.aval.size:
            repeated = value.node
            positions = [
                a
                for a, n in zip(value.node.params["broadcast_dimensions"], given.shape, strict=True)
                if n != 1
            ]
            if positions != [axis]:
                return None
            value = given
    seen = seen_leaf(value)
    if seen is None or (seen.leaf.origin == "constant" and seen.leaf.uniform() is not None):
        return None
    if seen.leaf.aval.size != node.output.shape[axis]:
        return None
    if repeated is None:
        rank = node.output.rank
        if value.rank != rank or value.shape[axis] != seen.leaf.aval.size:
            return None
    else:
        seen.nodes.insert(0, repeated)
    if any(view.name == "rev" for view in seen.nodes):
        return None
    return addition, seen


def held_vector(slot: int, seen: Seen) -> Held:
    """Hold a vector that may be stored with axes of length 1."""
    held = Held(slot)
    if seen.leaf.rank != 1:
        held.convert = lambda array: np.reshape(array, -1)
        held.conversion = "reshaped to a vector"
    return held
