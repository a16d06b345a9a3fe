"""Pools, pads and changes of resolution as kinds."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from ..format import Attribute
from .attributes import attributes_of
from .module_inputs import check_rank
from .stages import PREVIOUS, Arguments, Inexpressible, Source, Stage

Builder = Callable[[Arguments], list[Stage]]
Entry = tuple[tuple[str, ...], Builder]

_POOL = ("kernel_size", "stride", "padding")


def _image(kind: str, *names: str, ignored: tuple[str, ...] = ()) -> Entry:
    """One image in, one out; the arguments are the hyper-parameters."""

    def build(a: Arguments) -> list[Stage]:
        values = {name: a.get(name) for name in names}
        # torch's own functions write "like the window" as no number at all.
        values = {name: value for name, value in values.items() if value not in ([], ())}
        stage = Stage(kind, [a.required("input")], attributes_of(values))
        check_rank(kind, stage.sources)
        return [stage]

    return ("input", *names, *ignored), build


def _pad(a: Arguments) -> list[Stage]:
    """`F.pad`: axes are put in front until there are a batch, channels and what is padded."""
    mode, widths = a.get("mode", "constant"), [int(n) for n in a.get("pad")]
    value = float(a.get("value", 0.0) or 0.0)
    source = a.required("input")
    rank, spatial = source.snapshot.value.dim(), len(widths) // 2
    if mode == "constant":
        while spatial > 1 and widths[-2:] == [0, 0]:
            widths, spatial = widths[:-2], spatial - 1
        while spatial < min(3, rank - 2):
            widths, spatial = [*widths, 0, 0], spatial + 1
    front = spatial + 2 - rank
    if spatial not in (1, 2, 3) or front < 0 or (front > 0 and mode != "constant" and front != 1):
        raise Inexpressible(f"a pad of {spatial} axes of {rank}")
    attributes: dict[str, Attribute] = {"padding": widths}
    if mode == "constant":
        kind = "ConstantPad" if value else "ZeroPad"
        if value:
            attributes["value"] = value
    else:
        kind = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}.get(mode, "CircularPad")

    def run(x: Tensor) -> Tensor:
        return functional.pad(x, widths, mode, value if mode == "constant" else None)

    def unsqueeze(x: Tensor) -> Tensor:
        return x.unsqueeze(0)

    def squeeze(x: Tensor) -> Tensor:
        return x.squeeze(0)

    stages: list[Stage] = []
    feeding: Source = source
    for _ in range(front):
        stages.append(Stage("Unsqueeze", [feeding], {"dim": 0}, run=unsqueeze))
        feeding = PREVIOUS
    stages.append(Stage(f"{kind}{spatial}d", [feeding], attributes, run=run))
    stages += [Stage("Squeeze", [PREVIOUS], {"dim": 0}, run=squeeze) for _ in range(front)]
    return stages


def _interpolate(a: Arguments) -> list[Stage]:
    if a.get("antialias"):
        raise Inexpressible("antialias=True")
    names = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")
    values = {name: a.get(name) for name in names}
    size = values["size"]
    if isinstance(size, list | tuple) and not all(isinstance(n, int) for n in size):
        raise Inexpressible("a size that is no number")
    return [Stage("Upsample", [a.required("input")], attributes_of(values))]


def _upsample_bilinear(a: Arguments) -> list[Stage]:
    values = {"size": a.get("size"), "scale_factor": a.get("scale_factor")}
    attributes = attributes_of({**values, "mode": "bilinear", "align_corners": True})
    return [Stage("Upsample", [a.required("input")], attributes)]


def _unfold(a: Arguments) -> list[Stage]:
    if a.operation.function is Tensor.unfold:
        raise Inexpressible("windows along one axis; use torch.nn.functional.unfold")
    stage = Stage(
        "Unfold",
        [a.required("input")],
        attributes_of({n: a.get(n) for n in ("kernel_size", "dilation", "padding", "stride")}),
    )
    check_rank("Unfold", stage.sources)
    return [stage]


IMAGES: dict[str, Entry] = {
    **{
        f"max_pool{d}d{ending}": _image(
            f"MaxPool{d}d", *_POOL, "dilation", "ceil_mode", ignored=("return_indices",)
        )
        for d in (1, 2, 3)
        for ending in ("", "_with_indices")
    },
    **{
        f"adaptive_max_pool{d}d{ending}": _image(
            f"AdaptiveMaxPool{d}d", "output_size", ignored=("return_indices",)
        )
        for d in (1, 2, 3)
        for ending in ("", "_with_indices")
    },
    **{f"adaptive_avg_pool{d}d": _image(f"AdaptiveAvgPool{d}d", "output_size") for d in (1, 2, 3)},
    **{
        f"lp_pool{d}d": _image(f"LPPool{d}d", "norm_type", "kernel_size", "stride", "ceil_mode")
        for d in (1, 2, 3)
    },
    "avg_pool1d": _image("AvgPool1d", *_POOL, "ceil_mode", "count_include_pad"),
    **{
        f"avg_pool{d}d": _image(
            f"AvgPool{d}d", *_POOL, "ceil_mode", "count_include_pad", "divisor_override"
        )
        for d in (2, 3)
    },
    "pad": (("input", "pad", "mode", "value"), _pad),
    "interpolate": (
        (
            "input",
            "size",
            "scale_factor",
            "mode",
            "align_corners",
            "recompute_scale_factor",
            "antialias",
        ),
        _interpolate,
    ),
    "upsample": (("input", "size", "scale_factor", "mode", "align_corners"), _interpolate),
    "upsample_nearest": (("input", "size", "scale_factor"), _interpolate),
    "upsample_bilinear": (("input", "size", "scale_factor"), _upsample_bilinear),
    "fold": _image("Fold", "output_size", "kernel_size", "dilation", "padding", "stride"),
    "unfold": (("input", "kernel_size", "dilation", "padding", "stride"), _unfold),
    "pixel_shuffle": _image("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": _image("PixelUnshuffle", "downscale_factor"),
    "channel_shuffle": _image("ChannelShuffle", "groups"),
    "native_channel_shuffle": _image("ChannelShuffle", "groups"),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
