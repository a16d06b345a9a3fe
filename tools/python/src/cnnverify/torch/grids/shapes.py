"""Kinds that move elements: pads, shuffles, resizing, and functions of tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .draw import Draw
from .pointwise import SHAPES
from .recipe import OWN, Inputs, Recipe, Settings, kinked, module_recipe, normal, one, shaped

_UNEVEN = (1, 2, 3, 0, 2, 1)
"""Numbers of padding: no two sides of an axis are alike."""


def _pads() -> dict[str, Recipe]:
    recipes = {}
    for axes, shape in SHAPES.items():
        uneven = _UNEVEN[: 2 * axes]
        for mode in ("Zero", "Constant", "Reflection", "Replication", "Circular"):
            kind = f"{mode}Pad{axes}d"
            defaults: dict[str, Any] = {"padding": uneven, "input": shape}
            canaries: dict[str, Settings] = {"uneven": {}}
            if mode == "Constant":
                defaults["value"] = -0.7
            if mode in ("Zero", "Constant"):
                canaries["cropping"] = {"padding": (-1, *uneven[1:])}
            recipes[kind] = module_recipe(kind, normal, defaults, canaries)
    return recipes


def _moves() -> dict[str, Recipe]:
    flatten: dict[str, Settings] = {"all": {}, "some": {"start_dim": 1, "end_dim": 2}}
    unflatten = {"dim": 1, "unflattened_size": (2, 3), "input": (5, 6, 4)}
    return {
        "Flatten": module_recipe("Flatten", normal, {"input": (5, 4, 3, 7)}, flatten),
        "Unflatten": module_recipe("Unflatten", normal, unflatten),
        "PixelShuffle": module_recipe(
            "PixelShuffle", normal, {"upscale_factor": 2, "input": (5, 12, 3, 4)}
        ),
        "PixelUnshuffle": module_recipe(
            "PixelUnshuffle", normal, {"downscale_factor": 2, "input": (5, 3, 6, 8)}
        ),
        "ChannelShuffle": module_recipe(
            "ChannelShuffle", normal, {"groups": 2, "input": (5, 6, 3, 4)}
        ),
    }


def _resizing() -> dict[str, Recipe]:
    # A whole-numbered scale hides how coordinates are rounded.
    scales: dict[str, Settings] = {
        "nearest": {"mode": "nearest", "scale_factor": (1.7, 2.3)},
        "smaller": {"mode": "nearest", "scale_factor": (0.6, 0.7)},
        "bilinear": {"mode": "bilinear", "scale_factor": (1.7, 2.3)},
        "aligned": {"mode": "bilinear", "scale_factor": (1.7, 2.3), "align_corners": True},
        "bicubic": {"mode": "bicubic", "scale_factor": (1.7, 2.3)},
        "size": {"mode": "bilinear", "size": (11, 9)},
    }
    both: dict[str, Settings] = {"scale": {}, "size": {"size": (11, 9)}}
    return {
        "Upsample": _resize("Upsample", scales),
        "UpsamplingNearest2d": _resize("UpsamplingNearest2d", both),
        "UpsamplingBilinear2d": _resize("UpsamplingBilinear2d", both),
    }


def _resize(kind: str, canaries: dict[str, Settings]) -> Recipe:
    """Enlarge by 1.7 where neither a size nor a scale is given."""
    plain = module_recipe(kind, normal, {"input": (5, 4, 6, 7)}, canaries)

    def make(draw: Draw, settings: Settings) -> Callable[..., Any]:
        given = any(settings.get(name) is not None for name in ("size", "scale_factor"))
        return plain.make(draw, settings if given else {**settings, "scale_factor": 1.7})

    return replace(plain, make=make)


def _function(
    function: Callable[..., Any],
    inputs: Inputs,
    defaults: Settings,
    canaries: dict[str, Settings] | None = None,
) -> Recipe:
    """Call a function of torch; its hyper-parameters are those of `defaults`."""
    own = {name for name in defaults if name not in OWN}

    def make(draw: Draw, settings: Settings) -> Callable[..., Any]:
        values = {name: settings[name] for name in own}
        return lambda *tensors: function(*tensors, **values)

    return Recipe(make, inputs, frozenset(own | {"input"}), defaults, canaries or {"canary": {}})


def _several(second: tuple[int, ...] | None, number: int = 2) -> Inputs:
    """Draw two or more inputs; the later ones may broadcast to the shape of the first."""

    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor, ...]:
        shapes = [shaped(settings)] + [second or shaped(settings)] * (number - 1)
        return tuple(draw.normal(*shape) for shape in shapes)

    return inputs


def _divided(draw: Draw, settings: Settings) -> tuple[Tensor, Tensor]:
    shape = shaped(settings)
    return draw.normal(*shape), draw.positive(*shape[1:]) * draw.signs(*shape[1:])


def _product(draw: Draw, settings: Settings) -> tuple[Tensor, Tensor]:
    first = shaped(settings)
    return draw.normal(*first), draw.normal(5, first[-1], 6)


def _slice(x: Tensor, dim: int, start: int, stop: int | None, step: int) -> Tensor:
    return x[(slice(None),) * dim + (slice(start, stop, step),)]


def _permute(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    return x.permute(dims)


def _mean(x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    return x.mean(dims, keepdim)


def _sum(x: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor:
    return x.sum(dims, keepdim)


def _functions() -> dict[str, Recipe]:
    image: Settings = {"input": (5, 4, 3, 7)}
    broadcast = _several((4, 1, 1))
    positive = one(lambda d: d.positive)
    sliced = {**image, "dim": 3, "start": 1, "stop": 6, "step": 2}
    reduced = {**image, "dims": (0, 2), "keepdim": False}
    reductions: dict[str, Settings] = {"plain": {}, "keeping": {"dims": (1,), "keepdim": True}}
    return {
        "Add": _function(lambda x, y: x + y, broadcast, image),
        "Sub": _function(lambda x, y: x - y, broadcast, image),
        "Mul": _function(lambda x, y: x * y, broadcast, image),
        "Div": _function(lambda x, y: x / y, _divided, image),
        "MatMul": _function(torch.matmul, _product, {"input": (5, 3, 4)}),
        "Concat": _function(
            lambda *x, dim: torch.cat(x, dim),
            _several(None, 3),
            {**image, "dim": 1},
            {"channels": {}, "last": {"dim": -1}},
        ),
        "Split": _function(
            lambda x, split_sizes, dim: torch.split(
                x, split_sizes if isinstance(split_sizes, int) else list(split_sizes), dim
            ),
            normal,
            {**image, "split_sizes": (2, 4, 1), "dim": 3},
            {"uneven": {}, "remainder": {"split_sizes": 3}},
        ),
        "Reshape": _function(
            lambda x, shape: x.reshape(shape), normal, {**image, "shape": (5, 7, -1)}
        ),
        "Permute": _function(_permute, normal, {**image, "dims": (2, 0, 3, 1)}),
        "Transpose": _function(torch.transpose, normal, {**image, "dim0": 1, "dim1": 3}),
        "Squeeze": _function(torch.squeeze, normal, {"input": (5, 1, 4), "dim": 1}),
        "Unsqueeze": _function(torch.unsqueeze, normal, {**image, "dim": 2}),
        "Slice": _function(
            _slice,
            normal,
            sliced,
            {"steps": {}, "from-the-end": {"start": -4, "stop": None, "step": 1}},
        ),
        "Mean": _function(_mean, normal, reduced, reductions),
        "Sum": _function(_sum, normal, reduced, reductions),
        "Scale": _function(lambda x, factor: x * factor, normal, {**image, "factor": -1.7}),
        "Shift": _function(lambda x, offset: x + offset, normal, {**image, "offset": -1.7}),
        "Clip": _function(
            lambda x, min, max: x.clamp(min, max), kinked, {**image, "min": -1.5, "max": 2.0}
        ),
        "Power": _function(
            lambda x, exponent: x**exponent,
            positive,
            {**image, "exponent": 1.7},
            {"root": {}, "inverse": {"exponent": -2}},
        ),
        "Exp": _function(torch.exp, normal, image),
        "Log": _function(torch.log, positive, image),
        "Sqrt": _function(torch.sqrt, positive, image),
        "Abs": _function(torch.abs, kinked, image),
        "Neg": _function(torch.neg, normal, image),
    }


SHAPED = {**_pads(), **_moves(), **_resizing(), **_functions()}
