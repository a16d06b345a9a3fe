"""ONNX's elementwise operators, products and reductions."""

from __future__ import annotations

import numpy as np

from cnnverify.format import Attribute, Layer
from onnx_node import Converter, Inexpressible, Node, Numbers, floating, layer, whole

SELU = {"alpha": 1.6732632, "gamma": 1.0507}
"""The constants of the paper, to the digits in which ONNX states them."""


def _unary(kind: str, **renamed: str) -> Converter:
    """One input; attributes of the kind by those of the operator."""

    def convert(node: Node) -> Layer:
        values = {mine: node.get(theirs) for mine, theirs in renamed.items()}
        return layer(kind, [node.x], [node.y], settings=values)

    return convert


def _with_default(kind: str, mine: str, theirs: str, default: float) -> Converter:
    def convert(node: Node) -> Layer:
        return layer(kind, [node.x], [node.y], settings={mine: node.get(theirs, default)})

    return convert


def _stated(kind: str, **attributes: Attribute) -> Converter:
    return lambda node: layer(kind, [node.x], [node.y], settings=attributes)


def _selu(node: Node) -> Layer:
    for name, value in SELU.items():
        if abs(node.get(name, value) - value) > 1e-6:
            raise Inexpressible(f"SELU with {name} {node.get(name)}")
    return layer("SELU", [node.x], [node.y])


def _hard_sigmoid(node: Node) -> Layer:
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    if abs(alpha - 1 / 6) > 1e-7 or beta != 0.5:
        raise Inexpressible(f"a slope of {alpha}: torch's is 1/6")
    return layer("Hardsigmoid", [node.x], [node.y])


def _shrink(node: Node) -> Layer:
    threshold, bias = node.get("lambd", 0.5), node.get("bias", 0.0)
    if bias not in (0.0, threshold):
        raise Inexpressible(f"a bias of {bias} with a threshold of {threshold}")
    return layer("Softshrink" if bias else "Hardshrink", [node.x], [node.y], lambd=threshold)


def _swish(node: Node) -> Layer:
    if node.get("alpha", 1.0) != 1.0:
        raise Inexpressible(f"a swish with alpha {node.get('alpha')}")
    return layer("SiLU", [node.x], [node.y])


def _prelu(node: Node) -> Layer:
    """A slope for each element: as one row of as many channels."""
    x, slope = node.x, np.broadcast_to(node.input(1), node.x.shape)
    weight = slope.reshape(-1)
    return layer(
        "PReLU", [x.reshape(1, -1)], [node.y.reshape(1, -1)], parameters={"weight": weight}
    )


def _clip(node: Node) -> Layer:
    low, high = node.optional(1), node.optional(2)
    if low is None and high is None:
        return layer("Identity", [node.x], [node.y])
    return layer(
        "Clip",
        [node.x],
        [node.y],
        min=None if low is None else float(low),
        max=None if high is None else float(high),
    )


def _joined(kind: str) -> Converter:
    """Two inputs or more, stretched to a common shape."""

    def convert(node: Node) -> Layer:
        inputs = [floating(node.input(k)) for k in range(len(node.inputs))]
        if len(inputs) == 1:
            return layer("Identity", inputs, [node.y])
        return layer(kind, inputs, [node.y])

    return convert


def _power(node: Node) -> Layer:
    exponent = np.unique(node.input(1))
    if exponent.size != 1:
        raise Inexpressible("an exponent for each element")
    if node.input(1).ndim > node.x.ndim:
        raise Inexpressible("an exponent that stretches the base")
    return layer("Power", [node.x], [node.y], exponent=float(exponent[0]))


def _softmax(kind: str) -> Converter:
    return lambda node: layer(kind, [node.x], [node.y], dim=node.get("axis", -1))


