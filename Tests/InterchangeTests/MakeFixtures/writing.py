"""How the fixtures of these tests are written: small files, and layers of the test kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent.parent / "Fixtures"
COMPACT = ("v108", "v110")
SMALL = 256  # bytes that libhdf5 sets aside for metadata at a time


def count(*shape: int, dtype: str = "<f4") -> np.ndarray:
    """0, 1, 2, … in the given shape."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def text(value: str, libver: object = COMPACT) -> str | np.bytes_:
    """A string of fixed length, which needs no heap of 4096 bytes, unless the file is as usual."""
    return np.bytes_(value.encode()) if libver == COMPACT else value


@contextmanager
def fixture(name: str, libver: tuple[str, str] | None = COMPACT, **options) -> Iterator[h5py.File]:
    with h5py.File(FOLDER / f"{name}.h5", "w", libver=libver, **options) as f:
        f.attrs["format"] = text("cnn-fixture", libver)
        f.attrs["format_version"] = text("1.0", libver)
        yield f


def put(group: h5py.Group, path: str, data: np.ndarray) -> None:
    """A dataset whose bytes are in its header, which makes small files smaller."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    properties.set_obj_track_times(False)
    folder, name = path.rsplit("/", 1)
    kind = h5py.h5t.py_create(data.dtype, logical=True)
    space = h5py.h5s.create_simple(data.shape)
    parent = group.require_group(folder)
    dataset = h5py.h5d.create(parent.id, name.encode(), kind, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, data)


def conv(parent: h5py.Group, name: str = "conv", **attributes) -> h5py.Group:
    """A convolution of its own: (1, 2, 4, 4) with 3 kernels of 3 x 3."""
    layer = parent.require_group("layers").create_group(name)
    layer.attrs["type"] = text("Conv2d")
    for key, value in attributes.items():
        layer.attrs[key] = value
    put(layer, "parameters/weight", count(3, 2, 3, 3))
    put(layer, "reference/input", count(1, 2, 4, 4))
    put(layer, "reference/output", count(1, 3, 2, 2))
    put(layer, "reference/grad_output", count(1, 3, 2, 2))
    return layer


def store(group: h5py.Group, path: str, data: np.ndarray) -> h5py.Dataset:
    """A dataset, in groups without times, so that the same script writes the same bytes."""
    parent = group.require_group(path.rsplit("/", 1)[0]) if "/" in path else group
    return parent.create_dataset(path.rsplit("/", 1)[-1], data=data)


def whole_conv(parent: h5py.Group, name: str = "conv", **attributes) -> h5py.Group:
    """The same with a bias and all gradients."""
    layer = conv(parent, name, **attributes)
    store(layer, "parameters/bias", count(3))
    store(layer, "reference/grad_input", count(1, 2, 4, 4))
    store(layer, "reference/grad_parameters/weight", count(3, 2, 3, 3))
    store(layer, "reference/grad_parameters/bias", count(3))
    return layer


def layer(parent: h5py.Group, name: str, kind: str, **attributes) -> h5py.Group:
    group = parent.require_group("layers").create_group(name)
    group.attrs["type"] = text(kind)
    for key, value in attributes.items():
        words = [value] if isinstance(value, str) else value
        if isinstance(words, list) and isinstance(words[0], str):
            value = np.array([word.encode() for word in words])
        group.attrs[key] = value
    return group
