"""Arithmetic and reductions of `keras.ops` as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from ..format import Attribute
from .layouts import Layout, axis_in
from .stages import PREVIOUS, Builder, Call, Inexpressible, Source, Stage
from .tape import Edge, EdgeMark


def _operand(call: Call, position: int, name: str) -> Edge | float:
    value = call.step.argument(position, name)
    if isinstance(value, EdgeMark):
        edge = call.edges[value.number]
        # A tensor of one number that the graph holds is a number.
        if edge.producer is None and not len(edge.value.shape):
            return float(keras.ops.convert_to_numpy(edge.value))
        return edge
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Inexpressible(f"{name} is neither a tensor nor a number")
    return float(value)


def _operands(call: Call) -> tuple[Edge | float, Edge | float]:
    return _operand(call, 0, "x1"), _operand(call, 1, "x2")


def _unary(kind: str, **attributes: Attribute) -> Builder:
    def build(call: Call) -> list[Stage]:
        return [Stage(kind, [call.edges[0]], dict(attributes), wants=call.layout())]

    return build


def _one(call: Call, kind: str, edge: Source, name: str, value: float) -> list[Stage]:
    return [Stage(kind, [edge], {name: value}, wants=call.layout())]


def _add(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if isinstance(a, Edge) and isinstance(b, Edge):
        return [Stage("Add", [a, b], wants=call.layout())]
    edge, number = (a, b) if isinstance(a, Edge) else (b, a)
    return _one(call, "Shift", edge, "offset", _number(number))


def _subtract(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if isinstance(a, Edge) and isinstance(b, Edge):
        return [Stage("Sub", [a, b], wants=call.layout())]
    if isinstance(a, Edge):
        return _one(call, "Shift", a, "offset", -_number(b))
    number = _number(a)
    negated = Stage("Neg", [b], wants=call.layout(), suffix=".neg")
    negated.run = lambda operation, inputs: -inputs[0]
    shifted = Stage("Shift", [PREVIOUS], {"offset": number}, wants=call.layout())
    shifted.run = lambda operation, inputs: inputs[0] + number
    return [negated, shifted]


def _multiply(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if isinstance(a, Edge) and isinstance(b, Edge):
        return [Stage("Mul", [a, b], wants=call.layout())]
    edge, number = (a, b) if isinstance(a, Edge) else (b, a)
    return _one(call, "Scale", edge, "factor", _number(number))


def _divide(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if isinstance(a, Edge) and isinstance(b, Edge):
        return [Stage("Div", [a, b], wants=call.layout())]
    if isinstance(a, Edge):
        return _one(call, "Scale", a, "factor", 1 / _number(b))
    raise Inexpressible("a number divided by a tensor")


def _number(value: Source) -> float:
    if isinstance(value, float):
        return value
    raise Inexpressible("no tensor goes in")


def _power(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if isinstance(a, Edge) and not isinstance(b, Edge):
        return _one(call, "Power", a, "exponent", b)
    raise Inexpressible("an exponent that is a tensor")


def _extremum(name: str) -> Builder:
    def build(call: Call) -> list[Stage]:
        a, b = _operands(call)
        if isinstance(a, Edge) and isinstance(b, Edge):
            raise Inexpressible("the larger or smaller of two tensors")
        edge, number = (a, b) if isinstance(a, Edge) else (b, a)
        return _one(call, "Clip", edge, name, _number(number))

    return build


def _clip(call: Call) -> list[Stage]:
    limits = {"min": call.operation.x_min, "max": call.operation.x_max}
    if not all(isinstance(v, int | float) for v in limits.values()):
        raise Inexpressible("limits that are tensors")
    values: dict[str, Attribute] = {n: float(v) for n, v in limits.items()}
    stage = Stage("Clip", [call.edges[0]], values, wants=call.layout())
    stage.formula = lambda operation, inputs: clipped(inputs[0], limits["min"], limits["max"])
    return [stage]


def clipped(x: Any, least: float, most: float) -> Any:
    """Clip with limits in the type of the tensor; a plain number may come as float32."""
    low, high = (keras.ops.convert_to_tensor(v, dtype=x.dtype) for v in (least, most))
    return keras.ops.clip(x, low, high)


def _matmul(call: Call) -> list[Stage]:
    a, b = _operands(call)
    if not isinstance(a, Edge) or not isinstance(b, Edge):
        raise Inexpressible("a product with a number")
    if call.rank(a) < 2 or call.rank(b) < 2:
        raise Inexpressible("a product with a vector")
    return [Stage("MatMul", [a, b])]


def _reduction(kind: str) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        edge, rank = call.edges[0], call.rank()
        axis, keep = call.operation.axis, bool(call.operation.keepdims)
        axes = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
        held = sorted(int(a) % rank for a in axes)
        layout = call.layout()
        # Without its axes, an image is spoken of as it is held: the order must say the same.
        if not keep and held not in (list(range(1, rank - 1)), list(range(rank))):
            layout = Layout.PLAIN
        settings: dict[str, Attribute] = {
            "dims": sorted(axis_in(layout, a, rank) for a in held),
            "keepdim": keep,
        }
        gives = layout if keep else Layout.PLAIN
        return [Stage(kind, [edge], settings, wants=layout, gives=gives)]

    return build


def _rescaled(call: Call) -> list[Stage]:
    """`Rescaling`: a factor, then an offset."""
    operation, layout = call.operation, call.layout()
    scale, offset = operation.scale, operation.offset
    if not all(isinstance(n, int | float) for n in (scale, offset)):
        raise Inexpressible("a factor for each channel")
    first = Stage("Scale", [call.edge], {"factor": float(scale)}, wants=layout, suffix=".scale")
    first.run = lambda operation, inputs: inputs[0] * scale
    second = Stage("Shift", [PREVIOUS], {"offset": float(offset)}, wants=layout)
    second.run = lambda operation, inputs: inputs[0] + offset
    return [first, second]


ARITHMETIC: dict[str, Builder] = {
    "layers.Rescaling": _rescaled,
    "ops.Add": _add,
    "ops.Subtract": _subtract,
    "ops.Multiply": _multiply,
    "ops.Divide": _divide,
    "ops.DivideNoNan": _divide,
    "ops.TrueDivide": _divide,
    "ops.Power": _power,
    "ops.Maximum": _extremum("min"),
    "ops.Minimum": _extremum("max"),
    "ops.Clip": _clip,
    "ops.Matmul": _matmul,
    "ops.Mean": _reduction("Mean"),
    "ops.Sum": _reduction("Sum"),
    "ops.Negative": _unary("Neg"),
    "ops.Exp": _unary("Exp"),
    "ops.Log": _unary("Log"),
    "ops.Sqrt": _unary("Sqrt"),
    "ops.Rsqrt": _unary("Power", exponent=-0.5),
    "ops.Reciprocal": _unary("Power", exponent=-1.0),
    "ops.Absolute": _unary("Abs"),
    "ops.Square": _unary("Power", exponent=2.0),
}
"""By `layers.` or `ops.` and the name of the class."""
