"""Random tensors that hide nothing: ties, exact zeros, kinks, small deviations, odd sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Draw:
    """Random numbers of one seed and one floating type."""

    def __init__(self, seed: int, dtype: torch.dtype) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.dtype = dtype

    def normal(self, *shape: int) -> Tensor:
        """Draw from the normal distribution."""
        return torch.randn(shape, generator=self.generator).to(self.dtype)

    def uniform(self, *shape: int) -> Tensor:
        """Draw from [0, 1)."""
        return torch.rand(shape, generator=self.generator).to(self.dtype)

    def positive(self, *shape: int) -> Tensor:
        """Draw numbers above 0.1, for roots, logarithms and divisors."""
        return self.normal(*shape).abs() + 0.1

    def integers(self, *shape: int) -> Tensor:
        """Draw whole numbers from -3 to 3: full of ties and exact zeros."""
        return self.indices(7, *shape).to(self.dtype) - 3

    def kinked(self, *shape: int) -> Tensor:
        """Draw numbers of which every second one is a multiple of ½, where activations have kinks.

        Both signs, exact zeros, and both ends of the exponential are among them.
        """
        halves = (self.indices(29, *shape) - 14).to(self.dtype) / 2
        smooth = self.normal(*shape) * 4
        return torch.where(self.indices(2, *shape) == 0, halves, smooth)

    def indices(self, count: int, *shape: int) -> Tensor:
        """Draw class indices below `count`."""
        return torch.randint(count, shape, generator=self.generator)

    def signs(self, *shape: int) -> Tensor:
        """Draw -1 and 1."""
        return self.indices(2, *shape).to(self.dtype) * 2 - 1


def per_axis(value: Any, axes: int) -> list[int]:
    """Give one number for each axis, as torch reads `3` and `(3, 2)`."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [int(n) for n in value]
    return [int(value)] * axes


def with_remainder(
    least: int, kernel: int, stride: int, padding: int, dilation: int, avoid: int
) -> int:
    """Give the smallest size of an axis from `least` on whose last windows do not fit.

    The remainder r = (size + 2·padding − dilation·(kernel − 1) − 1) mod stride is not 0, nor
    `avoid` if that can be: a remainder equal to the padding hides on which side elements were
    dropped. There are at least two windows.
    """
    span = dilation * (kernel - 1) + 1
    fitting = range(max(least, span + stride - 2 * padding), least + span + 3 * stride + 1)
    remainders = {size: (size + 2 * padding - span) % stride for size in fitting}
    for unwanted in ((0, avoid), (0,), ()):
        for size, remainder in remainders.items():
            if remainder not in unwanted:
                return size
    return least
