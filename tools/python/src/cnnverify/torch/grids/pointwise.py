"""Kinds that work on each element, on a channel or on a row: activations, dense, normalisation."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .draw import Draw
from .recipe import Inputs, Recipe, Settings, kinked, module_recipe, normal, shaped

IMAGE = (5, 4, 6, 7)
SHAPES = {1: (5, 4, 7), 2: IMAGE, 3: (5, 4, 3, 6, 7)}

_SMALL = 0.01
"""The deviation of data to be normalised: its variance, 1e-4, does not drown an epsilon of 1e-5."""


def _quiet(draw: Draw, settings: Settings) -> tuple[Tensor]:
    """Draw small deviations about a mean of its own for each image and channel."""
    shape = shaped(settings)
    means = draw.normal(*shape[:2], *[1] * (len(shape) - 2))
    return ((draw.normal(*shape) + means) * _SMALL,)


_PLAIN_ACTIVATIONS = """
    ReLU ReLU6 SELU SiLU Mish Sigmoid Tanh Softsign Hardsigmoid Hardswish Tanhshrink LogSigmoid
    Identity
""".split()

_ACTIVATIONS: dict[str, dict[str, Settings]] = {
    **{kind: {"zeros": {}} for kind in _PLAIN_ACTIVATIONS},
    "LeakyReLU": {"steep": {"negative_slope": 0.3}},
    "ELU": {"alpha": {"alpha": 1.7}},
    "CELU": {"alpha": {"alpha": 1.7}},
    "GELU": {"exact": {"approximate": "none"}, "tanh": {"approximate": "tanh"}},
    "Softplus": {"sharp": {"beta": 1.5, "threshold": 6}},
    "Hardtanh": {"uneven": {"min_val": -1.5, "max_val": 2.5}},
    "Hardshrink": {"wide": {"lambd": 1.5}},
    "Softshrink": {"wide": {"lambd": 1.5}},
    "Threshold": {"uneven": {"threshold": 0.5, "value": -2.0}},
    "PReLU": {"channels": {"num_parameters": 4}, "one": {"num_parameters": 1}},
    "RReLU": {"training": {"lower": 0.2, "upper": 0.7}, "evaluating": {"training": False}},
    "GLU": {"channels": {"dim": 1}, "last": {"dim": -1, "input": (5, 3, 7, 4)}},
}
_ACTIVATION_DEFAULTS: dict[str, Settings] = {
    "Threshold": {"threshold": 0.5, "value": -2.0},
    "GLU": {"dim": 1},
    "PReLU": {"num_parameters": 4},
}

_SOFTMAX: dict[str, Settings] = {"channels": {"dim": 1}, "last": {"dim": -1}}


def _activations() -> dict[str, Recipe]:
    recipes = {
        kind: module_recipe(
            kind, kinked, {"input": IMAGE, **_ACTIVATION_DEFAULTS.get(kind, {})}, canaries
        )
        for kind, canaries in _ACTIVATIONS.items()
    }
    for kind in ("Softmax", "LogSoftmax", "Softmin"):
        recipes[kind] = module_recipe(kind, normal, {"input": IMAGE, "dim": 1}, _SOFTMAX)
    return {**recipes, "Softmax2d": module_recipe("Softmax2d", normal, {"input": IMAGE})}


def _dropouts() -> dict[str, Recipe]:
    # With p = ½ the probabilities to keep and to drop cannot be told apart; among the inputs are
    # zeros, which must not pass for dropped elements.
    recipes = {}
    shapes: dict[str, tuple[int, ...]] = {
        "Dropout": IMAGE,
        "AlphaDropout": IMAGE,
        "FeatureAlphaDropout": IMAGE,
    }
    shapes |= {f"Dropout{axes}d": shape for axes, shape in SHAPES.items()}
    for kind, shape in shapes.items():
        canaries: dict[str, Settings] = {"training": {}, "evaluating": {"training": False}}
        recipes[kind] = module_recipe(kind, kinked, {"input": shape, "p": 0.3}, canaries)
    return recipes


def _normalisations() -> dict[str, Recipe]:
    recipes: dict[str, Recipe] = {}
    modes: dict[str, Settings] = {
        "training": {"momentum": 0.3},
        "evaluating": {"training": False},
        "cumulative": {"momentum": None},
        "without-affine": {"affine": False, "momentum": 0.3},
    }
    common: dict[str, Any] = {"num_features": 4, "deviation": _SMALL}
    for axes, shape in SHAPES.items():
        defaults = {**common, "input": shape, "momentum": 0.3}
        recipes[f"BatchNorm{axes}d"] = module_recipe(f"BatchNorm{axes}d", _quiet, defaults, modes)
        tracked = {**defaults, "affine": True, "track_running_stats": True}
        untracked: Settings = {"track_running_stats": False}
        recipes[f"InstanceNorm{axes}d"] = module_recipe(
            f"InstanceNorm{axes}d",
            _quiet,
            tracked,
            {"training": {}, "evaluating": {"training": False}, "untracked": untracked},
        )
    groups = {"num_groups": 2, "num_channels": 4, "input": IMAGE}
    recipes["GroupNorm"] = module_recipe("GroupNorm", _quiet, groups)
    rows = {"normalized_shape": IMAGE[2:], "input": IMAGE}
    last: Settings = {"normalized_shape": IMAGE[-1:]}
    recipes["LayerNorm"] = module_recipe("LayerNorm", _quiet, rows, {"plane": {}, "row": last})
    rms = {**rows, "eps": 1e-5}
    recipes["RMSNorm"] = module_recipe("RMSNorm", _quiet, rms, {"plane": {}, "row": last})
    # With torch's alpha of 1e-4 the neighbours would hardly count.
    local = {"size": 3, "alpha": 0.5, "beta": 0.7, "k": 2.0, "input": (5, 6, 5, 7)}
    even: Settings = {"size": 4}
    recipes["LocalResponseNorm"] = module_recipe(
        "LocalResponseNorm", normal, local, {"odd": {}, "even": even}
    )
    return recipes


def _pair(second: tuple[int, ...] | None = None) -> Inputs:
    def inputs(draw: Draw, settings: Settings) -> tuple[Tensor, Tensor]:
        shape = shaped(settings)
        return draw.normal(*shape), draw.normal(*(second or shape))

    return inputs


def _dense() -> dict[str, Recipe]:
    def rows(draw: Draw, settings: Settings) -> tuple[Tensor]:
        return (draw.normal(*settings.get("input", (5, settings["in_features"]))),)

    def both(draw: Draw, settings: Settings) -> tuple[Tensor, Tensor]:
        first = settings.get("input", (5, settings["in1_features"]))
        return draw.normal(*first), draw.normal(*first[:-1], settings["in2_features"])

    def tokens(draw: Draw, settings: Settings) -> tuple[Tensor]:
        return (draw.indices(settings["num_embeddings"], *shaped(settings)),)

    square: Settings = {"out_features": 6}
    bilinear = {"in1_features": 5, "in2_features": 3, "out_features": 4}
    equal: Settings = {"in1_features": 4, "in2_features": 4}
    embedding = {"num_embeddings": 6, "embedding_dim": 4, "input": (5, 7)}
    ignoring: Settings = {"padding_idx": 2}
    frequent: Settings = {"scale_grad_by_freq": True}
    return {
        "Linear": module_recipe(
            "Linear",
            rows,
            {"in_features": 6, "out_features": 4},
            {"rows": {}, "square": square, "rank-3": {"input": (5, 3, 6)}},
        ),
        "Bilinear": module_recipe("Bilinear", both, bilinear, {"unequal": {}, "equal": equal}),
        "Embedding": module_recipe(
            "Embedding", tokens, embedding, {"ignoring": ignoring, "frequent": frequent}
        ),
        "CosineSimilarity": module_recipe(
            "CosineSimilarity", _pair(), {"dim": 1, "eps": 0.01, "input": IMAGE}
        ),
        "PairwiseDistance": module_recipe(
            "PairwiseDistance",
            _pair(),
            {"p": 2.0, "input": (5, 7)},
            {"euclid": {}, "cubes": {"p": 3.0, "keepdim": True, "eps": 0.01}},
        ),
    }


POINTWISE = {**_activations(), **_dropouts(), **_normalisations(), **_dense()}
