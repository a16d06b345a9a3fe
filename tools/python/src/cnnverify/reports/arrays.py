"""The elements of a tensor: the reference's from the fixture, ours from `check --arrays`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, TypeAlias

import h5py
import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError

Values: TypeAlias = NDArray[Any]

_SPACE = "DHWL"
"""The letters of `axes` that stand behind the others in canonical order."""


@dataclass(frozen=True, eq=False)
class TensorArrays:
    """A tensor on both sides, in canonical axes; `ours` and `bound` need `check --arrays`."""

    reference: Values
    ours: Values | None = None
    bound: Values | None = None

    @property
    def difference(self) -> Values:
        """What was computed here, minus the reference."""
        if self.ours is None:
            raise FormatError(
                "the elements that cnn-verify computed are not there; run it again with "
                "--arrays FILE, for tensors that agree with --layer NAME too"
            )
        difference: Values = self.ours - self.reference.astype(np.float64)
        return difference


def read_arrays(
    fixture: str | os.PathLike[str],
    arrays: str | os.PathLike[str] | None,
    *,
    case: str | None,
    layer: str,
    kind: str,
    against: str,
    tensor: str,
) -> TensorArrays:
    """Read one tensor from a fixture and from the file of `check --arrays`."""
    above = f"cases/{case}/" if case is not None else ""
    place = f"{above}layers/{layer}/{against}"
    is_state = tensor.startswith("reference_state/")
    folder = f"{above}optimizer/reference_state/{layer}" if is_state else place
    name = tensor.removeprefix("reference_state/") if is_state else tensor
    ours: Values | None = None
    bound: Values | None = None
    if arrays is not None:
        with h5py.File(arrays, "r") as file:
            found = file.get(f"{place}/{tensor}")
            if found is not None:
                ours, bound = np.asarray(found["ours"]), np.asarray(found["bound"])
    with h5py.File(fixture, "r") as file:
        dataset = _dataset(file, folder, name, os.fspath(fixture))
        is_weight = name.rpartition("/")[2] == "weight"
        reference = canonical(
            dataset, transposed=is_weight and kind.rpartition(".")[2].startswith("ConvTranspose")
        )
    if ours is not None and ours.shape != reference.shape:
        # `(1,)` and a scalar are the same to the format.
        reference = reference.reshape(ours.shape)
    return TensorArrays(reference, ours, bound)


def _dataset(file: h5py.File, place: str, tensor: str, path: str) -> h5py.Dataset:
    """Find a dataset; `.0` may be written for the only input or output."""
    stem, dot, number = tensor.rpartition(".")
    others = [stem] if dot and number == "0" else [f"{tensor}.0"]
    for name in (tensor, *others):
        dataset = file.get(f"{place}/{name}")
        if isinstance(dataset, h5py.Dataset):
            return dataset
    raise FormatError(f"{path} has no `/{place}/{tensor}`; is it the fixture that was checked?")


def canonical(dataset: h5py.Dataset, *, transposed: bool = False) -> Values:
    """Read a dataset of a fixture in canonical axes, bfloat16 as float32.

    Weights have their outputs before their inputs, those of a `transposed` convolution the other
    way round.
    """
    values = np.asarray(dataset[()])
    if _text(dataset.attrs.get("logical_dtype")) == "bfloat16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    axes = _text(dataset.attrs.get("axes"))
    if axes is None:
        return values
    features = ("IO" if transposed else "OI") if set(axes) & set("OI") else "NC"
    letters = features + _SPACE
    if len(axes) != values.ndim or len(set(axes)) != len(axes) or set(axes) - set(letters):
        raise FormatError(f"the axes {axes!r} of `{dataset.name}` do not fit {values.shape}")
    return values.transpose([axes.index(letter) for letter in letters if letter in axes])


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value) if value is not None else None
