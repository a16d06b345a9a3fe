"""Wrong dropouts, resamplings and shuffles."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from subjects import Draw, Mutant, Subject


def dropouts(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a dropout with its mask."""
    x, mask = draw.normal(6, 7), draw.mask(6, 7, keep=0.7)

    def right(x: Tensor) -> Tensor:
        return x * mask / (1 - 0.3)

    subject = Subject(
        "Dropout",
        right,
        [x],
        draw.normal(6, 7),
        attributes={"p": 0.3},
        auxiliary={"mask": mask},
        training=True,
    )
    yield (
        subject,
        [
            *subject.replay("dropout-scale", lambda x: x * mask),
            *subject.replay("dropout-mask", lambda x: x * (1 - mask) / (1 - 0.3)),
            *subject.replay("training-flag", lambda x: x * 1),
        ],
    )


def resamplings(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give an interpolation by a factor that is no whole number."""
    x = draw.normal(2, 3, 5, 7)

    def scaled(mode: str, corners: bool | None):  # type: ignore[no-untyped-def]
        def function(x: Tensor) -> Tensor:
            return functional.interpolate(x, (8, 10), mode=mode, align_corners=corners)

        return function

    g = draw.normal(2, 3, 8, 10)
    bilinear = Subject(
        "Upsample",
        scaled("bilinear", False),
        [x],
        g,
        attributes={"size": [8, 10], "mode": "bilinear", "align_corners": False},
    )
    yield (
        bilinear,
        [
            *bilinear.replay("align-corners", scaled("bilinear", True)),
            *bilinear.replay("upsample-mode", scaled("nearest", None)),
        ],
    )
    nearest = Subject(
        "Upsample", scaled("nearest", None), [x], g, attributes={"size": [8, 10], "mode": "nearest"}
    )
    yield (
        nearest,
        [
            *nearest.replay("upsample-nearest-rounding", scaled("nearest-exact", None)),
            *nearest.replay("upsample-mode", scaled("bilinear", False)),
        ],
    )


def shuffles(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give the shuffles of pixels and of channels."""
    x = draw.normal(2, 12, 3, 4)

    def pixels(x: Tensor) -> Tensor:
        return functional.pixel_shuffle(x, 2)

    def block_first(x: Tensor) -> Tensor:
        return pixels(x.unflatten(1, (4, 3)).transpose(1, 2).flatten(1, 2))

    subject = Subject(
        "PixelShuffle", pixels, [x], draw.normal(2, 3, 6, 8), attributes={"upscale_factor": 2}
    )
    yield subject, list(subject.replay("pixel-shuffle-order", block_first))

    def channels(x: Tensor) -> Tensor:
        return functional.channel_shuffle(x, 3)

    other = Subject(
        "ChannelShuffle", channels, [x], draw.normal(2, 12, 3, 4), attributes={"groups": 3}
    )
    yield (
        other,
        list(other.replay("channel-shuffle-order", lambda x: functional.channel_shuffle(x, 4))),
    )


def flattened(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a flattening of images."""
    x = draw.normal(3, 2, 4, 5)

    def last(x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)

    subject = Subject("Flatten", lambda x: torch.flatten(x, 1), [x], draw.normal(3, 40))
    yield subject, list(subject.replay("flatten-order", last))
