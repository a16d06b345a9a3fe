"""What a chain of optax's transformations does, in the words of the format, or why it has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..errors import CaptureError
from ..format import Attribute
from .optax_blocks import Block
from .optax_parts import LINEAR, Line, Rule, Slot

_GRADIENTS = "it changes the gradients, and a step of the format uses those of the backward pass"
_SOME = "it treats parameters differently, and the format has one set of hyper-parameters for all"
_REASONS = {
    "clip": _GRADIENTS,
    "clip_by_block_rms": _GRADIENTS,
    "clip_by_global_norm": _GRADIENTS,
    "per_example_global_norm_clip": _GRADIENTS,
    "adaptive_grad_clip": _GRADIENTS,
    "centralize": _GRADIENTS,
    "zero_nans": _GRADIENTS,
    "add_noise": _GRADIENTS,
    "normalize_by_update_norm": _GRADIENTS,
    "masked": _SOME,
    "partition": _SOME,
    "multi_transform": _SOME,
    "set_to_zero": _SOME,
    "freeze": _SOME,
    "selective_transform": _SOME,
    "apply_if_finite": "it may leave out the step",
    "conditionally_mask": "it may leave out the step",
    "conditionally_transform": "it may leave out the step",
    "MultiSteps": "it adds up the gradients of several steps",
    "scale_by_trust_ratio": "LAMB and LARS are none of the format's optimizers",
    "keep_params_nonnegative": "a constraint of the parameters cannot be said",
}
"""Why a transformation has no place in the format's rules, where more is to say than that."""


def rule_of(blocks: Sequence[Block]) -> Rule:
    """Say what a step of these blocks is; raises `CaptureError` with the reason if nothing fits."""
    known = _CORES.keys() | LINEAR
    for block in blocks:
        if block.name not in known:
            reason = _REASONS.get(
                block.name.split(".")[0], "the format's optimizers have no such rule"
            )
            raise CaptureError(
                f"optax: {block.name} cannot be expressed by an update: {reason}. Expressible are "
                "sgd, adam, adamw, amsgrad, rmsprop, adagrad and chains of their parts"
            )
    places = [k for k, block in enumerate(blocks) if block.name in _CORES]
    if len(places) > 1:
        raise CaptureError(
            f"optax: {blocks[places[0]].name} and {blocks[places[1]].name} in one chain cannot be "
            "expressed by an update"
        )
    if not places:
        return _sgd(blocks)
    core = blocks[places[0]]
    before, behind = Line(core.name), Line(core.name)
    for block in blocks[: places[0]]:
        before.follow(block)
    for block in blocks[places[0] + 1 :]:
        behind.follow(block)
    return _CORES[core.name](core, before, behind)


def _sgd(blocks: Sequence[Block]) -> Rule:
    """Momentum: optax keeps v ← μv + a(g + λp) and adds c·v; the format's buffer is v/a."""
    line = Line("sgd")
    decay = 0.0
    for block in blocks:
        traced = line.trace is not None
        line.follow(block)
        if line.trace is not None and not traced:
            decay, line.decay = line.decay, 0.0
    if line.trace is not None and line.decay:
        raise CaptureError(
            "optax: sgd with momentum and weight decay behind it cannot be expressed: the format's "
            "SGD adds the decay to the gradient, in front of the momentum"
        )
    rate = line.factor * line.inner
    settings = _common(rate, decay or line.decay, sign=1 if rate > 0 else -1)
    if line.trace is None:
        return Rule("SGD", settings)
    if not line.inner:
        raise CaptureError("optax: sgd with a rate of 0 in front of its momentum")
    settings |= {"momentum": line.momentum, "nesterov": line.nesterov}
    sign = -1 if rate > 0 else 1
    return Rule("SGD", settings, {"momentum_buffer": line.buffer(sign / line.inner)})


def _common(rate: float, decay: float, *, sign: int) -> dict[str, Attribute]:
    """Give what all rules have: `sign` is that of the gradient's share in what is added to p."""
    decay = decay if sign < 0 else -decay
    if decay < 0:
        raise CaptureError(f"optax: a weight decay of {decay} that pushes away from zero")
    settings: dict[str, Attribute] = {"lr": abs(rate), "weight_decay": abs(decay)}
    return settings if sign < 0 else {**settings, "maximize": True}


@dataclass(eq=False)
class _Frame:
    """What stands around the core of an adaptive rule."""

    rate: float
    settings: dict[str, Attribute]
    decoupled: bool
    flip: float
    """The sign between optax's first moments and the format's, which are of -g where it climbs."""


