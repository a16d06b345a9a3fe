"""What other frameworks store otherwise than torch: orders of axes, padding on each side."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from torch import Tensor
from torch.nn import functional


def canonical(dataset: h5py.Dataset) -> Any:
    """A tensor with its axes in the order N C, O I (I O where the layer is transposed), D H W."""
    axes, values = dataset.attrs.get("axes"), dataset[()]
    if axes is None:
        return values
    letters = plain(axes)
    transposed = str(plain(dataset.parent.parent.attrs.get("type", ""))).startswith("ConvTrans")
    if dataset.parent.parent.name.endswith(("/reference", "/reference_f64")):
        kind = dataset.parent.parent.parent.attrs.get("type", "")
        transposed = str(plain(kind)).startswith("ConvTrans")
    order = "NCIODHWL" if transposed else "NCOIDHWL"
    return values.transpose(sorted(range(values.ndim), key=lambda k: order.index(letters[k])))


def padded(x: Tensor, padding: list[int]) -> Tensor:
    """Zeros, the beginning of every axis stated first, then the ends."""
    half = len(padding) // 2
    pairs = list(zip(padding[:half], padding[half:], strict=True))
    return functional.pad(x, [n for pair in reversed(pairs) for n in pair])


def pair(value: Any) -> list[int]:
    return [value] * 2 if isinstance(value, int) else list(value) * (2 // len(value))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value
