"""Pools, pads, crops and changes of resolution as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from ..format import Attribute
from .convolution_kinds import spatial_sizes, window_padding
from .layouts import Layout, axis_in
from .stages import PREVIOUS, Call, Inexpressible, Source, Stage


def _pool(kind: str) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        operation = call.operation
        window, strides = list(operation.pool_size), list(operation.strides)
        settings: dict[str, Attribute] = {
            "kernel_size": window,
            "stride": strides,
            "padding": window_padding(call, window, strides, [1] * len(window)),
        }
        if kind.startswith("Avg"):
            settings["count_include_pad"] = False
            if _repeats_the_border(settings["padding"]):
                return _bordered(call, kind, settings)
        return [Stage(kind, [call.edge], settings, wants=call.images(operation.data_format))]

    return build


def _repeats_the_border(padding: Attribute) -> bool:
    """Whether Keras on PyTorch averages copies of the border, as it does where `same` is uneven."""
    if keras.backend.backend() != "torch" or not isinstance(padding, list):
        return False
    half = len(padding) // 2
    return padding[:half] != padding[half:]


def _bordered(call: Call, kind: str, settings: dict[str, Attribute]) -> list[Stage]:
    """A pad that repeats the border, then a pool without padding."""
    layout = call.images(call.operation.data_format)
    padding: Any = settings["padding"]
    half = len(padding) // 2
    pairs = list(zip(padding[:half], padding[half:], strict=True))
    torch_order = [n for pair in reversed(pairs) for n in pair]
    pad = Stage(f"ReplicationPad{half}d", [call.edge], {"padding": torch_order}, wants=layout)
    pad.suffix = ".pad"
    axes = _spatial_axes(call)

    def repeated(operation: Any, inputs: list[Any]) -> Any:
        (x,) = inputs
        for axis, (begin, end) in zip(axes, pairs, strict=True):
            ahead = (slice(None),) * axis
            parts = [x[(*ahead, slice(0, 1))]] * begin + [x] + [x[(*ahead, slice(-1, None))]] * end
            x = keras.ops.concatenate(parts, axis)
        return x

    pad.run = repeated

    def pooled(operation: Any, inputs: list[Any]) -> Any:
        return keras.ops.average_pool(
            inputs[0], operation.pool_size, operation.strides, "valid", operation.data_format
        )

    settings = {**settings, "padding": [0] * len(padding)}
    return [pad, Stage(kind, [PREVIOUS], settings, wants=layout, run=pooled)]


def _spatial_axes(call: Call) -> list[int]:
    rank = call.rank()
    first = call.operation.data_format == "channels_first"
    return list(range(2, rank)) if first else list(range(1, rank - 1))


def _global_average(call: Call) -> list[Stage]:
    operation = call.operation
    layout, rank = call.images(operation.data_format), call.rank()
    settings: dict[str, Attribute] = {
        "dims": list(range(2, rank)),
        "keepdim": bool(operation.keepdims),
    }
    gives = layout if operation.keepdims else Layout.PLAIN
    return [Stage("Mean", [call.edge], settings, wants=layout, gives=gives)]


def _global_maximum(call: Call) -> list[Stage]:
    """A pool to one element, flattened unless its axes are kept."""
    operation = call.operation
    layout, axes = call.images(operation.data_format), _spatial_axes(call)

    def pooled(operation: Any, inputs: list[Any]) -> Any:
        return keras.ops.max(inputs[0], axis=axes, keepdims=True)

    def flattened(operation: Any, inputs: list[Any]) -> Any:
        return keras.ops.reshape(inputs[0], call.shape())

    kind = f"AdaptiveMaxPool{len(axes)}d"
    pool = Stage(kind, [call.edge], {"output_size": [1] * len(axes)}, wants=layout)
    if operation.keepdims:
        return [pool]
    pool.run, pool.suffix = pooled, ".pool"
    flat = Stage("Flatten", [PREVIOUS], {"start_dim": 1}, wants=layout, gives=Layout.PLAIN)
    flat.run = flattened
    return [pool, flat]


def _zero_padding(call: Call) -> list[Stage]:
    operation = call.operation
    data_format = getattr(operation, "data_format", "channels_last")
    pairs = _pairs(operation.padding)
    # The padding kinds keep the order of torch: the last axis first.
    widths = [n for pair in reversed(pairs) for n in pair]
    layout = call.images(data_format)
    return [Stage(f"ZeroPad{len(pairs)}d", [call.edge], {"padding": widths}, wants=layout)]


def _pairs(value: Any) -> list[tuple[int, int]]:
    pairs = [value] if isinstance(value[0], int) else value
    return [(int(a), int(b)) for a, b in pairs]


def _cropping(call: Call) -> list[Stage]:
    operation = call.operation
    data_format = getattr(operation, "data_format", "channels_last")
    layout, rank = call.images(data_format), call.rank()
    sizes, axes = spatial_sizes(call, data_format), range(1, rank - 1)
    if data_format == "channels_first":
        axes = range(2, rank)
    cuts = [
        (axis, begin, size - end)
        for axis, size, (begin, end) in zip(axes, sizes, _pairs(operation.cropping), strict=True)
        if begin or end
    ]
    return sliced(call, layout, cuts)


def sliced(call: Call, layout: Layout, cuts: list[tuple[int, int, int]]) -> list[Stage]:
    """Cut one axis after the other: the axis as it is held, where to start and to stop."""
    if not cuts:
        return [Stage("Identity", [call.edges[0]], wants=layout)]
    stages: list[Stage] = []
    source: Source = call.edges[0]
    for axis, start, stop in cuts:
        settings: dict[str, Attribute] = {
            "dim": axis_in(layout, axis, call.rank()),
            "start": start,
            "stop": stop,
        }
        stages.append(Stage("Slice", [source], settings, wants=layout, suffix=".slice"))
        stages[-1].run = _cut(axis, start, stop)
        source = PREVIOUS
    stages[-1].suffix = ""
    return stages


def _cut(axis: int, start: int, stop: int) -> Callable[[Any, list[Any]], Any]:
    index = (slice(None),) * axis + (slice(start, stop),)
    return lambda operation, inputs: inputs[0][index]


def _up_sampling(call: Call) -> list[Stage]:
    operation = call.operation
    mode = getattr(operation, "interpolation", "nearest")
    if mode not in ("nearest", "bilinear"):
        raise Inexpressible(f"an interpolation by {mode}, which the backends do differently")
    factors = operation.size
    factors = [factors] if isinstance(factors, int) else list(factors)
    settings: dict[str, Attribute] = {
        "scale_factor": [float(n) for n in factors],
        "mode": mode,
    }
    if mode == "bilinear":
        settings["align_corners"] = False
    layout = call.images(getattr(operation, "data_format", "channels_last"))
    stage = Stage("Upsample", [call.edge], settings, wants=layout)
    # TensorFlow interpolates in float32 whatever goes in.
    stage.twin = mode == "nearest" or keras.backend.backend() != "tensorflow"
    return [stage]


IMAGE_LAYERS: dict[str, Callable[[Call], list[Stage]]] = {
    **{f"MaxPooling{d}D": _pool(f"MaxPool{d}d") for d in (1, 2, 3)},
    **{f"AveragePooling{d}D": _pool(f"AvgPool{d}d") for d in (1, 2, 3)},
    **{f"GlobalAveragePooling{d}D": _global_average for d in (1, 2, 3)},
    **{f"GlobalMaxPooling{d}D": _global_maximum for d in (1, 2, 3)},
    **{f"ZeroPadding{d}D": _zero_padding for d in (1, 2, 3)},
    **{f"Cropping{d}D": _cropping for d in (1, 2, 3)},
    **{f"UpSampling{d}D": _up_sampling for d in (1, 2, 3)},
}
