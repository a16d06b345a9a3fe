"""Elementwise equations, with numbers and with tensors that are spread over others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Node, Value
from .operation import Operation
from .plan import Move, Operand, Plan, Reshape, Unmatched
from .search import seen_leaf

UNARY = {
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "abs": "Abs",
    "neg": "Neg",
    "tanh": "Tanh",
    "logistic": "Sigmoid",
}
POWERS = {"rsqrt": -0.5, "square": 2.0}
BINARY = {"add": "Add", "add_any": "Add", "sub": "Sub", "mul": "Mul", "div": "Div"}


def match_unary(node: Node) -> Operation:
    """Express a function of single elements."""
    if node.name in POWERS:
        return _elementwise(node, "Power", {"exponent": POWERS[node.name]})
    if node.name == "integer_pow":
        return _elementwise(node, "Power", {"exponent": float(node.params["y"])})
    return _elementwise(node, UNARY[node.name], {})


def _elementwise(node: Node, kind: str, attributes: dict[str, Any]) -> Operation:
    plan = Plan(kind, [Operand(0)], attributes, follows=True)
    return Operation([node], [node.inputs[0]], [node.output], plan)


def match_power(node: Node) -> Operation:
    """Express a power whose exponent is a number."""
    base, exponent = node.inputs
    number = exponent.uniform()
    if number is None or exponent.rank != 0 or not base.active:
        raise Unmatched("its exponent is a tensor")
    plan = Plan("Power", [Operand(0)], {"exponent": number}, follows=True)
    return Operation([node], list(node.inputs), [node.output], plan)


def match_bound(node: Node) -> Operation:
    """Express `max` or `min` with a number.

    JAX halves the gradient where both are equal; the kinds do not. So the operation is of the kind
    only where no element equals the number.
    """
    numbers = [v.uniform() for v in node.inputs]
    position = next((k for k, n in enumerate(numbers) if n is not None), None)
    if position is None:
        raise Unmatched("both of its operands are tensors")
    number, source = numbers[position], node.inputs[1 - position]
    if number is None or source.shape != node.output.shape:
        raise Unmatched("it spreads its operand")
    if np.isfinite(number) and bool((np.asarray(source.data) == np.float32(number)).any()):
        raise Unmatched("an element equals the bound, where JAX halves the gradient")
    name = "min" if node.name == "max" else "max"
    kind, attributes = ("Clip", {name: number})
    if node.name == "max" and number == 0:
        kind, attributes = "ReLU", {}
    plan = Plan(kind, [Operand(1 - position)], dict(attributes), follows=True)
    return Operation([node], list(node.inputs), [node.output], plan)


def match_binary(node: Node) -> Operation:
    """Express the arithmetic of two tensors, or of a tensor and a number."""
    x, y = node.inputs
    number = _number(node)
    if number is not None:
        return number
    kind = BINARY[node.name]
    first = _operand(node, 0, x)
    second = _operand(node, 1, y)
    nodes = [node]
    slots: list[Value] = []
    operands: list[Operand] = []
    for operand, value, absorbed in (first, second):
        operand.slot = len(slots)
        slots.append(value)
        nodes += absorbed
        operands.append(operand)
    if operands[0].moves and not operands[1].moves and node.name in ("add", "mul", "add_any"):
        operands.reverse()
    plan = Plan(kind, operands, follows=True)
    if len(nodes) > 1 and slots[0] is slots[1]:
        raise Unmatched("it spreads a tensor over itself")
    return Operation(nodes, slots, [node.output], plan)


def _number(node: Node) -> Operation | None:
    """A tensor with a number: one of the kinds that have it as an attribute."""
    x, y = node.inputs
    numbers = [x.uniform(), y.uniform()]
    for position, (value, number) in enumerate(zip((y, x), reversed(numbers), strict=True)):
        tensor = node.inputs[position]
        if number is None or not tensor.active or tensor.shape != node.output.shape:
            continue
        if value.rank > 0 and value.origin != "result":
            continue
        kind, attributes = _with_number(node.name, position, number)
        if kind is None and node.name == "div" and position == 0:
            return _by_reciprocal(node, number)
        if kind is None:
            continue
        plan = Plan(kind, [Operand(position)], attributes, follows=True)
        return Operation([node], list(node.inputs), [node.output], plan)
    return None


def _by_reciprocal(node: Node, number: float) -> Operation | None:
    """XLA may multiply by the rounded reciprocal of a number: then that is what the layer does."""
    source = np.asarray(node.inputs[0].data)
    factor = (1 / np.asarray(number, source.dtype)).astype(source.dtype)
    results = np.asarray(node.output.data)
    divided = source / source.dtype.type(number)
    if np.array_equal(divided, results) or not np.array_equal(source * factor, results):
        return None
    exact = float(str(factor))
    plan = Plan("Scale", [Operand(0)], {"factor": exact}, follows=True)
    plan.formula = lambda x, _: x * exact
    return Operation([node], list(node.inputs), [node.output], plan)


def _with_number(name: str, position: int, number: float) -> tuple[str | None, dict[str, Any]]:
    if not np.isfinite(number):
        return None, {}
    if name in ("add", "add_any"):
        return "Shift", {"offset": number}
    if name == "sub" and position == 0:
        return "Shift", {"offset": -number}
    if name == "mul":
        return "Scale", {"factor": number}
    # A division by a power of two is exactly a multiplication.
    if name == "div" and position == 0 and number and abs(np.frexp(number)[0]) == 0.5:
        return "Scale", {"factor": 1 / number}
    return None, {}


def _operand(node: Node, position: int, value: Value) -> tuple[Operand, Value, list[Node]]:
    """Take in the equation that spreads an operand; the kinds spread by NumPy's rules.

    `broadcast_in_dim` of (C,) to (N, H, W, C) becomes a reshape to (1, 1, 1, C), which is none at
    all where only leading axes are new.
    """
    absorbed: list[Node] = []
    source, extents = value, list(value.shape)
    while source.node is not None and not source.static and source.active:
        view = source.node
        given = view.inputs[0]
        if view.name == "broadcast_in_dim":
            thin = [1] * view.output.rank
            for axis, target in enumerate(view.params["broadcast_dimensions"]):
                thin[target] = given.shape[axis]
        elif view.name in ("reshape", "expand_dims", "squeeze") and _only_units(view):
            thin = list(view.output.shape)
        else:
            break
        if absorbed and thin != list(source.shape):
            break
        if not absorbed:
            extents = thin
        absorbed.append(view)
        source = given
    rank = node.output.rank
    if not absorbed and source.static and source.rank == rank:
        return Operand(), source, []
    moves: tuple[Move, ...] = ()
    if tuple(extents) != source.shape:
        moves = (Reshape(source.shape, tuple(extents)),)
    if not absorbed:
        return Operand(), value, []
    return Operand(moves=moves), source, absorbed


def _only_units(view: Node) -> bool:
    """Whether a reshape adds or removes nothing but axes of length 1."""
    before = [n for n in view.inputs[0].shape if n != 1]
    return before == [n for n in view.output.shape if n != 1]


def match_selection(node: Node) -> Operation:
    """Express a choice by a mask: dropout, or what keeps some elements of a tensor."""
    which, off, on = node.inputs if len(node.inputs) == 3 else (None, None, None)
    if which is None or off is None or on is None:
        raise Unmatched("it chooses between several tensors")
    return _dropped(node, which, off, on) or _masked(node, which, off, on)


def _masked(node: Node, which: Value, off: Value, on: Value) -> Operation:
    """A choice between a tensor and zero is a product with the mask."""
    position = 2 if off.uniform() == 0 else 1
    kept, other = (on, off) if position == 2 else (off, on)
    if other.uniform() != 0 or which.active or kept.shape != node.output.shape:
        raise Unmatched("it chooses between two tensors")
    if not bool(np.isfinite(np.asarray(kept.data)).all()) or which.rank != kept.rank:
        raise Unmatched("a product with its mask would not be the same")
    chosen = np.asarray(which.data) if position == 2 else ~np.asarray(which.data)
    mask = np.broadcast_to(chosen, node.output.shape).astype(np.asarray(kept.data).dtype)
    plan = Plan("Mul", [Operand(position), Operand(constant=mask)], follows=True)
    return Operation([node], list(node.inputs), [node.output], plan)


def _dropped(node: Node, which: Value, off: Value, on: Value) -> Operation | None:
    """Dropout: a mask that chance gave, between the scaled input and zero."""
    if off.uniform() != 0 or not which.static or not on.active or on.shape != node.output.shape:
        return None
    mask = np.broadcast_to(np.asarray(which.data), node.output.shape).astype(np.uint8)
    scaling = on.node
    if scaling is None or scaling.name not in ("div", "mul"):
        return None
    number = scaling.inputs[1].uniform()
    if number is None or not number > 0 or seen_leaf(on) is not None:
        return None
    keep = number if scaling.name == "div" else 1 / number
    if not 0 < keep <= 1 or [c for c in on.consumers if c.needed] != [node]:
        return None
    plan = Plan(
        "Dropout",
        [Operand(0)],
        {"p": round(1 - keep, 12)},
        auxiliary={"mask": (mask, None)},
        training=True,
        follows=True,
    )
    return Operation([scaling, node], [scaling.inputs[0]], [node.output], plan)
