"""Samples of convolutions, pools, pads and changes of resolution, with every option."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from samples import Maker, Sample, of_module, of_statement

EXTENTS = (7, 8, 6)
"""Of the spatial axes of the images: long enough for every window below."""


def image(axes: int, dtype: torch.dtype, channels: int = 4, batch: int = 2) -> Tensor:
    """Draw an image."""
    return torch.randn((batch, channels, *EXTENTS[:axes]), dtype=dtype)


def _modules(
    axes: int, make: Callable[..., nn.Module], options: list[dict[str, Any]], **sizes: int
) -> Maker:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for given in options:
            title = "own " + " ".join(f"{k}={v}" for k, v in given.items())
            yield of_module(title, make(**given).to(dtype), image(axes, dtype, **sizes))

    return samples


def _both(*makers: Maker) -> Maker:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for maker in makers:
            yield from maker(dtype)

    return samples


def _convolution(axes: int) -> Maker:
    cls = getattr(nn, f"Conv{axes}d")
    options: list[dict[str, Any]] = [
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": (3, 2, 1)[:axes], "stride": (1, 2, 3)[:axes], "padding": (2, 0, 1)[:axes]},
        {"kernel_size": 2, "dilation": 2, "groups": 2},
        {"kernel_size": 3, "groups": 4, "bias": False},
        {"kernel_size": (2, 3, 4)[:axes], "padding": "same", "dilation": (1, 2, 1)[:axes]},
        {"kernel_size": 3, "padding": "valid"},
        {"kernel_size": 1},
        *(
            {"kernel_size": 3, "padding": 2, "stride": 2, "padding_mode": mode}
            for mode in ("reflect", "replicate", "circular")
        ),
        {"kernel_size": 4, "padding": "same", "padding_mode": "circular"},
    ]

    def make(**given: Any) -> nn.Module:
        module: nn.Module = cls(4, 8, **given)
        return module

    return _both(_modules(axes, make, options), _asymmetric(axes))


def _asymmetric(axes: int) -> Maker:
    """`padding` with the begin of each axis, then the end of each, in every mode."""

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        function = getattr(functional, f"conv{axes}d")
        begin, end = [1, 0, 2][:axes], [2, 1, 0][:axes]
        widths = [n for k in reversed(range(axes)) for n in (begin[k], end[k])]
        for mode in ("zeros", "reflect", "replicate", "circular"):
            word = "constant" if mode == "zeros" else mode

            def convolve(x: Tensor, weight: Tensor, bias: Tensor, word: str = word) -> Tensor:
                result: Tensor = function(functional.pad(x, widths, word), weight, bias, stride=2)
                return result

            yield of_statement(
                f"own asymmetric {mode}",
                f"Conv{axes}d",
                convolve,
                image(axes, dtype),
                parameters={
                    "weight": torch.randn((5, 4, *[3] * axes), dtype=dtype),
                    "bias": torch.randn(5, dtype=dtype),
                },
                stride=2,
                padding=begin + end,
                padding_mode=mode,
            )

    return samples


def _transposed(axes: int) -> Maker:
    cls = getattr(nn, f"ConvTranspose{axes}d")
    options: list[dict[str, Any]] = [
        {"kernel_size": 3},
        {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        {"kernel_size": (3, 2, 1)[:axes], "stride": (1, 2, 3)[:axes]},
        {"kernel_size": 2, "dilation": 2, "groups": 2, "padding": 1},
        {"kernel_size": 3, "groups": 4, "bias": False, "stride": 3},
        {"kernel_size": 1, "stride": 2, "output_padding": 1},
        {"kernel_size": 2, "dilation": 3, "output_padding": 2, "padding": (1, 0, 2)[:axes]},
    ]

    def make(**given: Any) -> nn.Module:
        module: nn.Module = cls(4, 8, **given)
        return module

    def cropped(dtype: torch.dtype) -> Iterator[Sample]:
        function = getattr(functional, f"conv_transpose{axes}d")
        begin, end = [1, 0, 2][:axes], [0, 2, 1][:axes]
        widths = [-n for k in reversed(range(axes)) for n in (begin[k], end[k])]

        def convolve(x: Tensor, weight: Tensor) -> Tensor:
            return functional.pad(function(x, weight, stride=2), widths)

        yield of_statement(
            "own cropped",
            f"ConvTranspose{axes}d",
            convolve,
            image(axes, dtype),
            parameters={"weight": torch.randn((4, 3, *[3] * axes), dtype=dtype)},
            stride=2,
            padding=begin + end,
        )

    return _both(_modules(axes, make, options), cropped)


_WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2},
    {"kernel_size": 3, "stride": 1, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True},
]


def _per_axis(axes: int) -> dict[str, Any]:
    return {
        "kernel_size": (3, 2, 4)[:axes],
        "stride": (2, 1, 3)[:axes],
        "padding": (1, 0, 2)[:axes],
    }


def _max_pool(axes: int) -> Maker:
    options = [
        *_WINDOWS,
        _per_axis(axes),
        {"kernel_size": 2, "dilation": 3, "stride": 1},
        {"kernel_size": 3, "dilation": 2, "padding": 1, "ceil_mode": True},
    ]
    return _both(_modules(axes, getattr(nn, f"MaxPool{axes}d"), options), _ties(axes))


def _ties(axes: int) -> Maker:
    """Several equal maxima in a window: the first one gets the gradient."""

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        x = image(axes, dtype).round()
        yield of_module("own ties", getattr(nn, f"MaxPool{axes}d")(3, 2, 1), x)

    return samples


def _average_pool(axes: int) -> Maker:
    options = [
        *_WINDOWS,
        _per_axis(axes),
        *({**given, "count_include_pad": False} for given in _WINDOWS[2:]),
    ]
    if axes > 1:
        options += [{**_WINDOWS[3], "divisor_override": 5}]
    return _modules(axes, getattr(nn, f"AvgPool{axes}d"), options)


def _power_pool(axes: int) -> Maker:
    options = [
        {"norm_type": power, **given}
        for power in (1.0, 2, 3, 1.5)
        for given in ({"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "ceil_mode": True})
    ]

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for given in options:
            # A power of a negative number is none.
            module = getattr(nn, f"LPPool{axes}d")(**given)
            yield of_module(f"own {given}", module, image(axes, dtype).abs() + 0.05)

    return samples


def _adaptive(axes: int, kind: str) -> Maker:
    sizes: list[Any] = [1, 3, 5, 9, (2, None, 4)[:axes], (7, 3, 1)[:axes]]
    cls = getattr(nn, f"Adaptive{kind}Pool{axes}d")
    return _modules(
        axes, cls, [{"output_size": size} for size in sizes if axes > 1 or size != (2,)]
    )


def _sum_pool(axes: int) -> Maker:
    def summed(window: dict[str, Any]) -> Callable[[Tensor], Tensor]:
        def pool(x: Tensor) -> Tensor:
            if axes > 1:
                result: Tensor = getattr(functional, f"avg_pool{axes}d")(
                    x, **window, divisor_override=1
                )
                return result
            plane: Any = functional.avg_pool2d
            flat = {
                k: v if k == "ceil_mode" else (int(k != "padding"), v) for k, v in window.items()
            }
            wide: Tensor = plane(x.unsqueeze(-2), **flat, divisor_override=1)
            return wide.squeeze(-2)

        return pool

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for given in _WINDOWS:
            yield of_statement(
                f"own {given}", f"SumPool{axes}d", summed(given), image(axes, dtype), **given
            )

    return samples


def _pad(axes: int, kind: str) -> Maker:
    widths: list[Any] = [1, (1, 2, 0, 3, 2, 1)[: 2 * axes], (0, 1, 2, 0, 0, 0)[: 2 * axes]]
    if kind in ("Zero", "Constant", "Replication"):
        widths.append((-1, 2, 1, -2, -1, -1)[: 2 * axes])
    options = [{"padding": w, **({"value": -0.3} if kind == "Constant" else {})} for w in widths]
    return _modules(axes, getattr(nn, f"{kind}Pad{axes}d"), options)


def _upsample(dtype: torch.dtype) -> Iterator[Sample]:
    places: list[dict[str, Any]] = [
        {"scale_factor": 2},
        {"scale_factor": 1.7},
        {"scale_factor": 0.6},
        {"scale_factor": 1.3, "recompute_scale_factor": True},
    ]
    modes = [
        (1, "nearest"),
        (2, "nearest"),
        (3, "nearest"),
        (1, "nearest-exact"),
        (2, "nearest-exact"),
        (3, "nearest-exact"),
        (1, "linear"),
        (2, "bilinear"),
        (2, "bicubic"),
        (3, "trilinear"),
        (1, "area"),
        (2, "area"),
        (3, "area"),
    ]
    for axes, mode in modes:
        sizes: list[dict[str, Any]] = [{"size": (9, 5, 6)[:axes]}, {"size": 1}]
        for place in [*places, *sizes]:
            for aligned in (None, False, True) if mode.endswith(("linear", "cubic")) else (None,):
                module = nn.Upsample(mode=mode, align_corners=aligned, **place)
                title = f"own {axes} {mode} {aligned} {place}"
                yield of_module(title, module, image(axes, dtype, channels=2))


_PLACES: list[dict[str, Any]] = [{"scale_factor": 2}, {"size": (5, 9)}, {"scale_factor": 1.4}]


def _unfold(dtype: torch.dtype) -> Iterator[Sample]:
    for given in _BLOCKS:
        yield of_module(f"own {given}", nn.Unfold(**given), image(2, dtype))


_BLOCKS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0)},
    {"kernel_size": 2, "dilation": (2, 3), "stride": 2},
]


def _fold(dtype: torch.dtype) -> Iterator[Sample]:
    for given in _BLOCKS:
        blocks = functional.unfold(image(2, dtype), **given)
        module = nn.Fold(output_size=EXTENTS[:2], **given)
        yield of_module(f"own {given}", module, torch.randn_like(blocks))


def _shuffles(kind: str, shape: tuple[int, ...], *factors: int) -> Maker:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for factor in factors:
            x = torch.randn(shape, dtype=dtype)
            yield of_module(f"own {factor}", getattr(nn, kind)(factor), x)

    return samples


_AXES = (1, 2, 3)

WINDOWS: dict[str, Maker] = {
    **{f"Conv{d}d": _convolution(d) for d in _AXES},
    **{f"ConvTranspose{d}d": _transposed(d) for d in _AXES},
    **{f"MaxPool{d}d": _max_pool(d) for d in _AXES},
    **{f"AvgPool{d}d": _average_pool(d) for d in _AXES},
    **{f"SumPool{d}d": _sum_pool(d) for d in _AXES},
    **{f"LPPool{d}d": _power_pool(d) for d in _AXES},
    **{f"Adaptive{k}Pool{d}d": _adaptive(d, k) for d in _AXES for k in ("Avg", "Max")},
    **{
        f"{k}Pad{d}d": _pad(d, k)
        for d in _AXES
        for k in ("Zero", "Constant", "Reflection", "Replication", "Circular")
    },
    "Upsample": _upsample,
    "UpsamplingNearest2d": _modules(2, nn.UpsamplingNearest2d, _PLACES),
    "UpsamplingBilinear2d": _modules(2, nn.UpsamplingBilinear2d, _PLACES),
    "Unfold": _unfold,
    "Fold": _fold,
    "PixelShuffle": _shuffles("PixelShuffle", (2, 36, 3, 2), 2, 3, 1),
    "PixelUnshuffle": _shuffles("PixelUnshuffle", (2, 3, 12, 6), 2, 3, 1),
    "ChannelShuffle": _shuffles("ChannelShuffle", (2, 6, 3, 4), 2, 3, 1),
}
"""By kind."""
