"""Convolutions and dense layers as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..format import Array, Attribute
from .activation_kinds import activated
from .layouts import Layout
from .stages import PREVIOUS, Call, Inexpressible, Stage, Weight, weight, with_axes

_SPATIAL = {1: "L", 2: "HW", 3: "DHW"}


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Give how much `padding="same"` puts before and behind an axis.

    The output has ceil(size / stride) elements; the odd element goes behind.
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def spatial_sizes(call: Call, data_format: str | None) -> list[int]:
    """Give the spatial sizes of the image that goes in."""
    shape = [int(n) for n in call.edges[0].value.shape]
    return shape[2:] if data_format == "channels_first" else shape[1:-1]


def window_padding(call: Call, window: Any, strides: Any, dilation: Any) -> list[int]:
    """Give the padding of a convolution or pool as begin for each axis, then end for each axis."""
    operation = call.operation
    sizes = spatial_sizes(call, operation.data_format)
    if operation.padding == "valid":
        return [0] * (2 * len(sizes))
    if operation.padding == "causal":
        return [(window[0] - 1) * dilation[0], 0]
    pairs = [same_padding(*one) for one in zip(sizes, window, strides, dilation, strict=True)]
    return [begin for begin, _ in pairs] + [end for _, end in pairs]


def _put(stage: Stage, name: str, value: Weight | None) -> None:
    if value is not None:
        stage.parameters[name] = value


def _settings(call: Call, dimensions: int) -> dict[str, Attribute]:
    operation = call.operation
    dilation = _each(operation.dilation_rate, dimensions)
    strides = _each(operation.strides, dimensions)
    window = _each(operation.kernel_size, dimensions)
    return {
        "stride": strides,
        "padding": window_padding(call, window, strides, dilation),
        "dilation": dilation,
    }


def _each(value: Any, dimensions: int) -> list[int]:
    return [int(value)] * dimensions if isinstance(value, int) else [int(n) for n in value]


def _convolution(dimensions: int) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        operation = call.operation
        if getattr(operation, "lora_enabled", False):
            raise Inexpressible("a kernel that LoRA adds to")
        settings = _settings(call, dimensions)
        settings["groups"] = int(operation.groups)
        layout = call.images(operation.data_format)
        stage = Stage(f"Conv{dimensions}d", [call.edge], settings, wants=layout)
        _put(stage, "weight", weight(call.step, "kernel", with_axes(_SPATIAL[dimensions] + "IO")))
        _put(stage, "bias", weight(call.step, "bias"))
        return activated([stage], call)

    return build


def _transposed(dimensions: int) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        """The whole result, cropped at both ends, or extended where it is too short."""
        operation = call.operation
        if operation.output_padding is not None:
            raise Inexpressible("an output padding, which the backends apply differently")
        strides = _each(operation.strides, dimensions)
        dilation = _each(operation.dilation_rate, dimensions)
        window = _each(operation.kernel_size, dimensions)
        sizes = spatial_sizes(call, operation.data_format)
        shape = call.shape()
        results = shape[2:] if operation.data_format == "channels_first" else shape[1:-1]
        begins, ends, extra = [], [], []
        for k, s, d, size, result in zip(window, strides, dilation, sizes, results, strict=True):
            reach = (k - 1) * d + 1
            whole = (size - 1) * s + reach
            begin = max(reach - s, 0) // 2 if operation.padding == "same" else 0
            rest = whole - begin - result
            begins.append(begin)
            ends.append(max(rest, 0))
            extra.append(max(-rest, 0))
        settings: dict[str, Attribute] = {
            "stride": strides,
            "padding": begins + ends,
            "output_padding": extra,
            "dilation": dilation,
        }
        layout = call.images(operation.data_format)
        stage = Stage(f"ConvTranspose{dimensions}d", [call.edge], settings, wants=layout)
        _put(stage, "weight", weight(call.step, "kernel", with_axes(_SPATIAL[dimensions] + "OI")))
        _put(stage, "bias", weight(call.step, "bias"))
        return activated([stage], call)

    return build


def depthwise_kernel(values: NDArray[Any]) -> Array:
    """Turn `… C M` into `(C·M) 1 …`; there are no letters for it."""
    channels, multiplier = values.shape[-2:]
    spatial = values.shape[:-2]
    order = (values.ndim - 2, values.ndim - 1, *range(values.ndim - 2))
    moved = values.transpose(order).reshape(channels * multiplier, 1, *spatial)
    return np.ascontiguousarray(moved)


def _depthwise_stage(call: Call, dimensions: int, name: str) -> Stage:
    use = call.step.use(name)
    if use is None:
        raise Inexpressible(f"no {name}")
    settings = _settings(call, dimensions)
    settings["groups"] = int(use.value.shape[-2])
    layout = call.images(call.operation.data_format)
    stage = Stage(f"Conv{dimensions}d", [call.edge], settings, wants=layout)
    stage.parameters["weight"] = Weight(use, depthwise_kernel)
    return stage


def _depthwise(dimensions: int) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        stage = _depthwise_stage(call, dimensions, "kernel")
        _put(stage, "bias", weight(call.step, "bias"))
        return activated([stage], call)

    return build


def _separable(dimensions: int) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        """A depthwise convolution, then one of windows of one pixel."""
        first = _depthwise_stage(call, dimensions, "depthwise_kernel")
        first.suffix = ".depthwise"

        def depthwise(operation: Any, inputs: list[Any]) -> Any:
            return keras.ops.depthwise_conv(
                inputs[0],
                operation.depthwise_kernel,
                strides=operation.strides,
                padding=operation.padding,
                dilation_rate=operation.dilation_rate,
                data_format=operation.data_format,
            )

        def pointwise(operation: Any, inputs: list[Any]) -> Any:
            result = keras.ops.conv(
                inputs[0],
                operation.pointwise_kernel,
                strides=1,
                padding="valid",
                data_format=operation.data_format,
            )
            if operation.use_bias:
                ones = [1] * dimensions
                last = operation.data_format == "channels_last"
                shape = [1, *ones, -1] if last else [1, -1, *ones]
                result = result + keras.ops.reshape(operation.bias, shape)
            return result

        first.run = depthwise
        second = Stage(f"Conv{dimensions}d", [PREVIOUS], wants=first.wants, run=pointwise)
        axes = _SPATIAL[dimensions] + "IO"
        _put(second, "weight", weight(call.step, "pointwise_kernel", with_axes(axes)))
        _put(second, "bias", weight(call.step, "bias"))
        return activated([first, second], call)

    return build


def _dense(call: Call) -> list[Stage]:
    operation = call.operation
    if getattr(operation, "lora_enabled", False) or getattr(operation, "quantization_mode", None):
        raise Inexpressible("a kernel that is not used as it is")
    stage = Stage("Linear", [call.edge], wants=Layout.PLAIN)
    _put(stage, "weight", weight(call.step, "kernel", with_axes("IO")))
    _put(stage, "bias", weight(call.step, "bias"))
    return activated([stage], call)


def _embedding(call: Call) -> list[Stage]:
    operation = call.operation
    if operation.mask_zero or getattr(operation, "lora_enabled", False):
        raise Inexpressible("a mask, or a table that LoRA adds to")
    stage = Stage("Embedding", [call.edge], wants=Layout.PLAIN)
    _put(stage, "weight", weight(call.step, "embeddings"))
    return [stage]


CONVOLUTION_LAYERS: dict[str, Callable[[Call], list[Stage]]] = {
    **{f"Conv{d}D": _convolution(d) for d in (1, 2, 3)},
    **{f"Conv{d}DTranspose": _transposed(d) for d in (1, 2, 3)},
    **{f"DepthwiseConv{d}D": _depthwise(d) for d in (1, 2)},
    **{f"SeparableConv{d}D": _separable(d) for d in (1, 2)},
    "Dense": _dense,
    "Embedding": _embedding,
}
