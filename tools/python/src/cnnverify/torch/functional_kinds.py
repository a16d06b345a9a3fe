"""Functions of torch.nn.functional (and their twins in torch and Tensor) as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .attributes import attributes_of
from .dropout import kept_elements
from .module_kinds import implicit_softmax_axis
from .stages import Arguments, Inexpressible, Source, Stage
from .tape import Slot

Builder = Callable[[Arguments], list[Stage]]
Entry = tuple[tuple[str, ...], Builder]


def _stage(a: Arguments, kind: str, *names: str, **renamed: str) -> Stage:
    """One input, the named arguments as hyper-parameters under the same names."""
    values = {name: a.get(name) for name in names}
    values |= {attribute: a.get(argument) for attribute, argument in renamed.items()}
    return Stage(kind, [a.required("input")], attributes_of(values))


def _simple(kind: str, *names: str) -> Entry:
    return ("input", *names), lambda a: [_stage(a, kind, *names)]


def _activation(kind: str, *names: str) -> Entry:
    return ("input", *names, "inplace"), lambda a: [_stage(a, kind, *names)]


def as_parameters(a: Arguments, *names: str) -> dict[str, Slot]:
    """Give the arguments that are parameters of the model; another tensor there has no kind."""
    slots = {name: slot for name in names if (slot := a.slot(name)) is not None}
    if any(slot.role != "parameter" for slot in slots.values()):
        raise Inexpressible("a weight that another operation computed")
    return slots


def _convolution(kind: str, spatial: int) -> Entry:
    transposed = "Transpose" in kind
    names = ["input", "weight", "bias", "stride", "padding"]
    names += ["output_padding", "groups", "dilation"] if transposed else ["dilation", "groups"]

    def build(a: Arguments) -> list[Stage]:
        if a.rank("input") != spatial + 2:
            raise Inexpressible("no batch axis")
        stage = _stage(a, kind, *names[3:])
        stage.parameters = as_parameters(a, "weight", "bias")
        if "weight" not in stage.parameters:
            raise Inexpressible("no weight")
        return [stage]

    return tuple(names), build


def _linear(a: Arguments) -> list[Stage]:
    return [Stage("Linear", [a.required("input")], parameters=as_parameters(a, "weight", "bias"))]


def _pool(kind: str, spatial: int, *names: str) -> Entry:
    def build(a: Arguments) -> list[Stage]:
        if a.rank("input") != spatial + 2:
            raise Inexpressible("no batch axis")
        stage = _stage(a, kind, *names)
        if stage.attributes.get("stride") == []:
            del stage.attributes["stride"]
        return [stage]

    return ("input", *names, "return_indices"), build


def _normalisation(*, attributes: tuple[str, ...]) -> Callable[[str, Arguments], Stage]:
    def build(kind: str, a: Arguments) -> Stage:
        stage = _stage(a, kind, *attributes)
        stage.parameters = as_parameters(a, "weight", "bias")
        return stage

    return build


def _batch_norm(a: Arguments) -> list[Stage]:
    rank = a.rank("input")
    if rank not in (2, 3, 4, 5):
        raise Inexpressible(f"rank {rank}")
    kind = f"BatchNorm{max(1, rank - 2)}d"
    stage = _normalisation(attributes=("momentum", "eps"))(kind, a)
    for name in ("running_mean", "running_var"):
        slot = a.slot(name)
        if slot is not None:
            stage.buffers[name] = slot
    stage.training = bool(a.get("training", False))
    return [stage]


def _layer_norm(a: Arguments) -> list[Stage]:
    return [_normalisation(attributes=("normalized_shape", "eps"))("LayerNorm", a)]


def _group_norm(a: Arguments) -> list[Stage]:
    return [_normalisation(attributes=("num_groups", "eps"))("GroupNorm", a)]


def _prelu(a: Arguments) -> list[Stage]:
    return [Stage("PReLU", [a.required("input")], parameters=as_parameters(a, "weight"))]


def _softmax(kind: str) -> Entry:
    def build(a: Arguments) -> list[Stage]:
        if a.get("dtype") is not None:
            raise Inexpressible("a change of type")
        slot = a.required("input")
        dim = a.get("dim")
        return [Stage(kind, [slot], {"dim": implicit_softmax_axis(slot) if dim is None else dim})]

    return ("input", "dim", "_stacklevel", "dtype"), lambda a: build(_without(a, "_stacklevel"))


def _without(a: Arguments, name: str) -> Arguments:
    """Drop an argument that changes nothing, or sort out torch.softmax's own order."""
    value = a.values.get(name)
    kept = {k: v for k, v in a.values.items() if k != name}
    if value is not None and not isinstance(value, int):
        kept["dtype"] = value
    return Arguments(a.operation, kept)


def _dropout(kind: str) -> Entry:
    def build(a: Arguments) -> list[Stage]:
        p = float(a.get("p", 0.5))
        training = bool(a.get("training", a.get("train", True)))
        stage = Stage(kind, [a.required("input")], {"p": p}, training=training)
        if training:
            stage.auxiliary["mask"] = kept_elements(kind, p, a.operation)
        return [stage]

    return ("input", "p", "training", "inplace", "train"), build


