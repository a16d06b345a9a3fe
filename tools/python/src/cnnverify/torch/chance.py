"""What chance decided in a layer, recovered from the random state that it started from."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from .stages import Inexpressible, Stage
from .tape import Operation, Slot

_ALPHA = 1.7580993408473766
"""What SELU's negative side tends to, the value of a dropped element in AlphaDropout."""

_WHOLE_CHANNELS = frozenset({"Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"})

_DROPPING: dict[str, Callable[[Tensor, float, bool], Tensor]] = {
    "Dropout": functional.dropout,
    "Dropout1d": functional.dropout1d,
    "Dropout2d": functional.dropout2d,
    "Dropout3d": functional.dropout3d,
    "AlphaDropout": functional.alpha_dropout,
    "FeatureAlphaDropout": functional.feature_alpha_dropout,
}


def _dropout(stage: Stage, operation: Operation) -> None:
    """`x * mask / (1 - p)`; another type would draw another mask."""
    if not stage.training:
        return
    p = _number(stage, "p")
    mask = kept_elements(stage, operation)
    stage.auxiliary["mask"] = mask

    def formula(x: Tensor) -> Tensor:
        return x * (mask.to(x.dtype) / (1 - p) if p < 1 else torch.zeros_like(x))

    stage.formula = formula


def _alpha_dropout(stage: Stage, operation: Operation) -> None:
    """`a * (x where kept, else -α) + b`, so that mean and variance stay."""
    if not stage.training:
        return
    p = _number(stage, "p")
    mask = kept_elements(stage, operation)
    stage.auxiliary["mask"] = mask

    def formula(x: Tensor) -> Tensor:
        if p == 1:
            return x * 0
        a = 1 / math.sqrt((_ALPHA**2 * p + 1) * (1 - p))
        kept = mask.to(x.dtype)
        return a * (x * kept - _ALPHA * (1 - kept)) + a * _ALPHA * p

    stage.formula = formula


def _rrelu(stage: Stage, operation: Operation) -> None:
    """The slope that was drawn for each negative element; 1 elsewhere."""
    lower, upper = _number(stage, "lower"), _number(stage, "upper")
    if not stage.training or lower == upper:
        return
    given = _given(stage).snapshot.restored()
    noise = torch.zeros_like(given)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.set_rng_state(operation.random_state)
        torch._C._nn.rrelu_with_noise(  # type: ignore[attr-defined]
            given, noise, lower, upper, True
        )
    stage.auxiliary["noise"] = noise

    def formula(x: Tensor) -> Tensor:
        drawn = x * noise.to(x.dtype)
        if upper - lower > 1e-6:
            return drawn
        # torch then differentiates the leaky unit of evaluation.
        usual = functional.leaky_relu(x, (lower + upper) / 2)
        return usual + (drawn - usual).detach()

    stage.formula = formula


def kept_elements(stage: Stage, operation: Operation) -> Tensor:
    """Give the mask (0 or 1) that the operation used.

    The same function runs on ones and on zeros with the same random state: where the results
    differ the input was kept. Looking for zeros in the real output would miss the kept elements
    whose input was zero. Whole channels drop together in some kinds, so one value a channel says
    it all.
    """
    given = _given(stage).snapshot
    drop, p = _DROPPING[stage.kind], _number(stage, "p")

    def run(value: float) -> Tensor:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.set_rng_state(operation.random_state)
            return drop(torch.full_like(given.restored(), value), p, True)

    mask = (run(1) != run(0)).to(torch.uint8)
    if stage.kind in _WHOLE_CHANNELS:
        for axis in range(2, mask.dim()):
            mask = mask.narrow(axis, 0, 1)
    return mask


def _number(stage: Stage, name: str) -> float:
    value = stage.attributes[name]
    if not isinstance(value, int | float):
        raise Inexpressible(f"{name} is no number")
    return float(value)


def _given(stage: Stage) -> Slot:
    source = stage.sources[0]
    if not isinstance(source, Slot):
        raise Inexpressible("the input is no tensor")
    return source


CHANCE: dict[str, Callable[[Stage, Operation], None]] = {
    "Dropout": _dropout,
    "Dropout1d": _dropout,
    "Dropout2d": _dropout,
    "Dropout3d": _dropout,
    "AlphaDropout": _alpha_dropout,
    "FeatureAlphaDropout": _alpha_dropout,
    "RReLU": _rrelu,
}
"""By kind: adds to a stage what was drawn, and the formula that repeats it in another type."""
