"""ONNX's convolutions, pools, pads and changes of resolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnverify.format import Attribute, Layer
from onnx_node import Converter, Inexpressible, Node, Numbers, exact, floating, layer, whole


def _per_axis(node: Node, name: str, count: int) -> list[int]:
    return [int(n) for n in node.get(name) or [1] * count]


def _same(node: Node, kernel: list[int], strides: list[int], dilations: list[int]) -> list[int]:
    """Give the pads that `auto_pad` stands for: begin of each axis, then end of each."""
    mode = node.get("auto_pad", "NOTSET")
    if mode == "NOTSET":
        return [int(n) for n in node.get("pads") or [0] * (2 * len(kernel))]
    if mode == "VALID":
        return [0] * (2 * len(kernel))
    totals = []
    for size, k, s, d in zip(node.x.shape[2:], kernel, strides, dilations, strict=True):
        reach = (-(-size // s) - 1) * s + d * (k - 1) + 1 - size
        totals.append(max(0, reach))
    return _halves(totals, upper=mode == "SAME_UPPER")


def _halves(totals: list[int], *, upper: bool) -> list[int]:
    small, large = [t // 2 for t in totals], [t - t // 2 for t in totals]
    return small + large if upper else large + small


def _convolution(node: Node) -> Layer:
    d, weight = node.spatial, floating(node.input(1))
    kernel = list(weight.shape[2:])
    strides, dilations = _per_axis(node, "strides", d), _per_axis(node, "dilations", d)
    return layer(
        f"Conv{d}d",
        [node.x],
        [node.y],
        parameters={"weight": weight, "bias": node.optional(2)},
        stride=strides,
        dilation=dilations,
        groups=int(node.get("group", 1)),
        padding=_same(node, kernel, strides, dilations),
    )


def _transposed(node: Node) -> Layer:
    """What `output_shape` asks for beyond the whole result becomes output padding."""
    d, weight = node.spatial, floating(node.input(1))
    strides, dilations = _per_axis(node, "strides", d), _per_axis(node, "dilations", d)
    extra = [int(n) for n in node.get("output_padding") or [0] * d]
    pads = [int(n) for n in node.get("pads") or [0] * (2 * d)]
    mode, asked = node.get("auto_pad", "NOTSET"), node.get("output_shape")
    if asked is None and mode.startswith("SAME"):
        asked = [n * s for n, s in zip(node.x.shape[2:], strides, strict=True)]
    if asked is not None:
        totals = []
        for axis, wanted in enumerate(asked[-d:]):
            whole_size = (node.x.shape[2 + axis] - 1) * strides[axis] + extra[axis]
            whole_size += dilations[axis] * (weight.shape[2 + axis] - 1) + 1
            extra[axis] += max(0, wanted - whole_size)
            totals.append(max(0, whole_size - wanted))
        pads = _halves(totals, upper=mode == "SAME_UPPER")
    return layer(
        f"ConvTranspose{d}d",
        [node.x],
        [node.y],
        parameters={"weight": weight, "bias": node.optional(2)},
        stride=strides,
        dilation=dilations,
        groups=int(node.get("group", 1)),
        output_padding=extra,
        padding=pads,
    )


def _pool(kind: str) -> Converter:
    def convert(node: Node) -> Layer:
        d = node.spatial
        kernel = [int(n) for n in node.get("kernel_shape")]
        strides, dilations = _per_axis(node, "strides", d), _per_axis(node, "dilations", d)
        attributes: dict[str, Attribute] = {
            "kernel_size": kernel,
            "stride": strides,
            "ceil_mode": bool(node.get("ceil_mode", 0)),
        }
        pads = _same(node, kernel, strides, dilations)
        x = node.x
        if kind == "MaxPool":
            attributes["dilation"] = dilations
        elif max(dilations) > 1:
            raise Inexpressible(f"{kind} has no dilation")
        if kind == "AvgPool":
            attributes["count_include_pad"] = bool(node.get("count_include_pad", 0))
        if kind == "LPPool":
            # The kind has no padding and keeps signs: ONNX adds zeros and takes magnitudes.
            widths = [(0, 0), (0, 0), *zip(pads[:d], pads[d:], strict=True)]
            x = np.abs(np.pad(x, widths))
            attributes["norm_type"] = float(node.get("p", 2))
        else:
            attributes["padding"] = pads
        return layer(f"{kind}{d}d", [x], [node.y], settings=attributes)

    return convert


def _global(kind: str) -> Converter:
    return lambda node: layer(f"{kind}{node.spatial}d", [node.x], [node.y], output_size=1)


_PADS = {
    "constant": "Constant",
    "reflect": "Reflection",
    "edge": "Replication",
    "wrap": "Circular",
}


def _pad(node: Node) -> Layer:
    """Pads every axis: those that an image kind cannot pad move behind two axes of length 1."""
    x, pads = exact(node.input(0)), whole(node.input(1)) or []
    axes = whole(node.optional(3)) or list(range(x.ndim))
    begin, end = [0] * x.ndim, [0] * x.ndim
    for position, axis in enumerate(axes):
        begin[axis % x.ndim], end[axis % x.ndim] = pads[position], pads[position + len(axes)]
    first = next((k for k in range(x.ndim) if begin[k] or end[k]), x.ndim - 1)
    front = max(0, 2 - first)
    begin, end = [0] * front + begin, [0] * front + end
    spatial = len(begin) - 2
    if spatial > 3:
        raise Inexpressible(f"a pad of {spatial} axes")
    ones = (1,) * front
    mode = node.get("mode", "constant")
    value = node.optional(2)
    widths = [n for k in reversed(range(2, len(begin))) for n in (begin[k], end[k])]
    return layer(
        f"{_PADS[mode]}Pad{spatial}d",
        [x.reshape(ones + x.shape)],
        [exact(node.y).reshape(ones + node.y.shape)],
        padding=widths,
        value=(0.0 if value is None else float(value)) if mode == "constant" else None,
    )


def _resize(node: Node) -> Layer:
    if node.operator == "Upsample":
        return _upsample(node, whole_scales=[float(s) for s in node.input(1)], sizes=None)
    if node.get("antialias", 0) or node.get("exclude_outside", 0):
        raise Inexpressible("antialias or exclude_outside")
    scales, sizes = node.optional(2), whole(node.optional(3))
    rank = node.x.ndim
    axes = [a % rank for a in node.get("axes") or range(rank)]
    if node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Inexpressible("sizes that keep the aspect ratio")
    every_scale = [1.0] * rank
    if scales is not None and scales.size:
        for axis, scale in zip(axes, scales, strict=True):
            every_scale[axis] = float(scale)
        return _upsample(node, whole_scales=every_scale, sizes=None)
    every_size = list(node.x.shape)
    for axis, size in zip(axes, sizes or [], strict=True):
        every_size[axis] = size
    return _upsample(node, whole_scales=None, sizes=every_size)


def _upsample(node: Node, whole_scales: list[float] | None, sizes: list[int] | None) -> Layer:
    d, y = node.spatial, node.y
    if y.shape[:2] != node.x.shape[:2]:
        raise Inexpressible("a change of the number of channels")
    given, made = node.x.shape[2:], y.shape[2:]
    mode, aligned = _mode(node, d, whole_scales)
    if whole_scales is not None and aligned:
        scaled = [n * s for n, s in zip(given, whole_scales[2:], strict=True)]
        if any(n != m for n, m in zip(scaled, made, strict=True)):
            raise Inexpressible("aligned corners of a size that is no whole number")
    attributes: dict[str, Attribute] = {"mode": mode}
    if aligned is not None and mode not in ("nearest", "nearest-exact"):
        attributes["align_corners"] = aligned
    if sizes is not None:
        attributes["size"] = sizes[2:]
    elif whole_scales is not None:
        attributes["scale_factor"] = whole_scales[2:]
    return layer("Upsample", [node.x], [y], settings=attributes)


def _mode(node: Node, d: int, scales: list[float] | None) -> tuple[str, bool | None]:
    mode, place = node.get("mode", "nearest"), node.get("coordinate_transformation_mode")
    if node.operator == "Upsample":
        place = "asymmetric"
    place = place or "half_pixel"
    if place == "pytorch_half_pixel" and min(node.y.shape[2:]) > 1:
        place = "half_pixel"
    if mode == "nearest":
        return _nearest(node, place, scales), None
    word = {"linear": ("linear", "bilinear", "trilinear")[d - 1], "cubic": "bicubic"}[mode]
    if mode == "cubic" and (d != 2 or node.get("cubic_coeff_a", -0.75) != -0.75):
        raise Inexpressible("another cubic than torch's, or not of two axes")
    if place not in ("half_pixel", "align_corners"):
        raise Inexpressible(f"{mode} with {place}")
    return word, place == "align_corners"


def _nearest(node: Node, place: str, scales: list[float] | None) -> str:
    rounding = node.get("nearest_mode", "round_prefer_floor")
    if node.operator == "Upsample":
        rounding = "floor"
    if place == "asymmetric" and rounding == "floor":
        return "nearest"
    if place != "half_pixel" or not rounding.startswith("round"):
        raise Inexpressible(f"nearest with {place} and {rounding}")
    for axis in range(2, node.x.ndim):
        n, m = node.x.shape[axis], node.y.shape[axis]
        scale = scales[axis] if scales is not None else m / n
        places = (np.arange(m) + 0.5) / scale - 0.5
        if rounding == "round_prefer_floor" and bool((places % 1 == 0.5).any()):
            raise Inexpressible("ties that go to the smaller index")
    return "nearest-exact"


def _depth_to_space(node: Node) -> Layer:
    """PixelShuffle; ONNX's default order of channels is brought into its own."""
    x, r = node.x, int(node.get("blocksize"))
    if node.get("mode", "DCR") == "DCR":
        n, c, h, w = x.shape
        x = x.reshape(n, r * r, c // (r * r), h, w).swapaxes(1, 2).reshape(n, c, h, w)
    return layer("PixelShuffle", [_plain(x)], [node.y], upscale_factor=r)


def _space_to_depth(node: Node) -> Layer:
    y, r = node.y, int(node.get("blocksize"))
    if node.get("mode", "DCR") == "DCR":
        n, c, h, w = y.shape
        y = y.reshape(n, r * r, c // (r * r), h, w).swapaxes(1, 2).reshape(n, c, h, w)
    return layer("PixelUnshuffle", [node.x], [_plain(y)], downscale_factor=r)


def _fold(node: Node) -> Layer:
    size, block = whole(node.input(1)) or [], whole(node.input(2)) or []
    if len(size) != 2:
        raise Inexpressible(f"an image of {len(size)} axes")
    pads = node.get("pads") or [0, 0, 0, 0]
    if pads[:2] != pads[2:]:
        raise Inexpressible("other pads at the end than at the beginning")
    return layer(
        "Fold",
        [node.x],
        [node.y],
        output_size=size,
        kernel_size=block,
        dilation=_per_axis(node, "dilations", 2),
        stride=_per_axis(node, "strides", 2),
        padding=[int(n) for n in pads[:2]],
    )


def _plain(array: Numbers) -> Any:
    return np.ascontiguousarray(array)


WINDOWS: dict[str, Converter] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "MaxPool": _pool("MaxPool"),
    "AveragePool": _pool("AvgPool"),
    "LpPool": _pool("LPPool"),
    "GlobalAveragePool": _global("AdaptiveAvgPool"),
    "GlobalMaxPool": _global("AdaptiveMaxPool"),
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "Col2Im": _fold,
}
"""By operator."""