_REDUCTION = ("size_average", "reduce", "reduction")


def _loss(
    kind: str, names: tuple[str, ...], *attributes: str, weights: tuple[str, ...] = ()
) -> Entry:
    def build(a: Arguments) -> list[Stage]:
        unexpected = [n for n in ("weight", "pos_weight") if n not in weights and a.slot(n)]
        if unexpected or a.get("size_average") is not None or a.get("reduce") is not None:
            raise Inexpressible("weights or legacy arguments")
        sources: list[Source] = [a.required("input"), a.required("target")]
        values: dict[str, Any] = {n: a.get(n) for n in attributes}
        values["reduction"] = a.get("reduction", "mean")
        stage = Stage(kind, sources, attributes_of(values))
        for name in weights:
            slot = a.slot(name)
            if slot is not None:
                if slot.requires_grad:
                    raise Inexpressible("a weight with a gradient")
                stage.auxiliary[name] = slot.snapshot.value
        return [stage]

    return ("input", "target", *names), build


_POOL = ("kernel_size", "stride", "padding")
_CLASSES = ("weight", "size_average", "ignore_index", "reduce", "reduction")

FUNCTIONAL: dict[str, Entry] = {
    "relu": _activation("ReLU"),
    "relu6": _activation("ReLU6"),
    "leaky_relu": _activation("LeakyReLU", "negative_slope"),
    "elu": _activation("ELU", "alpha"),
    "celu": _activation("CELU", "alpha"),
    "selu": _activation("SELU"),
    "silu": _activation("SiLU"),
    "mish": _activation("Mish"),
    "hardtanh": _activation("Hardtanh", "min_val", "max_val"),
    "hardswish": _activation("Hardswish"),
    "hardsigmoid": _activation("Hardsigmoid"),
    "gelu": _simple("GELU", "approximate"),
    "sigmoid": _simple("Sigmoid"),
    "tanh": _simple("Tanh"),
    "softplus": _simple("Softplus", "beta", "threshold"),
    "softsign": _simple("Softsign"),
    "hardshrink": _simple("Hardshrink", "lambd"),
    "softshrink": _simple("Softshrink", "lambd"),
    "tanhshrink": _simple("Tanhshrink"),
    "logsigmoid": _simple("LogSigmoid"),
    "prelu": (("input", "weight"), _prelu),
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "linear": (("input", "weight", "bias"), _linear),
    **{f"conv{d}d": _convolution(f"Conv{d}d", d) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": _convolution(f"ConvTranspose{d}d", d) for d in (1, 2, 3)},
    **{
        f"max_pool{d}d{ending}": _pool(f"MaxPool{d}d", d, *_POOL, "dilation", "ceil_mode")
        for d in (1, 2, 3)
        for ending in ("", "_with_indices")
    },
    "avg_pool1d": _pool("AvgPool1d", 1, *_POOL, "ceil_mode", "count_include_pad"),
    **{
        f"avg_pool{d}d": _pool(
            f"AvgPool{d}d", d, *_POOL, "ceil_mode", "count_include_pad", "divisor_override"
        )
        for d in (2, 3)
    },
    **{
        f"adaptive_avg_pool{d}d": _pool(f"AdaptiveAvgPool{d}d", d, "output_size") for d in (1, 2, 3)
    },
    **{
        f"adaptive_max_pool{d}d": _pool(f"AdaptiveMaxPool{d}d", d, "output_size") for d in (1, 2, 3)
    },
    "batch_norm": (
        ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
        _batch_norm,
    ),
    "layer_norm": (("input", "normalized_shape", "weight", "bias", "eps"), _layer_norm),
    "group_norm": (("input", "num_groups", "weight", "bias", "eps"), _group_norm),
    "pixel_shuffle": _simple("PixelShuffle", "upscale_factor"),
    "pixel_unshuffle": _simple("PixelUnshuffle", "downscale_factor"),
    "channel_shuffle": _simple("ChannelShuffle", "groups"),
    "dropout": _dropout("Dropout"),
    **{f"dropout{d}d": _dropout(f"Dropout{d}d") for d in (1, 2, 3)},
    "cross_entropy": _loss(
        "CrossEntropyLoss",
        (*_CLASSES, "label_smoothing"),
        "ignore_index",
        "label_smoothing",
        weights=("weight",),
    ),
    "nll_loss": _loss("NLLLoss", _CLASSES, "ignore_index", weights=("weight",)),
    "mse_loss": _loss("MSELoss", (*_REDUCTION, "weight")),
    "l1_loss": _loss("L1Loss", (*_REDUCTION, "weight")),
    "smooth_l1_loss": _loss("SmoothL1Loss", (*_REDUCTION, "beta"), "beta"),
    "huber_loss": _loss("HuberLoss", ("reduction", "delta", "weight"), "delta"),
    "kl_div": _loss("KLDivLoss", (*_REDUCTION, "log_target"), "log_target"),
    "binary_cross_entropy": _loss("BCELoss", ("weight", *_REDUCTION), weights=("weight",)),
    "binary_cross_entropy_with_logits": _loss(
        "BCEWithLogitsLoss",
        ("weight", *_REDUCTION, "pos_weight"),
        weights=("weight", "pos_weight"),
    ),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
