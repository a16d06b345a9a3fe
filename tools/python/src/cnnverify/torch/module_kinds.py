"""Leaf modules of torch.nn as kinds: their constructor arguments are the hyper-parameters."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from ..format import Attribute
from .attributes import attributes_of
from .chance import CHANCE
from .epsilon import keep_epsilon
from .module_inputs import check_rank, module_sources, output_padding
from .stages import Inexpressible, Stage
from .tape import Operation, Slot

_DIMENSIONAL = """
    Conv ConvTranspose MaxPool AvgPool LPPool AdaptiveAvgPool AdaptiveMaxPool BatchNorm
    InstanceNorm ZeroPad ConstantPad ReflectionPad ReplicationPad CircularPad Dropout
""".split()

_PLAIN = """
    Linear Bilinear GroupNorm LayerNorm RMSNorm LocalResponseNorm CosineSimilarity PairwiseDistance
    ReLU ReLU6 LeakyReLU PReLU RReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Softplus Softsign
    Softmax LogSoftmax Softmin Softmax2d Hardtanh Hardsigmoid Hardswish Hardshrink Softshrink
    Tanhshrink LogSigmoid Threshold GLU Dropout AlphaDropout FeatureAlphaDropout
    Flatten Unflatten Fold Unfold Upsample UpsamplingNearest2d UpsamplingBilinear2d
    PixelShuffle PixelUnshuffle ChannelShuffle Identity Embedding
    CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss
    KLDivLoss PoissonNLLLoss GaussianNLLLoss HingeEmbeddingLoss CosineEmbeddingLoss
    MarginRankingLoss TripletMarginLoss TripletMarginWithDistanceLoss MultiMarginLoss
    MultiLabelMarginLoss SoftMarginLoss MultiLabelSoftMarginLoss CTCLoss
""".split()

MODULE_KINDS = (frozenset(_PLAIN) | {f"{k}{d}d" for k in _DIMENSIONAL for d in (1, 2, 3)}) - {
    "FractionalMaxPool1d"
}

_SAID_BY_TENSORS = frozenset(
    """
    in_channels out_channels in_features out_features in1_features in2_features num_features
    num_channels num_parameters num_embeddings embedding_dim bias affine elementwise_affine
    track_running_stats inplace device dtype return_indices init size_average reduce sparse weight
    pos_weight _weight _freeze distance_function output_padding min_value max_value args kwargs
    """.split()
)
"""Constructor arguments that the tensors already say, that change no number, or that the module
keeps under another name."""

_KEPT_AS = {("PairwiseDistance", "p"): "norm"}
"""Where a module keeps an argument under another name."""

_BUFFERED = ("BatchNorm", "InstanceNorm")


def module_stage(operation: Operation) -> Stage:
    """Express a recorded leaf module, or raise `Inexpressible`."""
    module = operation.module
    if module is None or type(module) is not getattr(nn, type(module).__name__, None):
        raise Inexpressible("no class of torch.nn")
    kind = type(module).__name__
    if kind not in MODULE_KINDS:
        raise Inexpressible(f"no kind {kind}")
    if operation.autocast is not None:
        raise Inexpressible("autocast chooses the arithmetic")
    stage = Stage(
        kind=kind,
        sources=module_sources(kind, operation),
        attributes=_hyper_parameters(kind, type(module), operation),
        parameters=dict(operation.parameters),
        buffers=dict(operation.buffers),
    )
    check_rank(kind, stage.sources)
    _refuse_variants(module)
    if kind.endswith("Loss"):
        for name in list(stage.buffers):
            stage.auxiliary[name] = stage.buffers.pop(name).snapshot.value
    if kind.startswith(_BUFFERED):
        stage.training = operation.training
    if kind in CHANCE:
        stage.training = operation.training
        CHANCE[kind](stage, operation)
    if kind == "RMSNorm":
        keep_epsilon(stage)
    return stage


def _hyper_parameters(
    kind: str, cls: type[nn.Module], operation: Operation
) -> dict[str, Attribute]:
    values: dict[str, Any] = {}
    for name, default in _constructor_arguments(cls).items():
        if _is_implied(kind, name):
            continue
        kept = _KEPT_AS.get((kind, name), name)
        if kept not in operation.settings:
            raise Inexpressible(f"the module does not say its {name}")
        value = operation.settings[kept]
        if value is None and default is not None:
            value = "none"
        values[name] = value
    if kind in ("Softmax", "LogSoftmax", "Softmin") and values.get("dim") is None:
        values["dim"] = implicit_softmax_axis(operation.slots[0])
    if kind.startswith("ConvTranspose"):
        values["output_padding"] = output_padding(operation)
    return attributes_of(values)


def _is_implied(kind: str, name: str) -> bool:
    if name == "kernel_size":
        return kind.startswith("Conv")
    return name in _SAID_BY_TENSORS


def _refuse_variants(module: nn.Module) -> None:
    """The only function of the format is the Euclidean distance, torch's default."""
    distance = getattr(module, "distance_function", None)
    if distance is None:
        return
    usual = isinstance(distance, nn.PairwiseDistance) and distance.norm == 2
    if not usual or distance.eps != 1e-6 or distance.keepdim:
        raise Inexpressible("a distance function of its own")


def implicit_softmax_axis(slot: Slot) -> int:
    """Give the axis torch chooses for a softmax without `dim`: 0 for rank 0, 1 and 3, else 1."""
    return 0 if slot.snapshot.value.dim() in (0, 1, 3) else 1


def _constructor_arguments(cls: type[nn.Module]) -> dict[str, Any]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name != "self"
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
