"""JAX's arrays as the fixture holds them, and comparisons bit by bit."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..format import Arranged, Array, BFloat16

ArrayLike = Any


def to_array(data: ArrayLike, axes: str | None = None) -> Array:
    """Turn a tensor into what is written; `axes` names its axes where they are not canonical."""
    values = plain(data)
    return values if axes is None else Arranged(values, axes)


def plain(data: ArrayLike) -> NDArray[Any] | BFloat16:
    """Turn a tensor into a NumPy array, bfloat16 into its bits."""
    array = np.ascontiguousarray(np.asarray(data)).reshape(np.shape(data))
    if array.dtype == jnp.bfloat16:
        return BFloat16(array.view(np.uint16))
    return array


def same_bits(first: ArrayLike, second: ArrayLike) -> bool:
    """Whether two tensors have the same type, shape and bits."""
    x, y = np.asarray(first), np.asarray(second)
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def worst_difference(first: ArrayLike, second: ArrayLike) -> str:
    """Describe the largest difference of two tensors."""
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if x.shape != y.shape:
        return f"shapes {x.shape} and {y.shape}"
    distance = np.abs(x - y).reshape(-1)
    if not distance.size:
        return "no elements"
    position = int(np.argmax(np.where(np.isnan(distance), np.inf, distance)))
    index = [int(k) for k in np.unravel_index(position, x.shape)]
    return f"{x.reshape(-1)[position]:.9g} and {y.reshape(-1)[position]:.9g} at {index}"
