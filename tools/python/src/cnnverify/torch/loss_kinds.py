"""Losses of torch.nn.functional as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import _reduction

from .attributes import attributes_of
from .module_inputs import as_source
from .stages import Arguments, Inexpressible, Source, Stage

Builder = Callable[[Arguments], list[Stage]]
Entry = tuple[tuple[str, ...], Builder]

_REDUCTION = ("size_average", "reduce", "reduction")
_CLASSES = ("weight", "size_average", "ignore_index", "reduce", "reduction")


def _loss(
    kind: str,
    names: tuple[str, ...],
    *attributes: str,
    inputs: tuple[str, ...] = ("input", "target"),
    weights: tuple[str, ...] = (),
    **defaults: Any,
) -> Entry:
    """`names` are the arguments after the inputs; `defaults` those that differ from the class's."""

    def build(a: Arguments) -> list[Stage]:
        if any(a.slot(n) for n in ("weight", "pos_weight") if n not in weights):
            raise Inexpressible("a weight for each element")
        values: dict[str, Any] = {n: a.get(n, defaults.get(n)) for n in attributes}
        values["reduction"] = _reduction_of(a)
        stage = Stage(kind, _sources(kind, a, inputs), attributes_of(values))
        for name in weights:
            slot = a.slot(name)
            if slot is not None:
                if slot.requires_grad:
                    raise Inexpressible("a weight with a gradient")
                stage.auxiliary[name] = slot.snapshot.value
        return [stage]

    return (*inputs, *names), build


def _distance_loss(a: Arguments) -> list[Stage]:
    if a.get("distance_function") is not None:
        raise Inexpressible("a distance function of its own")
    kind, inputs = "TripletMarginWithDistanceLoss", ("anchor", "positive", "negative")
    values = {name: a.get(name) for name in ("margin", "swap", "reduction")}
    return [Stage(kind, _sources(kind, a, inputs), attributes_of(values))]


def _reduction_of(a: Arguments) -> str:
    average, reduce = a.get("size_average"), a.get("reduce")
    if average is not None or reduce is not None:
        return _reduction.legacy_get_string(average, reduce, emit_warning=False)
    return str(a.get("reduction", "mean"))


def _sources(kind: str, a: Arguments, names: tuple[str, ...]) -> list[Source]:
    return [as_source(kind, name, a.get(name), a.operation) for name in names]


_PAIR = ("input1", "input2", "target")
_LENGTHS = ("log_probs", "targets", "input_lengths", "target_lengths")

LOSSES: dict[str, Entry] = {
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
    "poisson_nll_loss": _loss(
        "PoissonNLLLoss",
        ("log_input", "full", "size_average", "eps", "reduce", "reduction"),
        "log_input",
        "full",
        "eps",
    ),
    "gaussian_nll_loss": _loss(
        "GaussianNLLLoss",
        ("full", "eps", "reduction"),
        "full",
        "eps",
        inputs=("input", "target", "var"),
    ),
    "hinge_embedding_loss": _loss("HingeEmbeddingLoss", ("margin", *_REDUCTION), "margin"),
    "cosine_embedding_loss": _loss(
        "CosineEmbeddingLoss", ("margin", *_REDUCTION), "margin", inputs=_PAIR
    ),
    "margin_ranking_loss": _loss(
        "MarginRankingLoss", ("margin", *_REDUCTION), "margin", inputs=_PAIR
    ),
    "triplet_margin_loss": _loss(
        "TripletMarginLoss",
        ("margin", "p", "eps", "swap", *_REDUCTION),
        "margin",
        "p",
        "eps",
        "swap",
        inputs=("anchor", "positive", "negative"),
    ),
    "triplet_margin_with_distance_loss": (
        ("anchor", "positive", "negative", "distance_function", "margin", "swap", "reduction"),
        _distance_loss,
    ),
    "multi_margin_loss": _loss(
        "MultiMarginLoss",
        ("p", "margin", "weight", *_REDUCTION),
        "p",
        "margin",
        weights=("weight",),
    ),
    "multilabel_margin_loss": _loss("MultiLabelMarginLoss", _REDUCTION),
    "soft_margin_loss": _loss("SoftMarginLoss", _REDUCTION),
    "multilabel_soft_margin_loss": _loss(
        "MultiLabelSoftMarginLoss", ("weight", *_REDUCTION), weights=("weight",)
    ),
    "ctc_loss": _loss(
        "CTCLoss",
        ("blank", "reduction", "zero_infinity"),
        "blank",
        "zero_infinity",
        inputs=_LENGTHS,
    ),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
