"""The format's optimisers in float64: what an exporter holds a framework's own step against.

Formulas and names of hyper-parameters and slots are those of `torch.optim` (2.13).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Settings = Mapping[str, Any]
Slots = dict[str, Numbers]

CLOSE = 1e-3
"""How far a rule may be from a step in single precision, of the largest movement.

Corrections of moments that are computed in single precision are the largest part of it.
"""


@dataclass(frozen=True, eq=False)
class Movement:
    """What a framework made of one parameter in one step, in the format's words."""

    before: Any
    after: Any
    gradient: Any
    state: Mapping[str, Any]
    state_after: Mapping[str, Any]

    def problems(
        self, kind: str, settings: Settings, taken: int, tolerance: float
    ) -> Iterator[str]:
        """Compute the step by the format's rule, and say where it comes to something else.

        `tolerance` is relative to the largest movement of the parameter, and to the largest element
        of a slot.
        """
        start, found = (np.asarray(x, np.float64) for x in (self.before, self.after))
        expected, state = take_step(kind, settings, taken, start, self.gradient, self.state)
        unit = _unit(self.after)
        pairs = [("the parameter", found - start, expected - start, 4 * unit * _largest(start))]
        for name, values in self.state_after.items():
            pairs.append((name, np.asarray(values, np.float64), state[name], 0.0))
        for name, theirs, ours, rounding in pairs:
            allowed = max(tolerance, 8 * unit) * _largest(theirs) + rounding
            with np.errstate(invalid="ignore"):
                near = (np.abs(ours - theirs) <= allowed) | (ours == theirs)
            if not np.all(near | (np.isnan(ours) & np.isnan(theirs))):
                yield (
                    f"{kind}: the framework and the format's rule differ in {name} of shape "
                    f"{start.shape}: by {_largest(ours - theirs):.2g}, where it moves by "
                    f"{_largest(theirs):.2g}"
                )


def _unit(values: Any) -> float:
    """Give the machine epsilon; NumPy does not know that of bfloat16."""
    dtype = np.asarray(values).dtype
    return float(np.finfo(dtype).eps) if np.issubdtype(dtype, np.floating) else 2.0**-7


def _largest(values: Any) -> float:
    found = float(np.max(np.abs(values), initial=0.0))
    return found if np.isfinite(found) else 0.0


def take_step(
    kind: str,
    settings: Settings,
    taken: int,
    parameter: Any,
    gradient: Any,
    state: Mapping[str, Any],
) -> tuple[Numbers, Slots]:
    """Give a parameter and its state after one step; `taken` steps were made before it.

    Slots that are missing in the state begin as the format says.
    """
    p = np.asarray(parameter, np.float64)
    g = np.asarray(gradient, np.float64)
    slots = {name: np.asarray(values, np.float64) for name, values in state.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        return _RULES[kind](settings, taken + 1, p, -g if settings.get("maximize") else g, slots)


def _sgd(given: Settings, t: int, p: Numbers, g: Numbers, slots: Slots) -> tuple[Numbers, Slots]:
    """Compute v ← g in the first step, then μv + (1 − τ)g, of g + λp; p ← p − ηv.

    With Nesterov's momentum p ← p − η(g + μv).
    """
    rate, momentum = _number(given, "lr"), _number(given, "momentum")
    g = g + _number(given, "weight_decay") * p
    if not momentum:
        return p - rate * g, {}
    before = slots.get("momentum_buffer")
    v = g if before is None else momentum * before + (1 - _number(given, "dampening")) * g
    return p - rate * (g + momentum * v if given.get("nesterov") else v), {"momentum_buffer": v}


def _adam(
    given: Settings, t: int, p: Numbers, g: Numbers, slots: Slots, *, decoupled: bool = False
) -> tuple[Numbers, Slots]:
    """Compute m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − η/(1 − β₁ᵗ) · m/d.

    d = √v/√(1 − β₂ᵗ) + ε, with AMSGrad of the largest v; first g ← g + λp, or with decoupled weight
    decay p ← p(1 − ηλ).
    """
    rate, (first, second) = _number(given, "lr"), given["betas"]
    decay = _number(given, "weight_decay")
    p, g = (p * (1 - rate * decay), g) if decoupled else (p, g + decay * p)
    m = first * _slot(slots, "exp_avg", p) + (1 - first) * g
    v = largest = second * _slot(slots, "exp_avg_sq", p) + (1 - second) * g**2
    after = {"exp_avg": m, "exp_avg_sq": v}
    if given.get("amsgrad"):
        after["max_exp_avg_sq"] = largest = np.maximum(_slot(slots, "max_exp_avg_sq", p), v)
    spread = np.sqrt(largest) / np.sqrt(1 - second**t) + _number(given, "eps")
    return p - rate / (1 - first**t) * (m / spread), after


def _adamw(given: Settings, t: int, p: Numbers, g: Numbers, slots: Slots) -> tuple[Numbers, Slots]:
    return _adam(given, t, p, g, slots, decoupled=True)


def _rmsprop(
    given: Settings, t: int, p: Numbers, g: Numbers, slots: Slots
) -> tuple[Numbers, Slots]:
    """Compute v ← αv + (1 − α)g², centred also a ← αa + (1 − α)g, and p ← p − η·g/d.

    d = √v + ε, centred √(v − a²) + ε; with momentum b ← μb + g/d, p ← p − ηb; first g ← g + λp.
    """
    rate, alpha, momentum = (_number(given, name) for name in ("lr", "alpha", "momentum"))
    g = g + _number(given, "weight_decay") * p
    v = variance = alpha * _slot(slots, "square_avg", p) + (1 - alpha) * g**2
    after = {"square_avg": v}
    if given.get("centered"):
        mean = alpha * _slot(slots, "grad_avg", p) + (1 - alpha) * g
        after["grad_avg"] = mean
        variance = np.maximum(v - mean**2, 0)
    step = g / (np.sqrt(variance) + _number(given, "eps"))
    if momentum:
        after["momentum_buffer"] = step = momentum * _slot(slots, "momentum_buffer", p) + step
    return p - rate * step, after


def _adagrad(
    given: Settings, t: int, p: Numbers, g: Numbers, slots: Slots
) -> tuple[Numbers, Slots]:
    """Compute g ← g + λp, s ← s + g², p ← p − η/(1 + (t − 1)κ) · g/(√s + ε)."""
    g = g + _number(given, "weight_decay") * p
    s = _slot(slots, "sum", p, _number(given, "initial_accumulator_value")) + g**2
    rate = _number(given, "lr") / (1 + (t - 1) * _number(given, "lr_decay"))
    return p - rate * (g / (np.sqrt(s) + _number(given, "eps"))), {"sum": s}


def _number(given: Settings, name: str) -> float:
    return float(given.get(name, 0.0))


def _slot(slots: Slots, name: str, like: Numbers, initial: float = 0.0) -> Numbers:
    return slots[name] if name in slots else np.full_like(like, initial)


_RULES: dict[str, Callable[[Settings, int, Numbers, Numbers, Slots], tuple[Numbers, Slots]]] = {
    "SGD": _sgd,
    "Adam": _adam,
    "AdamW": _adamw,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
}
