"""How other tools decide whether two tensors agree: their rules, written down again."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Rule = Callable[[Tensor, Tensor], bool]
"""Whether a rule passes the suspect, given the truth in float64."""


def _close(suspect: Tensor, truth: Tensor, relative: float, absolute: float) -> bool:
    error = (suspect.double() - truth).abs()
    return bool((error <= absolute + relative * truth.abs()).all())


def numpy_allclose(suspect: Tensor, truth: Tensor) -> bool:
    """numpy.allclose with its defaults: rtol 1e-5, atol 1e-8."""
    return _close(suspect, truth, 1e-5, 1e-8)


def torch_assert_close(suspect: Tensor, truth: Tensor) -> bool:
    """torch.testing.assert_close with its defaults for the type."""
    if suspect.dtype == torch.float64:
        return _close(suspect, truth, 1e-7, 1e-7)
    return _close(suspect, truth, 1.3e-6, 1e-5)


def gradcheck(suspect: Tensor, truth: Tensor) -> bool:
    """torch.autograd.gradcheck: rtol 1e-3, atol 1e-5."""
    return _close(suspect, truth, 1e-3, 1e-5)


def cosine(suspect: Tensor, truth: Tensor) -> bool:
    """A cosine of at least 0.99, as layer comparers of accuracy tools ask for."""
    a, b = suspect.double().flatten(), truth.flatten()
    norms = a.norm() * b.norm()
    return bool(a @ b >= 0.99 * norms) if norms > 0 else bool(a.norm() == b.norm())


def fixed_absolute(suspect: Tensor, truth: Tensor) -> bool:
    """A difference of at most 1e-6 in every element."""
    return _close(suspect, truth, 0.0, 1e-6)


RULES: dict[str, Rule] = {
    "numpy.allclose": numpy_allclose,
    "torch.testing.assert_close": torch_assert_close,
    "gradcheck's tolerances": gradcheck,
    "cosine at least 0.99": cosine,
    "absolute 1e-6": fixed_absolute,
}
