"""Layers of torch.nn.functional (and their twins in torch and Tensor) as kinds."""

from __future__ import annotations

from collections.abc import Callable

from .attributes import attributes_of
from .chance import CHANCE
from .epsilon import keep_epsilon
from .module_inputs import check_rank
from .module_kinds import implicit_softmax_axis
from .stages import Arguments, Inexpressible, Stage
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
        stage = _stage(a, kind, *names[3:])
        check_rank(kind, stage.sources)
        stage.parameters = as_parameters(a, "weight", "bias")
        if "weight" not in stage.parameters:
            raise Inexpressible("no weight")
        return [stage]

    return tuple(names), build


def _bilinear(a: Arguments) -> list[Stage]:
    stage = Stage("Bilinear", [a.required("input1"), a.required("input2")])
    stage.parameters = as_parameters(a, "weight", "bias")
    return [stage]


def _embedding(a: Arguments) -> list[Stage]:
    stage = _stage(a, "Embedding", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")
    stage.parameters = as_parameters(a, "weight")
    return [stage]


def _distance(kind: str, *names: str) -> Builder:
    def build(a: Arguments) -> list[Stage]:
        values = attributes_of({name: a.get(name) for name in names})
        return [Stage(kind, [a.required("x1"), a.required("x2")], values)]

    return build


def _rrelu(a: Arguments) -> list[Stage]:
    limits = {"lower": float(a.get("lower", 1 / 8)), "upper": float(a.get("upper", 1 / 3))}
    stage = Stage("RReLU", [a.required("input")], attributes_of(limits))
    stage.training = bool(a.get("training", False))
    CHANCE["RReLU"](stage, a.operation)
    return [stage]


def _linear(a: Arguments) -> list[Stage]:
    return [Stage("Linear", [a.required("input")], parameters=as_parameters(a, "weight", "bias"))]


def _normalisation(*, attributes: tuple[str, ...]) -> Callable[[str, Arguments], Stage]:
    def build(kind: str, a: Arguments) -> Stage:
        stage = _stage(a, kind, *attributes)
        stage.parameters = as_parameters(a, "weight", "bias")
        return stage

    return build


def _running(a: Arguments, stage: Stage) -> None:
    for name in ("running_mean", "running_var"):
        slot = a.slot(name)
        if slot is not None:
            stage.buffers[name] = slot


def _instance_norm(a: Arguments) -> list[Stage]:
    kind = f"InstanceNorm{a.rank('input') - 2}d"
    if kind[-2] not in "123":
        raise Inexpressible(f"an instance normalisation of {a.rank('input')} axes")
    stage = _normalisation(attributes=("momentum", "eps"))(kind, a)
    _running(a, stage)
    stage.training = bool(a.get("use_input_stats", True))
    return [stage]


def _rms_norm(a: Arguments) -> list[Stage]:
    stage = _stage(a, "RMSNorm", "normalized_shape", "eps")
    stage.parameters = as_parameters(a, "weight")
    keep_epsilon(stage)
    return [stage]


def _batch_norm(a: Arguments) -> list[Stage]:
    rank = a.rank("input")
    if rank not in (2, 3, 4, 5):
        raise Inexpressible(f"rank {rank}")
    kind = f"BatchNorm{max(1, rank - 2)}d"
    stage = _normalisation(attributes=("momentum", "eps"))(kind, a)
    _running(a, stage)
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
        training = bool(a.get("training", a.get("train", not kind.endswith("AlphaDropout"))))
        stage = Stage(kind, [a.required("input")], {"p": p}, training=training)
        check_rank(kind, stage.sources)
        CHANCE[kind](stage, a.operation)
        return [stage]

    return ("input", "p", "training", "inplace", "train"), build


_RUNNING = ("input", "running_mean", "running_var", "weight", "bias")

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
    "log_sigmoid": _simple("LogSigmoid"),
    "_threshold": _activation("Threshold", "threshold", "value"),
    "threshold": _activation("Threshold", "threshold", "value"),
    "glu": _simple("GLU", "dim"),
    "rrelu": (("input", "lower", "upper", "training", "inplace"), _rrelu),
    "prelu": (("input", "weight"), _prelu),
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "softmin": _softmax("Softmin"),
    "linear": (("input", "weight", "bias"), _linear),
    "bilinear": (("input1", "input2", "weight", "bias"), _bilinear),
    "embedding": (
        ("input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"),
        _embedding,
    ),
    "cosine_similarity": (("x1", "x2", "dim", "eps"), _distance("CosineSimilarity", "dim", "eps")),
    "pairwise_distance": (
        ("x1", "x2", "p", "eps", "keepdim"),
        _distance("PairwiseDistance", "p", "eps", "keepdim"),
    ),
    **{f"conv{d}d": _convolution(f"Conv{d}d", d) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": _convolution(f"ConvTranspose{d}d", d) for d in (1, 2, 3)},
    "batch_norm": (
        (*_RUNNING, "training", "momentum", "eps"),
        _batch_norm,
    ),
    "instance_norm": (
        (*_RUNNING, "use_input_stats", "momentum", "eps"),
        _instance_norm,
    ),
    "rms_norm": (("input", "normalized_shape", "weight", "eps"), _rms_norm),
    "local_response_norm": _simple("LocalResponseNorm", "size", "alpha", "beta", "k"),
    "layer_norm": (("input", "normalized_shape", "weight", "bias", "eps"), _layer_norm),
    "group_norm": (("input", "num_groups", "weight", "bias", "eps"), _group_norm),
    "dropout": _dropout("Dropout"),
    **{f"dropout{d}d": _dropout(f"Dropout{d}d") for d in (1, 2, 3)},
    "alpha_dropout": _dropout("AlphaDropout"),
    "feature_alpha_dropout": _dropout("FeatureAlphaDropout"),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
