"""What other frameworks do otherwise than torch: orders of axes, cropping, running variance."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def held(dataset: h5py.Dataset, kind: str = "") -> Any:
    """The values in canonical order: `axes` says how the file holds them."""
    values = dataset[()]
    axes = plain(dataset.attrs.get("axes", ""))
    if not axes:
        return values
    first = "NIO" if kind.startswith("ConvTranspose") else "NOI"
    order = [c for c in f"{first}CDHWL" if c in axes]
    assert sorted(order) == sorted(axes), f"{dataset.name}: the axes {axes} cannot be put in order"
    return np.asarray(values).transpose([axes.index(c) for c in order])


def padded(x: Tensor, padding: list[int]) -> Tensor:
    """Zeros, the beginning of every axis stated first, then the ends."""
    half = len(padding) // 2
    pairs = list(zip(padding[:half], padding[half:], strict=True))
    return functional.pad(x, [n for pair in reversed(pairs) for n in pair])


def spread(x: Tensor, h: dict[str, Any], weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A transposed convolution: whole, extended, then cropped at each end."""
    top, left, bottom, right = h["padding"]
    stride, dilation, more = (pair(h.get(n, 1)) for n in ("stride", "dilation", "output_padding"))
    extra = more if "output_padding" in h else [0, 0]
    groups = h.get("groups", 1)
    y = functional.conv_transpose2d(x, weight, bias, stride, 0, 0, groups, dilation)
    shift = 0 if bias is None else bias[:, None, None]
    y = functional.pad(y - shift, [0, extra[1], 0, extra[0]]) + shift
    return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]


def biased_normalisation(
    kind: str,
    h: dict[str, Any],
    x: Tensor,
    parameters: dict[str, Tensor],
    buffers: dict[str, Tensor],
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """The running variance moves towards the biased one of the batch."""
    axes = [d for d in range(x.dim()) if d != 1]
    weight, bias = parameters.get("weight"), parameters.get("bias")
    y = functional.batch_norm(x, None, None, weight, bias, training=True, eps=h["eps"])
    with torch.no_grad():
        batch = {"running_mean": x.mean(axes), "running_var": x.var(axes, correction=0)}
        moved = {k: v + h["momentum"] * (batch[k] - v) for k, v in buffers.items()}
    return [y], moved


def pair(value: Any) -> list[int]:
    return [value] * 2 if isinstance(value, int) else list(value) * (2 // len(value))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value
