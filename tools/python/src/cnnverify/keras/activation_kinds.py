"""Activations: as layers, as functions of `keras.ops`, and inside other layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras

from ..format import Attribute
from .layouts import Layout, axis_in
from .replay import Run
from .stages import PREVIOUS, Call, Inexpressible, Source, Stage, Weight

Settings = dict[str, Any]

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805

_PLAIN = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "selu": "SELU",
    "silu": "SiLU",
    "swish": "SiLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "exponential": "Exp",
    "hard_sigmoid": "Hardsigmoid",
    "hard_silu": "Hardswish",
    "hard_swish": "Hardswish",
    "mish": "Mish",
    "log_sigmoid": "LogSigmoid",
    "tanh_shrink": "Tanhshrink",
    "hard_tanh": "Hardtanh",
}
"""Without settings, by the name of the function."""

_WITH_SETTINGS: dict[str, tuple[str, dict[str, tuple[str, Any]]]] = {
    "leaky_relu": ("LeakyReLU", {"negative_slope": ("negative_slope", 0.2)}),
    "elu": ("ELU", {"alpha": ("alpha", 1.0)}),
    "celu": ("CELU", {"alpha": ("alpha", 1.0)}),
    "hard_shrink": ("Hardshrink", {"threshold": ("lambd", 0.5)}),
    "soft_shrink": ("Softshrink", {"threshold": ("lambd", 0.5)}),
    "threshold": ("Threshold", {"threshold": ("threshold", 0.0), "default_value": ("value", 0.0)}),
}
"""The kind, and under which name it has each setting, with the default of Keras."""


def activation_stage(name: str, settings: Settings, call: Call, source: Source) -> Stage:
    """Express an activation by the name of its function and its settings."""
    layout = call.layout()
    rank = len(call.step.outputs[0].value.shape)
    if name in _PLAIN:
        stage = Stage(_PLAIN[name], [source], wants=layout)
        if name == "selu":
            stage.formula = _exponential(_SELU_SCALE, _SELU_ALPHA)
        return stage
    if name in _WITH_SETTINGS:
        kind, renamed = _WITH_SETTINGS[name]
        values: dict[str, Attribute] = {
            new: float(settings.get(old, default)) for old, (new, default) in renamed.items()
        }
        stage = Stage(kind, [source], values, wants=layout)
        if name in ("leaky_relu", "elu"):
            (slope,) = values.values()
            stage.formula = _leaky(slope) if name == "leaky_relu" else _exponential(1.0, slope)
        return stage
    if name == "gelu":
        form = "tanh" if settings.get("approximate", False) else "none"
        stage = Stage("GELU", [source], {"approximate": form}, wants=layout)
        stage.formula = _gelu_tanh if form == "tanh" else _gelu
        return stage
    if name in ("softmax", "log_softmax", "glu"):
        kind = {"softmax": "Softmax", "log_softmax": "LogSoftmax", "glu": "GLU"}[name]
        axis = settings.get("axis", -1)
        if not isinstance(axis, int):
            raise Inexpressible(f"{name} over several axes")
        return Stage(kind, [source], {"dim": axis_in(layout, axis, rank)}, wants=layout)
    raise Inexpressible(f"no kind for the activation {name}")


def _leaky(slope: Any) -> Run:
    """TensorFlow's own has the slope in float32 only."""
    return lambda operation, inputs: keras.ops.where(inputs[0] > 0, inputs[0], slope * inputs[0])


def _exponential(scale: float, alpha: Any) -> Run:
    """Compute scale · (x, or α (eˣ − 1) below 0) without cancellation, which TensorFlow allows."""

    def run(operation: Any, inputs: list[Any]) -> Any:
        (x,) = inputs
        below = alpha * keras.ops.expm1(keras.ops.minimum(x, keras.ops.zeros_like(x)))
        return scale * keras.ops.where(x > 0, x, below)

    return run


def _gelu(operation: Any, inputs: list[Any]) -> Any:
    """Compute x Φ(x); TensorFlow's own has √2 in float32 only."""
    (x,) = inputs
    return 0.5 * x * (1 + keras.ops.erf(x * math.sqrt(0.5)))


def _gelu_tanh(operation: Any, inputs: list[Any]) -> Any:
    (x,) = inputs
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1 + keras.ops.tanh(inner))


def function_name(function: Any) -> str:
    """Name an activation function of Keras, or raise `Inexpressible`."""
    if isinstance(function, keras.Layer):
        raise Inexpressible("a layer as an activation")
    name = getattr(function, "__name__", type(function).__name__)
    if getattr(keras.activations, name, None) is not function:
        raise Inexpressible(f"{name} is no activation of Keras")
    return str(name)


