"""Arithmetic on tensors as kinds; an expression that needs two kinds becomes a chain of stages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from ..format import Attribute
from .stages import PREVIOUS, Arguments, Inexpressible, Source, Stage
from .tape import Slot

Builder = Callable[[Arguments], list[Stage]]
Entry = tuple[tuple[str, ...], Builder]


def _operand(a: Arguments, name: str) -> Slot | float:
    slot = a.slot(name)
    if slot is not None:
        return slot
    value = a.get(name)
    if isinstance(value, bool | int | float):
        return float(value)
    raise Inexpressible(f"{name} is neither a tensor nor a number")


def _feeding(slot: Slot, partner: Slot) -> Source:
    """A tensor of truth values or integers takes the partner's type, as torch promotes it."""
    value, other = slot.snapshot.value, partner.snapshot.value
    if value.dtype == other.dtype:
        return slot
    if value.is_floating_point() or slot.requires_grad:
        raise Inexpressible("operands of different floating types")
    return value.to(other.dtype)


def _pair(kind: str, x: Slot, y: Slot) -> list[Stage]:
    if not x.snapshot.value.is_floating_point():
        return [Stage(kind, [_feeding(x, y), y])]
    return [Stage(kind, [x, _feeding(y, x)])]


def _floating(slot: Slot) -> Slot:
    if not slot.snapshot.value.is_floating_point():
        raise Inexpressible("a number with an integer tensor")
    return slot


def _shift(source: Source, offset: float) -> Stage:
    return Stage("Shift", [source], {"offset": offset}, run=lambda x: x + offset)


def _scale(source: Source, factor: float) -> Stage:
    return Stage("Scale", [source], {"factor": factor}, run=lambda x: x * factor)


def _add(sign: int) -> Builder:
    def build(a: Arguments) -> list[Stage]:
        x, y = _operand(a, "input"), _operand(a, "other")
        alpha = float(a.get("alpha", 1))
        if isinstance(x, Slot) and isinstance(y, Slot):
            if alpha == 1:
                return _pair("Add" if sign > 0 else "Sub", x, y)
            scaled = _scale(y, sign * alpha)
            return [scaled, Stage("Add", [x, PREVIOUS], run=lambda p, q: p + q)]
        if isinstance(x, Slot) and not isinstance(y, Slot):
            return [_shift(_floating(x), sign * alpha * y)]
        if isinstance(y, Slot) and not isinstance(x, Slot) and sign > 0 and alpha == 1:
            return [_shift(_floating(y), x)]
        raise Inexpressible("this order of number and tensor")

    return build


def _reversed_sub(a: Arguments) -> list[Stage]:
    x, y = a.required("input"), _operand(a, "other")
    if isinstance(y, Slot):
        return _pair("Sub", y, x)
    return [Stage("Neg", [_floating(x)], run=torch.neg), _shift(PREVIOUS, y)]


def _mul(a: Arguments) -> list[Stage]:
    x, y = _operand(a, "input"), _operand(a, "other")
    if isinstance(x, Slot) and isinstance(y, Slot):
        return _pair("Mul", x, y)
    if isinstance(x, Slot) and not isinstance(y, Slot):
        return [_scale(_floating(x), y)]
    if isinstance(y, Slot) and not isinstance(x, Slot):
        return [_scale(_floating(y), x)]
    raise Inexpressible("two numbers")


def _div(a: Arguments) -> list[Stage]:
    if a.get("rounding_mode") is not None:
        raise Inexpressible("a rounding mode")
    x, y = _operand(a, "input"), _operand(a, "other")
    if isinstance(x, Slot) and isinstance(y, Slot):
        return _pair("Div", x, y)
    if isinstance(x, Slot) and not isinstance(y, Slot):
        value = _floating(x).snapshot.value
        if y != 0 and math.frexp(y)[0] in (0.5, -0.5):
            return [_scale(x, 1 / y)]
        # Multiplying by a rounded reciprocal would round twice.
        return [Stage("Div", [x, torch.tensor(y, dtype=value.dtype)])]
    raise Inexpressible("a number divided by a tensor")