def _gemm(node: Node) -> Layer:
    """`alpha * A' B' + beta * C` as a Linear, where scaling its weights is exact."""
    a, b = node.x, floating(node.input(1))
    a, b = a.T if node.get("transA", 0) else a, b if node.get("transB", 0) else b.T
    weight = _scaled(b, node.get("alpha", 1.0), "alpha")
    c = node.optional(2)
    bias: Numbers | None = None
    if c is not None and node.get("beta", 1.0) != 0:
        if c.ndim == 2 and c.shape[0] != 1:
            raise Inexpressible("a bias for each row")
        bias = np.broadcast_to(c.reshape(-1), (weight.shape[0],))
        bias = _scaled(bias, node.get("beta", 1.0), "beta")
    return layer("Linear", [a], [node.y], parameters={"weight": weight, "bias": bias})


def _scaled(array: Numbers, factor: float, name: str) -> Numbers:
    if np.frexp(factor)[0] != 0.5:
        raise Inexpressible(f"{name} {factor}: scaling the weights would round")
    return np.ascontiguousarray(array * np.asarray(factor, array.dtype))


def _reduction(kind: str) -> Converter:
    def convert(node: Node) -> Layer:
        axes = whole(node.optional(1)) if len(node.inputs) > 1 else node.get("axes")
        if node.x.size == 0:
            raise Inexpressible("empty")
        if not axes:
            if node.get("noop_with_empty_axes", 0):
                return layer("Identity", [node.x], [node.y])
            axes = list(range(node.x.ndim))
        keep = bool(node.get("keepdims", 1))
        return layer(kind, [node.x], [node.y], dims=axes, keepdim=keep)

    return convert


def _gather(node: Node) -> Layer:
    """Rows of a table: Embedding."""
    table, indices = node.x, node.input(1)
    if node.get("axis", 0) != 0:
        raise Inexpressible("indices along another axis than the first")
    if (indices < 0).any():
        raise Inexpressible("indices that count from the end")
    weight = table.reshape(len(table), -1)
    made = node.y.reshape(*indices.shape, -1)
    return layer("Embedding", [indices], [made], parameters={"weight": weight})


ELEMENTWISE: dict[str, Converter] = {
    "Abs": _unary("Abs"),
    "Exp": _unary("Exp"),
    "Log": _unary("Log"),
    "Sqrt": _unary("Sqrt"),
    "Neg": _unary("Neg"),
    "Reciprocal": _stated("Power", exponent=-1.0),
    "Identity": _unary("Identity"),
    "Relu": _unary("ReLU"),
    "Sigmoid": _unary("Sigmoid"),
    "Tanh": _unary("Tanh"),
    "Softsign": _unary("Softsign"),
    "Softplus": _unary("Softplus"),
    "Mish": _unary("Mish"),
    "HardSwish": _unary("Hardswish"),
    "Gelu": _unary("GELU", approximate="approximate"),
    "Elu": _with_default("ELU", "alpha", "alpha", 1.0),
    "Celu": _with_default("CELU", "alpha", "alpha", 1.0),
    "LeakyRelu": _with_default("LeakyReLU", "negative_slope", "alpha", 0.01),
    "ThresholdedRelu": lambda node: layer(
        "Threshold", [node.x], [node.y], threshold=node.get("alpha", 1.0), value=0.0
    ),
    "Selu": _selu,
    "HardSigmoid": _hard_sigmoid,
    "Shrink": _shrink,
    "Swish": _swish,
    "PRelu": _prelu,
    "Clip": _clip,
    "Softmax": _softmax("Softmax"),
    "LogSoftmax": _softmax("LogSoftmax"),
    "Add": _joined("Add"),
    "Sub": _joined("Sub"),
    "Mul": _joined("Mul"),
    "Div": _joined("Div"),
    "Sum": _joined("Add"),
    "Pow": _power,
    "MatMul": _joined("MatMul"),
    "Gemm": _gemm,
    "ReduceMean": _reduction("Mean"),
    "ReduceSum": _reduction("Sum"),
    "Gather": _gather,
}
"""By operator."""