def _frame(core: Block, before: Line, behind: Line) -> _Frame:
    if before.trace is not None or abs(before.factor) != 1:
        raise CaptureError(
            f"optax: {core.name} behind a trace or a scaling cannot be expressed: {_GRADIENTS}"
        )
    if before.decay and behind.decay:
        raise CaptureError(f"optax: {core.name} with weight decay in front and behind")
    rate = behind.factor * behind.inner
    climbs = rate > 0
    sign = (1 if climbs else -1) * int(before.factor)
    if before.decay:
        # g' = a(g + λp): a = -1 and descending is a climb whose gradient has the decay added.
        added = before.factor * before.decay * (-1 if climbs else 1)
        settings = _common(rate, added, sign=-1)
    else:
        settings = _common(rate, -behind.decay if climbs else behind.decay, sign=-1)
    if sign > 0:
        settings["maximize"] = True
    return _Frame(rate, settings, bool(behind.decay), -1.0 if climbs else 1.0)


def _without_momentum(core: Block, behind: Line) -> None:
    if behind.trace is not None:
        raise CaptureError(f"optax: {core.name} with a trace behind it cannot be expressed")


def _coupled(core: Block, frame: _Frame) -> None:
    if frame.decoupled:
        raise CaptureError(
            f"optax: {core.name} with decoupled weight decay cannot be expressed: of the format's "
            "rules only AdamW has it"
        )


@dataclass(frozen=True)
class _Correction:
    """1 − βᵗ as optax computes it, which may be in single precision, and as it is."""

    computed: float
    exact: float
    is_single: bool

    @staticmethod
    def of(decay: Any, count: Any) -> _Correction:
        """Compute it for the step behind `count`."""
        computed = 1 - decay ** (jnp.asarray(count) + 1)
        exact = 1 - float(decay) ** (int(count) + 1)
        return _Correction(float(computed), exact, computed.dtype != np.float64)


def _inexact(first: _Correction, second: _Correction) -> str:
    """Tell where the corrections move a step by more than a rounding of its own."""
    moved = first.exact / first.computed * np.sqrt(second.computed / second.exact) - 1
    if abs(moved) <= float(np.finfo(np.float32).eps):
        return ""
    return (
        f"optax corrects the moments in single precision, by {abs(moved):.0e} wrong, and the check "
        "of a trajectory takes them to be exact: use float64 (jax_enable_x64)"
    )


_INSIDE = "what is added inside the root has another place in the format's state in each step"


def _adam(core: Block, before: Line, behind: Line) -> Rule:
    """optax: m̂ / (√(v̂ + ε₀) + ε), and with AMSGrad the largest v̂ where the format has that of v.

    Its w is (1 − β₂ᵗ) · that of optax, for it divides by 1 − β₂ᵗ afterwards.
    """
    _without_momentum(core, behind)
    held = core.settings
    if held.get("nesterov"):
        raise CaptureError("optax: adam with nesterov=True (NAdam) is none of the format's rules")
    maximum = core.name == "scale_by_amsgrad"
    if maximum and not (held["bias_correction_mu"] and held["bias_correction_nu"]):
        raise CaptureError("optax: amsgrad without bias correction cannot be expressed")
    frame = _frame(core, before, behind)
    corrections = [_Correction.of(held[b], core.state.count) for b in ("b1", "b2")]
    correction = corrections[1].computed
    root, second = float(held["eps_root"]), float(held["b2"])
    slots = {
        "exp_avg": Slot(core.state.mu, core.after.mu, frame.flip),
        "exp_avg_sq": _second_moment(core, core.state.nu, core.after.nu, correction * root, second),
    }
    alone = f"eps_root={root}: {_INSIDE}" if root else _inexact(*corrections)
    if maximum:
        added = correction * root
        tops = (core.state.nu_max, core.after.nu_max)
        slots["max_exp_avg_sq"] = Slot(*tops, correction, added, added)
        alone = "amsgrad: optax keeps the maximum of corrected moments, the format that of others"
    return _adaptive(
        core,
        frame,
        slots,
        first=float(held["b1"]),
        second=second,
        eps=float(held["eps"]),
        single=corrections[1].is_single,
        alone=alone,
        amsgrad=maximum,
    )