def _reversed_div(a: Arguments) -> list[Stage]:
    """`number / x`: torch computes `reciprocal(x) * number`."""
    y = _operand(a, "other")
    if isinstance(y, Slot):
        return _pair("Div", y, a.required("input"))
    inverse = _reciprocal(a)[0]
    return [inverse] if y == 1 else [inverse, _scale(PREVIOUS, y)]


def _reciprocal(a: Arguments) -> list[Stage]:
    source = _floating(a.required("input"))
    return [Stage("Power", [source], {"exponent": -1.0}, run=torch.reciprocal)]


def _power(a: Arguments) -> list[Stage]:
    exponent = a.get("exponent")
    if a.slot("exponent") is not None or not isinstance(exponent, int | float):
        raise Inexpressible("an exponent that is a tensor")
    return [Stage("Power", [_floating(a.required("input"))], {"exponent": float(exponent)})]


def _clamp(a: Arguments) -> list[Stage]:
    bounds: dict[str, Attribute] = {}
    for name in ("min", "max"):
        value: Any = a.get(name)
        if isinstance(value, int | float):
            bounds[name] = float(value)
        elif value is not None:
            raise Inexpressible("a bound that is a tensor")
    return [Stage("Clip", [_floating(a.required("input"))], bounds)]


def _unary(kind: str) -> Entry:
    return ("input",), lambda a: [Stage(kind, [_floating(a.required("input"))])]


def _product(other: str) -> Entry:
    return ("input", other), lambda a: [Stage("MatMul", [a.required("input"), a.required(other)])]


def _reversed_matmul(a: Arguments) -> list[Stage]:
    return [Stage("MatMul", [a.required("other"), a.required("input")])]


def _reduction(kind: str) -> Entry:
    def build(a: Arguments) -> list[Stage]:
        slot = _floating(a.required("input"))
        if a.get("dtype") not in (None, slot.snapshot.value.dtype):
            raise Inexpressible("a change of type")
        dims = a.get("dim")
        if dims is None or dims == [] or dims == ():
            dims = list(range(slot.snapshot.value.dim()))
        dims = [dims] if isinstance(dims, int) else [int(d) for d in dims]
        return [Stage(kind, [slot], {"dims": dims, "keepdim": bool(a.get("keepdim", False))})]

    return ("input", "dim", "keepdim", "dtype"), build


def _copy(a: Arguments) -> list[Stage]:
    slot = _floating(a.required("input"))
    if any(o.snapshot.value.dtype != slot.snapshot.value.dtype for o in a.operation.outputs):
        raise Inexpressible("a change of type")
    return [Stage("Identity", [slot])]


ARITHMETIC: dict[str, Entry] = {
    "add": (("input", "other", "alpha"), _add(1)),
    "sub": (("input", "other", "alpha"), _add(-1)),
    "rsub": (("input", "other"), _reversed_sub),
    "mul": (("input", "other"), _mul),
    "div": (("input", "other", "rounding_mode"), _div),
    "rdiv": (("input", "other"), _reversed_div),
    "pow": (("input", "exponent"), _power),
    "reciprocal": (("input",), _reciprocal),
    "rsqrt": (
        ("input",),
        lambda a: [Stage("Power", [_floating(a.required("input"))], {"exponent": -0.5})],
    ),
    "square": (
        ("input",),
        lambda a: [Stage("Power", [_floating(a.required("input"))], {"exponent": 2.0})],
    ),
    "clamp": (("input", "min", "max"), _clamp),
    "clamp_min": (("input", "min"), _clamp),
    "clamp_max": (("input", "max"), _clamp),
    "exp": _unary("Exp"),
    "log": _unary("Log"),
    "sqrt": _unary("Sqrt"),
    "abs": _unary("Abs"),
    "neg": _unary("Neg"),
    "matmul": _product("other"),
    "rmatmul": (("input", "other"), _reversed_matmul),
    "bmm": _product("mat2"),
    "mm": _product("mat2"),
    "mv": _product("vec"),
    "dot": _product("tensor"),
    "mean": _reduction("Mean"),
    "sum": _reduction("Sum"),
    "clone": (("input",), _copy),
    "contiguous": (("input",), _copy),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
