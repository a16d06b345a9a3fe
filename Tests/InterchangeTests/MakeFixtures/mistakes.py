"""The list of files with one mistake each."""

from __future__ import annotations

from collections.abc import Callable

import h5py
import numpy as np
from writing import count, layer, store

BAD: dict[str, Callable[[h5py.File, h5py.Group], None]] = {}


def bad(function: Callable[[h5py.File, h5py.Group], None]) -> Callable:
    BAD[function.__name__.replace("_", "-")] = function
    return function


def replace(group: h5py.Group, path: str, data: np.ndarray, **attributes) -> None:
    if path in group:
        del group[path]
    store(group, path, data)
    for key, value in attributes.items():
        group[path].attrs[key] = value


def norm(f: h5py.File) -> h5py.Group:
    group = layer(f, "norm", "BatchNorm2d")
    store(group, "reference/input", count(2, 3, 2, 2))
    store(group, "buffers/running_mean", count(3))
    store(group, "buffers/running_var", count(3))
    return group