def _adaptive(
    core: Block,
    frame: _Frame,
    slots: dict[str, Slot],
    *,
    first: float,
    second: float,
    eps: float,
    single: bool,
    alone: str,
    amsgrad: bool = False,
) -> Rule:
    settings: dict[str, Attribute] = {**frame.settings, "betas": [first, second], "eps": eps}
    if amsgrad:
        settings["amsgrad"] = True
    if single:
        # optax raises β to the power t with tensors of float32, as PyTorch does when `capturable`.
        settings["capturable"] = True
    kind = "AdamW" if frame.decoupled else "Adam"
    return Rule(kind, settings, slots, int(core.state.count), alone)


def _second_moment(core: Block, before: Any, after: Any, inside: float, decay: float) -> Slot:
    """Put what optax adds inside the root into the moment: v + x after, v + x/α before the step.

    αv + (1 − α)g² + x = α(v + x/α) + (1 − α)g². What the next step starts from is another v + x/α.
    """
    if not inside:
        return Slot(before, after)
    if not decay:
        raise CaptureError(f"optax: {core.name} with an epsilon inside the root and a decay of 0")
    return Slot(before, after, 1.0, inside / decay, inside)


def _rms(core: Block, before: Line, behind: Line) -> Rule:
    """optax: g / √(v + ε), or g / (√v + ε) with eps_in_sqrt=False; a trace follows the rate."""
    held = core.settings
    frame = _frame(core, before, behind)
    _coupled(core, frame)
    decay, eps = float(held["decay"]), float(held["eps"])
    inside = eps if held["eps_in_sqrt"] else 0.0
    outside = 0.0 if held["eps_in_sqrt"] else eps
    alone = f"eps_in_sqrt=True: {_INSIDE}; use eps_in_sqrt=False" if inside else ""
    centered = core.name == "scale_by_stddev"
    if held["bias_correction"]:
        return _corrected_rms(core, behind, frame, inside, outside, alone)
    slots = {"square_avg": _second_moment(core, core.state.nu, core.after.nu, inside, decay)}
    settings: dict[str, Attribute] = {**frame.settings, "alpha": decay, "eps": outside}
    if inside:
        settings["x_epsilon_inside_root"] = eps
    if centered:
        settings["centered"] = True
        slots["grad_avg"] = Slot(core.state.mu, core.after.mu, frame.flip)
    if behind.trace is not None:
        if behind.nesterov:
            raise CaptureError(
                "optax: rmsprop with nesterov=True cannot be expressed: the format's RMSprop has "
                "plain momentum alone"
            )
        if not behind.inner:
            raise CaptureError("optax: rmsprop with momentum and a rate of 0")
        settings["momentum"] = behind.momentum
        slots["momentum_buffer"] = behind.buffer(frame.flip / behind.inner)
    return Rule("RMSprop", settings, slots, None, alone)


def _corrected_rms(
    core: Block, behind: Line, frame: _Frame, inside: float, outside: float, alone: str
) -> Rule:
    """With bias correction this is Adam without a first moment: β₁ = 0."""
    _without_momentum(core, behind)
    if core.name == "scale_by_stddev":
        raise CaptureError("optax: rmsprop with centered and bias_correction cannot be expressed")
    decay = core.settings["decay"]
    correction = _Correction.of(decay, core.state.count)
    moments = (core.state.nu, core.after.nu)
    slots = {
        "exp_avg_sq": _second_moment(core, *moments, correction.computed * inside, float(decay))
    }
    return _adaptive(
        core,
        frame,
        slots,
        first=0.0,
        second=float(decay),
        eps=outside,
        single=correction.is_single,
        alone=alone or _inexact(_Correction(1, 1, False), correction),
    )


def _rss(core: Block, before: Line, behind: Line) -> Rule:
    """optax: g / √(s + ε). The format's sum is s + ε, in this step as in all that follow."""
    frame = _frame(core, before, behind)
    _coupled(core, frame)
    _without_momentum(core, behind)
    eps = float(core.settings["eps"])
    sums = (core.state.sum_of_squares, core.after.sum_of_squares)
    settings: dict[str, Attribute] = {**frame.settings, "eps": 0.0, "x_epsilon_inside_root": eps}
    return Rule("Adagrad", settings, {"sum": Slot(*sums, 1.0, eps, eps)})


_CORES: dict[str, Callable[[Block, Line, Line], Rule]] = {
    "scale_by_adam": _adam,
    "scale_by_amsgrad": _adam,
    "scale_by_rms": _rms,
    "scale_by_stddev": _rms,
    "scale_by_rss": _rss,
}
"""The transformations that make a rule adaptive; there is one of them, or none."""
