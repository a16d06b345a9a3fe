"""Writes a fixture's content as HDF5: equal content, equal bytes; the file appears whole or not."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..errors import FormatError
from .content import (
    FORMAT,
    FORMAT_VERSION,
    Arranged,
    Array,
    Attribute,
    BFloat16,
    Case,
    Fixture,
    Layer,
    ParameterName,
    Reference,
    Trajectory,
    Update,
)
from .validation import validate

SMALLEST_FILTERED = 1 << 13
"""Bytes from which gzip pays: the index of the chunks alone takes 4 KB."""
LARGEST_FILTERED = 1 << 20
"""Bytes above which a tensor is stored plain unless compression is asked for: floats hardly
shrink, and large exports must be quick."""
LARGEST_ATTRIBUTE = 60_000
"""Bytes; HDF5 refuses attributes near 64 KB in its default file version."""


def write_fixture(fixture: Fixture, path: str | os.PathLike[str], *, compress: bool = False) -> int:
    """Validate and write a fixture; the size of the file in bytes.

    The file is written under a temporary name in the same directory, flushed to the disk and then
    renamed, so that nobody ever sees a part of it. `compress` filters large tensors too, at the
    strongest level.
    """
    validate(fixture)
    target = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    try:
        # Many small groups take a third of the space in the groups of HDF5 1.8; one network is
        # written in the oldest form, which everything reads.
        version = ("v108", "v108") if fixture.cases else None
        with h5py.File(temporary, "w", libver=version) as file:
            _Writer(compress).write(fixture, file)
        _flush_to_disk(temporary)
        # The temporary file is private to its owner; the result gets the permissions of any file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _flush_to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Writer:
    """One file in the making; remembers parameters already written, to link to them."""

    def __init__(self, compress: bool) -> None:
        self.compress = compress
        self.parameters: dict[int, h5py.Dataset] = {}

    def write(self, fixture: Fixture, file: h5py.File) -> None:
        set_attribute(file, "format", FORMAT)
        set_attribute(file, "format_version", FORMAT_VERSION)
        if fixture.producer is not None:
            set_attribute(file, "producer", fixture.producer)
        if fixture.provenance is not None:
            text = json.dumps(fixture.provenance, ensure_ascii=False, sort_keys=True)
            set_attribute(file, "provenance", text)
        if fixture.root is not None:
            self.write_case(fixture.root, file)
        for name in sorted(fixture.cases):
            self.write_case(fixture.cases[name], file.create_group(f"cases/{name}"))

    def write_case(self, case: Case, group: h5py.Group) -> None:
        if case.loss is not None:
            set_attribute(group, "loss", case.loss)
        if case.arithmetic is not None:
            set_attribute(group, "arithmetic", case.arithmetic)
        self.write_arrays(group, "inputs", case.inputs)
        layers = group.create_group("layers")
        for layer in case.layers:
            self.write_layer(layer, layers.create_group(layer.name))
        if case.optimizer is not None:
            self.write_update(case.optimizer, group.create_group("optimizer"))
        if case.trajectory is not None:
            self.write_trajectory(case.trajectory, group.create_group("trajectory"))

    def write_update(self, update: Update, group: h5py.Group) -> None:
        set_attribute(group, "type", update.kind)
        set_attribute(group, "step", update.step)
        for name in sorted(update.attributes):
            set_attribute(group, name, update.attributes[name])
        for title in ("state", "reference_state"):
            states: dict[ParameterName, dict[str, Array]] = getattr(update, title)
            for layer, parameter in sorted(states):
                slots = states[layer, parameter]
                self.write_arrays(group, f"{title}/{layer}/{parameter}", slots)

    def write_trajectory(self, trajectory: Trajectory, group: h5py.Group) -> None:
        set_attribute(group, "steps", len(trajectory.batches))
        for number, batch in enumerate(trajectory.batches):
            group.require_group(f"batches/{number}")
            self.write_arrays(group, f"batches/{number}", batch)
        self.write_array(group, "reference/loss", trajectory.losses)
        for layer, parameter in sorted(trajectory.parameters):
            path = f"reference/parameters/{layer}/{parameter}"
            self.write_array(group, path, trajectory.parameters[layer, parameter])

    def write_layer(self, layer: Layer, group: h5py.Group) -> None:
        set_attribute(group, "type", layer.kind)
        if layer.inputs is not None:
            set_attribute(group, "inputs", layer.inputs)
        for name in ("index", "training", "source", "expected_failure"):
            value = getattr(layer, name)
            if value is not None:
                set_attribute(group, name, value)
        for name in sorted(layer.attributes):
            set_attribute(group, name, layer.attributes[name])
        for name in sorted(layer.parameters):
            self.write_parameter(group, name, layer.parameters[name])
        self.write_arrays(group, "buffers", layer.buffers)
        self.write_arrays(group, "auxiliary", layer.auxiliary)
        self.write_reference(layer, layer.reference, group, "reference")
        if layer.reference_f64 is not None:
            self.write_reference(layer, layer.reference_f64, group, "reference_f64")

    def write_parameter(self, group: h5py.Group, name: str, array: Array) -> None:
        path = f"parameters/{name}"
        written = self.parameters.get(id(array))
        if written is None:
            self.parameters[id(array)] = self.write_array(group, path, array)
        else:
            group[path] = written

    def write_reference(
        self, layer: Layer, reference: Reference, group: h5py.Group, title: str
    ) -> None:
        numbered: tuple[tuple[str, dict[int, Array], int], ...] = (
            ("input", reference.inputs, layer.arity),
            ("output", reference.outputs, layer.outputs),
            ("grad_output", reference.grad_outputs, layer.outputs),
            ("grad_input", reference.grad_inputs, layer.arity),
        )
        for name, arrays, count in numbered:
            for k in sorted(arrays):
                path = f"{title}/{name}" if count == 1 else f"{title}/{name}.{k}"
                self.write_array(group, path, arrays[k])
        for name in ("grad_parameters", "buffers", "updated_parameters", "initial_buffers"):
            self.write_arrays(group, f"{title}/{name}", getattr(reference, name))

    def write_arrays(self, group: h5py.Group, path: str, arrays: Mapping[str, Array]) -> None:
        for name in sorted(arrays):
            self.write_array(group, f"{path}/{name}", arrays[name])

    def write_array(self, group: h5py.Group, path: str, array: Array) -> h5py.Dataset:
        values = array.values if isinstance(array, Arranged) else array
        data = values.bits if isinstance(values, BFloat16) else np.asarray(values)
        dataset = group.create_dataset(
            path, data=data, track_times=False, **self.storage(data.shape, data.nbytes)
        )
        if isinstance(values, BFloat16):
            set_attribute(dataset, "logical_dtype", "bfloat16")
        if isinstance(array, Arranged):
            set_attribute(dataset, "axes", array.axes)
        return dataset

    def storage(self, shape: tuple[int, ...], size: int) -> dict[str, Any]:
        """How a tensor is stored: plain, or in gzip chunks of which a small tensor is one."""
        if size < SMALLEST_FILTERED or not shape:
            return {}
        if size > LARGEST_FILTERED and not self.compress:
            return {}
        level = 9 if self.compress else 1
        chunks = shape if size <= LARGEST_FILTERED else True
        return {"chunks": chunks, "compression": "gzip", "compression_opts": level, "shuffle": True}


def set_attribute(target: h5py.HLObject, name: str, value: Attribute) -> None:
    """Write an attribute; text as UTF-8 of fixed length, numbers as 64-bit, truth as boolean."""
    if isinstance(value, str):
        target.attrs.create(name, _text([value])[0], dtype=_text_type([value]))
    elif isinstance(value, bool):
        target.attrs[name] = np.bool_(value)
    elif isinstance(value, int | np.integer):
        target.attrs[name] = np.int64(value)
    elif isinstance(value, float):
        target.attrs[name] = np.float64(value)
    else:
        items = list(value)
        if items and all(isinstance(item, str) for item in items):
            texts = [str(item) for item in items]
            target.attrs.create(name, _text(texts), dtype=_text_type(texts))
        else:
            # NumPy's whole numbers are whole numbers too.
            is_whole = all(isinstance(item, int | np.integer) for item in items)
            kind = np.int64 if is_whole else np.float64
            target.attrs[name] = np.asarray(items, dtype=kind)


def _text_type(texts: list[str]) -> Any:
    length = max(1, *(len(text.encode("utf-8")) for text in texts))
    if length * len(texts) > LARGEST_ATTRIBUTE:
        raise FormatError(
            f"a text attribute of {length * len(texts)} bytes is too long for HDF5; shorten it "
            f"below {LARGEST_ATTRIBUTE}"
        )
    return h5py.string_dtype("utf-8", length)


def _text(texts: list[str]) -> Any:
    return np.asarray([text.encode("utf-8") for text in texts], dtype=_text_type(texts))
