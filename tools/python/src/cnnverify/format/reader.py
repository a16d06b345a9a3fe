"""Reads back what the writer wrote, for tests and for those who want to change a fixture."""

from __future__ import annotations

import json
import os
from typing import Any

import h5py
import numpy as np

from ..errors import FormatError
from .content import (
    FORMAT,
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

_LAYER_FIELDS = ("type", "inputs", "index", "training", "source", "expected_failure")


def read_fixture(path: str | os.PathLike[str]) -> Fixture:
    """Read a whole fixture into memory."""
    with h5py.File(path, "r") as file:
        if _plain(file.attrs.get("format")) != FORMAT:
            raise FormatError(f"{os.fspath(path)} is no {FORMAT}; check the path")
        reader = _Reader()
        provenance = _plain(file.attrs["provenance"]) if "provenance" in file.attrs else None
        return Fixture(
            root=reader.read_case(file) if "layers" in file else None,
            cases={n: reader.read_case(g) for n, g in file["cases"].items()}
            if "cases" in file
            else {},
            producer=_plain(file.attrs["producer"]) if "producer" in file.attrs else None,
            provenance=json.loads(provenance) if provenance is not None else None,
        )


class _Reader:
    """One pass over a file; datasets that are one object become one array."""

    def __init__(self) -> None:
        self.seen: dict[int, Array] = {}

    def read_case(self, group: h5py.Group) -> Case:
        layers = [self.read_layer(name, g) for name, g in group["layers"].items()]
        layers.sort(key=lambda layer: (layer.index is None, layer.index or 0))
        return Case(
            inputs=self.read_arrays(group, "inputs"),
            layers=layers,
            loss=_plain(group.attrs["loss"]) if "loss" in group.attrs else None,
            arithmetic=_plain(group.attrs["arithmetic"]) if "arithmetic" in group.attrs else None,
            optimizer=self.read_update(group["optimizer"]) if "optimizer" in group else None,
            trajectory=self.read_trajectory(group["trajectory"]) if "trajectory" in group else None,
        )

    def read_update(self, group: h5py.Group) -> Update:
        attributes: dict[str, Any] = {k: _plain(v) for k, v in group.attrs.items()}
        return Update(
            kind=attributes.pop("type"),
            step=attributes.pop("step", 0),
            attributes=attributes,
            state=self.read_state(group, "state"),
            reference_state=self.read_state(group, "reference_state"),
        )

    def read_state(self, group: h5py.Group, title: str) -> dict[ParameterName, dict[str, Array]]:
        return {
            (layer, name): self.read_arrays(slots, ".")
            for layer, parameters in group.get(title, {}).items()
            for name, slots in parameters.items()
        }

    def read_trajectory(self, group: h5py.Group) -> Trajectory:
        return Trajectory(
            batches=[
                self.read_arrays(group, f"batches/{k}") for k in range(int(group.attrs["steps"]))
            ],
            losses=self.read_array(group["reference/loss"]),
            parameters={
                (layer, name): self.read_array(dataset)
                for layer, parameters in group["reference/parameters"].items()
                for name, dataset in parameters.items()
            },
        )

    def read_layer(self, name: str, group: h5py.Group) -> Layer:
        attributes: dict[str, Any] = {k: _plain(v) for k, v in group.attrs.items()}
        inputs = attributes.get("inputs")
        layer = Layer(
            name=name,
            kind=attributes["type"],
            inputs=[inputs] if isinstance(inputs, str) else inputs,
            index=attributes.get("index"),
            training=attributes.get("training"),
            source=attributes.get("source"),
            expected_failure=attributes.get("expected_failure"),
            attributes={k: v for k, v in attributes.items() if k not in _LAYER_FIELDS},
            parameters=self.read_arrays(group, "parameters"),
            buffers=self.read_arrays(group, "buffers"),
            auxiliary=self.read_arrays(group, "auxiliary"),
            reference=self.read_reference(group, "reference"),
        )
        if "reference_f64" in group:
            layer.reference_f64 = self.read_reference(group, "reference_f64")
        layer.outputs = max(1, _count(group, "output"))
        layer.arity = len(layer.inputs) if layer.inputs is not None else _count(group, "input")
        return layer

    def read_reference(self, group: h5py.Group, title: str) -> Reference:
        if title not in group:
            return Reference()
        branch = group[title]
        return Reference(
            inputs=self.read_numbered(branch, "input"),
            outputs=self.read_numbered(branch, "output"),
            grad_outputs=self.read_numbered(branch, "grad_output"),
            grad_inputs=self.read_numbered(branch, "grad_input"),
            grad_parameters=self.read_arrays(branch, "grad_parameters"),
            buffers=self.read_arrays(branch, "buffers"),
            updated_parameters=self.read_arrays(branch, "updated_parameters"),
            initial_buffers=self.read_arrays(branch, "initial_buffers"),
        )

    def read_numbered(self, group: h5py.Group, name: str) -> dict[int, Array]:
        found = {k: v for k in group if (v := _number(k, name)) is not None}
        return {number: self.read_array(group[key]) for key, number in found.items()}

    def read_arrays(self, group: h5py.Group, path: str) -> dict[str, Array]:
        if path not in group:
            return {}
        return {name: self.read_array(dataset) for name, dataset in group[path].items()}

    def read_array(self, dataset: h5py.Dataset) -> Array:
        address = h5py.h5o.get_info(dataset.id).addr
        if address not in self.seen:
            data = np.asarray(dataset[()])
            brain = _plain(dataset.attrs.get("logical_dtype")) == "bfloat16"
            values = BFloat16(data) if brain else data
            axes = _plain(dataset.attrs.get("axes"))
            self.seen[address] = values if axes is None else Arranged(values, axes)
        return self.seen[address]


def _number(key: str, name: str) -> int | None:
    stem, dot, number = key.partition(".")
    if stem != name or (dot and not number.isdigit()):
        return None
    return int(number) if dot else 0


def _count(group: h5py.Group, name: str) -> int:
    numbers = [n for k in group.get("reference", ()) if (n := _number(k, name)) is not None]
    return max(numbers, default=-1) + 1


def _plain(value: Any) -> Any:
    """An attribute as Python's own types."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, np.ndarray):
        items: list[Attribute] = [_plain(item) for item in value.tolist()]
        return items
    return value.item() if isinstance(value, np.generic) else value
