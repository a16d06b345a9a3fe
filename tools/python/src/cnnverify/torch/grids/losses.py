"""Losses: ignored rows, class weights, every reduction, distances of exactly nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .draw import Draw
from .recipe import Inputs, Recipe, Settings, module_recipe, shaped

CLASSES = 4
ROWS = (7, CLASSES)

_REDUCTIONS: dict[str, Settings] = {
    "mean": {"reduction": "mean"},
    "sum": {"reduction": "sum"},
    "none": {"reduction": "none"},
}


def _reduced(**more: Settings) -> dict[str, Settings]:
    return {**_REDUCTIONS, **more}


def _of(*draws: Callable[[Draw, tuple[int, ...]], Tensor]) -> Inputs:
    """Draw each input from the shape of the first."""

    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor, ...]:
        return tuple(make(draw, shaped(settings)) for make in draws)

    return inputs


def _normal(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.normal(*shape)


def _halves(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    """Draw multiples of ½: differences of nothing, and of exactly a threshold."""
    return draw.integers(*shape) / 2


def _logarithms(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.normal(*shape).log_softmax(1)


def _probabilities(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.normal(*shape).softmax(1)


def _between(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.uniform(*shape) * 0.9 + 0.05


def _rows(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.normal(shape[0])


def _ties(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.integers(shape[0])


def _signs(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.signs(*shape)


def _row_signs(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.signs(shape[0])


def _true(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    return draw.indices(2, *shape).to(draw.dtype)


def _classes(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    """Draw the class of each row, or pixel, each class at least once."""
    chosen = draw.indices(shape[1], shape[0], *shape[2:])
    chosen.reshape(-1)[: shape[1]] = torch.arange(shape[1])
    return chosen


def _label_lists(draw: Draw, shape: tuple[int, ...]) -> Tensor:
    """Draw a list of classes for each row; -1 ends it, and what stands behind does not count."""
    lists = [torch.randperm(shape[1], generator=draw.generator) for _ in range(shape[0])]
    target = torch.stack(lists)
    for row in range(shape[0]):
        target[row, row % shape[1]] = -1
    return target


def _cross_entropy(draw: Draw, settings: Settings) -> tuple[Tensor, Tensor]:
    target = _probabilities if settings["target"] == "probabilities" else _classes
    return _normal(draw, shaped(settings)), target(draw, shaped(settings))


def _connectionist(draw: Draw, settings: Settings) -> tuple[Any, ...]:
    time, batch, classes = shaped(settings)
    scores = draw.normal(time, batch, classes).log_softmax(2)
    # One target repeats a label, which needs a blank between; one is shorter, as its input is.
    targets = draw.indices(classes - 1, batch, 3) + 1
    targets[0, 1] = targets[0, 0]
    lengths = [max(3, time - k) for k in range(batch)]
    return scores, targets, tuple(lengths), tuple(3 - k % 3 for k in range(batch))


def _classification() -> dict[str, Recipe]:
    ignoring = {"weight": True, "ignore_index": 1, "input": ROWS}
    pixels: Settings = {"input": (5, CLASSES, 3, 2)}
    weight = {"weight": CLASSES}
    cross = module_recipe(
        "CrossEntropyLoss",
        _cross_entropy,
        {**ignoring, "target": "classes"},
        _reduced(
            pixels=pixels,
            smoothed={"label_smoothing": 0.1},
            probabilities={"target": "probabilities", "ignore_index": -100},
        ),
        weights=weight,
    )
    return {
        "CrossEntropyLoss": replace(cross, known=cross.known | {"target"}),
        "NLLLoss": module_recipe(
            "NLLLoss",
            _of(_logarithms, _classes),
            ignoring,
            _reduced(pixels=pixels),
            weights=weight,
        ),
        "BCELoss": module_recipe(
            "BCELoss",
            _of(_between, _true),
            {"weight": True, "input": ROWS},
            _reduced(),
            weights=weight,
        ),
        "BCEWithLogitsLoss": module_recipe(
            "BCEWithLogitsLoss",
            _of(_normal, _true),
            {"weight": True, "pos_weight": True, "input": ROWS},
            _reduced(),
            weights={"weight": CLASSES, "pos_weight": CLASSES},
        ),
        "MultiMarginLoss": module_recipe(
            "MultiMarginLoss",
            _of(_normal, _classes),
            {"weight": True, "margin": 0.7, "input": ROWS},
            _reduced(squares={"p": 2}),
            weights=weight,
        ),
        "MultiLabelMarginLoss": module_recipe(
            "MultiLabelMarginLoss", _of(_normal, _label_lists), {"input": ROWS}, _reduced()
        ),
        "MultiLabelSoftMarginLoss": module_recipe(
            "MultiLabelSoftMarginLoss",
            _of(_normal, _true),
            {"weight": True, "input": ROWS},
            _reduced(),
            weights=weight,
        ),
        "CTCLoss": module_recipe(
            "CTCLoss",
            _connectionist,
            {"input": (9, 5, CLASSES), "zero_infinity": True},
            _reduced(),
        ),
    }


def _regression() -> dict[str, Recipe]:
    pair: dict[str, tuple[Inputs, dict[str, Any], dict[str, Settings]]] = {
        "MSELoss": (_of(_normal, _normal), {}, {}),
        "L1Loss": (_of(_halves, _halves), {}, {}),
        "SmoothL1Loss": (_of(_halves, _halves), {"beta": 0.5}, {}),
        "HuberLoss": (_of(_halves, _halves), {"delta": 1.5}, {}),
        "SoftMarginLoss": (_of(_normal, _signs), {}, {}),
        "HingeEmbeddingLoss": (_of(_normal, _signs), {"margin": 0.7}, {}),
        "KLDivLoss": (
            _of(_logarithms, _probabilities),
            {},
            {"batchmean": {"reduction": "batchmean"}},
        ),
        "PoissonNLLLoss": (
            _of(_normal, lambda d, s: d.positive(*s) * 3),
            {"full": True},
            {},
        ),
        "GaussianNLLLoss": (
            _of(_normal, _normal, lambda d, s: d.positive(*s)),
            {"full": True},
            {},
        ),
        "CosineEmbeddingLoss": (_of(_normal, _normal, _row_signs), {"margin": 0.2}, {}),
        "MarginRankingLoss": (_of(_ties, _ties, _row_signs), {"margin": 1.0}, {}),
        "TripletMarginLoss": (
            _of(_normal, _normal, _normal),
            {"margin": 0.7},
            {"swapped": {"swap": True, "p": 3.0, "eps": 0.01}},
        ),
        "TripletMarginWithDistanceLoss": (
            _of(_normal, _normal, _normal),
            {"margin": 0.7},
            {"swapped": {"swap": True}},
        ),
    }
    recipes = {}
    for kind, (inputs, defaults, more) in pair.items():
        recipes[kind] = module_recipe(kind, inputs, {"input": ROWS, **defaults}, _reduced(**more))
    return recipes


LOSS_RECIPES = {**_classification(), **_regression()}
