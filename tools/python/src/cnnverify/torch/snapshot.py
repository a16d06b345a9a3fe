"""Copies of tensors as they were at one moment, memory layout included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import CaptureError
from ..format import Array, BFloat16


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A tensor's values at one moment.

    The strides are kept too: kernels choose their order of summation by them, so that a replay
    is bit-exact only with the layout of the original.
    """

    value: Tensor
    stride: tuple[int, ...]

    @staticmethod
    def of(tensor: Tensor) -> Snapshot:
        """Copy a tensor now."""
        if tensor.layout != torch.strided:
            raise CaptureError(
                f"a tensor of layout {tensor.layout} cannot be exported; make it dense: .to_dense()"
            )
        return Snapshot(tensor.detach().clone(), tuple(tensor.stride()))

    def restored(self, dtype: torch.dtype | None = None) -> Tensor:
        """Make a fresh tensor of the same values and strides; `dtype` is for floating values."""
        value = self.value
        if dtype is not None and value.is_floating_point():
            value = value.to(dtype)
        shape = tuple(value.shape)
        repeated = [d for d, s in enumerate(self.stride) if s == 0 and shape[d] > 1]
        for dimension in repeated:
            value = value.narrow(dimension, 0, 1)
        fresh = torch.empty_strided(
            tuple(value.shape), self.stride, dtype=value.dtype, device=value.device
        )
        fresh.copy_(value)
        return fresh.expand(shape) if repeated else fresh


def to_array(tensor: Tensor) -> Array:
    """Give a tensor's values as an array in row-major order."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        return BFloat16(plain.view(torch.int16).numpy().view(np.uint16))
    array: np.ndarray[Any, Any] = plain.numpy()
    return array


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors agree in type, shape and every bit (NaN equals itself, +0 is not -0)."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.numel() == 0:
        return True
    left, right = a.detach().contiguous().reshape(-1), b.detach().contiguous().reshape(-1)
    return bool(torch.equal(left.view(torch.uint8), right.view(torch.uint8)))


def worst_difference(a: Tensor, b: Tensor) -> str:
    """Describe where two tensors differ most, for messages."""
    if a.shape != b.shape:
        return f"shapes {tuple(a.shape)} and {tuple(b.shape)}"
    distance = (a.detach().double() - b.detach().double()).abs().nan_to_num(nan=float("inf"))
    flat = int(distance.reshape(-1).argmax())
    index = [int(i) for i in np.unravel_index(flat, tuple(a.shape))]
    return f"worst at {index}: {a.reshape(-1)[flat].item()!r} and {b.reshape(-1)[flat].item()!r}"