def activated(stages: list[Stage], call: Call) -> list[Stage]:
    """Put the activation of a layer behind its stages, as a layer of its own."""
    function = getattr(call.operation, "activation", None)
    if function is None or function is keras.activations.linear:
        return stages
    for stage in stages:
        stage.run = stage.run or without_activation(call)
    last = stages[-1]
    try:
        stage = activation_stage(function_name(function), {}, call, PREVIOUS)
    except Inexpressible as reason:
        name = getattr(function, "__name__", type(function).__name__)
        stage = Stage(f"keras.{name}", [PREVIOUS], {"x_reason": str(reason)})
    if stage.kind in ("Softmax", "LogSoftmax", "GLU"):
        rank = len(call.step.outputs[0].value.shape)
        stage.attributes["dim"] = axis_in(last.result, -1, rank)
    stage.wants, stage.gives, stage.suffix = last.result, None, ".activation"
    stage.run = lambda operation, inputs: operation.activation(*inputs)
    return [*stages, stage]


def without_activation(call: Call) -> Run:
    """Run a layer whose activation is left out."""

    def run(operation: Any, inputs: list[Any]) -> Any:
        activation = operation.activation
        operation.activation = keras.activations.linear
        try:
            return call.step.call(operation, inputs)
        finally:
            operation.activation = activation

    return run


def _function(call: Call) -> list[Stage]:
    """`keras.ops.relu` and its like: the settings are attributes of the operation."""
    name = snake(type(call.operation).__name__)
    name = {"re_l_u": "relu"}.get(name, name)
    settings = {k: v for k, v in vars(call.operation).items() if not k.startswith("_")}
    if name == "relu":
        return [_rectifier(call, settings)]
    return [activation_stage(name, settings, call, call.edges[0])]


def _activation(call: Call) -> list[Stage]:
    function = call.operation.activation
    if function is keras.activations.linear:
        return [Stage("Identity", [call.edge], wants=call.layout())]
    return [activation_stage(function_name(function), {}, call, call.edge)]


def _rectifier(call: Call, settings: Settings) -> Stage:
    slope = float(settings.get("negative_slope") or 0.0)
    most, threshold = settings.get("max_value"), float(settings.get("threshold") or 0.0)
    layout = call.layout()
    if threshold:
        raise Inexpressible("a rectifier with a threshold")
    if most is None:
        if slope:
            leaky = Stage("LeakyReLU", [call.edge], {"negative_slope": slope}, wants=layout)
            leaky.formula = _leaky(slope)
            return leaky
        return Stage("ReLU", [call.edge], wants=layout)
    if slope:
        raise Inexpressible("a rectifier with a slope and a largest value")
    if float(most) == 6:
        return Stage("ReLU6", [call.edge], wants=layout)
    limits: dict[str, Attribute] = {"min_val": 0.0, "max_val": float(most)}
    return Stage("Hardtanh", [call.edge], limits, wants=layout)


def _relu(call: Call) -> list[Stage]:
    return [_rectifier(call, vars(call.operation))]


def _prelu(call: Call) -> list[Stage]:
    """One slope for each channel, or one for all."""
    use = call.step.use("alpha")
    if use is None:
        raise Inexpressible("no alpha")
    shape = [int(n) for n in use.value.shape]
    if any(n != 1 for n in shape[:-1]):
        raise Inexpressible("a slope for each position; share it with shared_axes")
    layout = Layout.LAST if call.rank() > 2 else Layout.PLAIN
    stage = Stage("PReLU", [call.edge], wants=layout)
    stage.parameters["weight"] = Weight(use, lambda values: values.reshape(-1))
    return [stage]


def _layer(name: str, *settings: str) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        values = {key: getattr(call.operation, key) for key in settings}
        if len(call.edges) != 1:
            raise Inexpressible("a mask")
        return [activation_stage(name, values, call, call.edge)]

    return build


def snake(name: str) -> str:
    """Turn `LeakyRelu` into `leaky_relu`."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


ACTIVATION_LAYERS: dict[str, Callable[[Call], list[Stage]]] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _layer("leaky_relu", "negative_slope"),
    "ELU": _layer("elu", "alpha"),
    "PReLU": _prelu,
    "Softmax": _layer("softmax", "axis"),
}

ACTIVATION_FUNCTIONS: dict[str, Callable[[Call], list[Stage]]] = {
    name: _function
    for name in """
    Relu ReLU Relu6 Sigmoid Softplus Softsign SoftShrink Silu LogSigmoid LeakyRelu HardSigmoid
    HardSilu Elu Selu Gelu Celu Glu TanhShrink HardTanh HardShrink Threshold Softmax LogSoftmax
    Tanh
    """.split()
}
