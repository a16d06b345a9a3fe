"""Kinds that slide a window: convolutions, pools, unfolding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .draw import Draw, per_axis, with_remainder
from .recipe import Recipe, Settings, integers, module_recipe, normal

SIZES = {1: (13,), 2: (10, 13), 3: (7, 10, 13)}
"""At least so large are images; each axis grows until its stride leaves a remainder."""

_SMALL = {1: (4,), 2: (3, 4), 3: (2, 3, 4)}
"""The images that a transposed convolution enlarges."""


def _axis(axes: int, *numbers: int) -> tuple[int, ...]:
    """Give the last numbers, one an axis."""
    return numbers[-axes:]


def _image(axes: int, channels: int, settings: Settings) -> tuple[int, ...]:
    """Give the shape of a batch of 5 whose every stride leaves a remainder."""
    if "input" in settings:
        return tuple(settings["input"])
    padding = settings.get("padding", 0)
    numbers = [
        per_axis(settings["kernel_size"], axes),
        per_axis(settings.get("stride") or settings["kernel_size"], axes),
        per_axis(0 if isinstance(padding, str) else padding, axes),
        per_axis(settings.get("dilation", 1), axes),
    ]
    sizes: list[int] = []
    for least, k, s, p, d in zip(SIZES[axes], *numbers, strict=True):
        # Each axis is longer than the one before: equal sizes hide an exchange of axes.
        longer = max([least] + [size + 1 for size in sizes])
        sizes.append(with_remainder(longer, k, s, p, d, avoid=p))
    return (5, channels, *sizes)


def _convolution(axes: int) -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        return (draw.normal(*_image(axes, settings["in_channels"], settings)),)

    canaries: dict[str, dict[str, Any]] = {
        # Equal sizes keep an exchange of axes silent, so that only the numbers show it.
        "equal": {"out_channels": 4, "kernel_size": 4, "stride": 3, "padding": 1},
        "unequal": {
            "out_channels": 6,
            "groups": 2,
            "kernel_size": _axis(axes, 2, 3, 4),
            "stride": _axis(axes, 3, 2, 3),
            "padding": _axis(axes, 1, 2, 1),
            "dilation": _axis(axes, 1, 2, 3),
        },
        "reflected": {
            "out_channels": 4,
            "kernel_size": _axis(axes, 2, 4, 3),
            "stride": 2,
            "padding": _axis(axes, 1, 1, 2),
            "padding_mode": "reflect",
        },
    }
    defaults = {"in_channels": 4, "out_channels": 8, "kernel_size": _axis(axes, 2, 4, 3)}
    return module_recipe(f"Conv{axes}d", inputs, {**defaults, "stride": 1}, canaries)


def _transposed(axes: int) -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        shape = settings.get("input", (5, settings["in_channels"], *_SMALL[axes]))
        return (draw.normal(*shape),)

    canaries: dict[str, dict[str, Any]] = {
        "equal": {
            "out_channels": 4,
            "kernel_size": 4,
            "stride": 3,
            "padding": 1,
            "output_padding": 2,
        },
        "unequal": {
            "out_channels": 6,
            "groups": 2,
            "kernel_size": _axis(axes, 2, 3, 4),
            "stride": _axis(axes, 3, 2, 3),
            "padding": _axis(axes, 1, 2, 1),
            "output_padding": _axis(axes, 0, 1, 2),
            "dilation": _axis(axes, 1, 2, 3),
        },
    }
    defaults = {"in_channels": 4, "out_channels": 8, "kernel_size": _axis(axes, 2, 4, 3)}
    return module_recipe(f"ConvTranspose{axes}d", inputs, defaults, canaries)


def _pool(kind: str, axes: int, draw_integers: bool, canaries: dict[str, Settings]) -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        shape = _image(axes, 4, settings)
        return (draw.integers(*shape) if draw_integers else draw.normal(*shape),)

    defaults = {"kernel_size": _axis(axes, 2, 4, 3)}
    return module_recipe(f"{kind}{axes}d", inputs, defaults, canaries)


def _max_pool(axes: int) -> Recipe:
    plain = {"kernel_size": 4, "stride": 3, "padding": 1}
    uneven = {
        "kernel_size": _axis(axes, 2, 3, 4),
        "stride": _axis(axes, 2, 3, 2),
        "padding": _axis(axes, 1, 1, 2),
        "dilation": _axis(axes, 1, 2, 1),
        "ceil_mode": True,
    }
    return _pool("MaxPool", axes, True, {"ties": plain, "uneven": uneven})


def _average_pool(axes: int) -> Recipe:
    canaries: dict[str, Settings] = {}
    for name, included in (("counting-padding", True), ("without-padding", False)):
        for ceil in (False, True):
            canaries[f"{name}{'-ceil' if ceil else ''}"] = {
                "kernel_size": _axis(axes, 2, 4, 5),
                "stride": _axis(axes, 2, 3, 3),
                "padding": _axis(axes, 1, 1, 2),
                "count_include_pad": included,
                "ceil_mode": ceil,
            }
    if axes > 1:
        canaries["divisor"] = {"kernel_size": 4, "stride": 3, "padding": 1, "divisor_override": 7}
    return _pool("AvgPool", axes, False, canaries)


def _power_pool(axes: int) -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        shape = _image(axes, 4, settings)
        # The roots of other powers are real for positive numbers only.
        whole = float(settings["norm_type"]).is_integer()
        return (draw.normal(*shape) if whole else draw.positive(*shape),)

    # The one-dimensional class takes no tuple.
    uneven = 4 if axes == 1 else _axis(axes, 2, 3, 4)
    canaries: dict[str, Settings] = {
        "squares": {"kernel_size": 4, "stride": 3},
        "uneven-power": {"norm_type": 1.5, "kernel_size": uneven, "stride": 3},
    }
    defaults = {"norm_type": 2, "kernel_size": uneven}
    return module_recipe(f"LPPool{axes}d", inputs, defaults, canaries)


def _adaptive(kind: str, axes: int) -> Recipe:
    # 13 in 5 parts and 10 in 3: windows of different lengths that overlap.
    defaults = {"input": (5, 4, *SIZES[axes]), "output_size": _axis(axes, 3, 3, 5)}
    draw = integers if "Max" in kind else normal
    canaries: dict[str, Settings] = {"uneven": {}, "larger": {"input": (5, 4, *_SMALL[axes])}}
    return module_recipe(f"{kind}{axes}d", draw, _scalar(defaults), canaries)


def _scalar(defaults: dict[str, Any]) -> dict[str, Any]:
    """Write one number plain, as the one-dimensional classes want it."""
    size = defaults["output_size"]
    return {**defaults, "output_size": size[0] if len(size) == 1 else size}


def _unfold() -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        return (draw.normal(*_image(2, 4, settings)),)

    uneven = {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "dilation": (2, 1)}
    defaults = {"kernel_size": (3, 2), "stride": 1}
    return module_recipe("Unfold", inputs, defaults, {"uneven": uneven})


def _fold() -> Recipe:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor]:
        kernel = per_axis(settings["kernel_size"], 2)
        image = torch.empty(1, 4, *per_axis(settings["output_size"], 2))
        names = ("kernel_size", "dilation", "padding", "stride")
        columns = torch.nn.Unfold(**{n: settings[n] for n in names if n in settings})(image)
        shape = settings.get("input", (5, 4 * kernel[0] * kernel[1], columns.shape[2]))
        return (draw.normal(*shape),)

    overlapping = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (2, 1)}
    defaults = {"output_size": (10, 13), "kernel_size": (3, 2)}
    return module_recipe("Fold", inputs, defaults, {"overlapping": overlapping})


WINDOWS: dict[str, Recipe] = {"Unfold": _unfold(), "Fold": _fold()}
for _axes in (1, 2, 3):
    WINDOWS |= {
        f"Conv{_axes}d": _convolution(_axes),
        f"ConvTranspose{_axes}d": _transposed(_axes),
        f"MaxPool{_axes}d": _max_pool(_axes),
        f"AvgPool{_axes}d": _average_pool(_axes),
        f"LPPool{_axes}d": _power_pool(_axes),
        f"AdaptiveAvgPool{_axes}d": _adaptive("AdaptiveAvgPool", _axes),
        f"AdaptiveMaxPool{_axes}d": _adaptive("AdaptiveMaxPool", _axes),
    }
