"""Hyper-parameters as the format writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..format import Attribute
from .stages import Inexpressible


def as_attribute(value: Any) -> Attribute:
    """Turn a constructor argument into an attribute; None inside a tuple becomes -1."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        items = [-1 if item is None else item for item in value]
        if all(isinstance(item, int) for item in items):
            return [int(item) for item in items]
        if all(isinstance(item, int | float) for item in items):
            return [float(item) for item in items]
    raise Inexpressible(f"a hyper-parameter of type {type(value).__name__}")


def attributes_of(values: dict[str, Any]) -> dict[str, Attribute]:
    """Turn arguments into attributes, leaving out those that are None."""
    return {name: as_attribute(v) for name, v in values.items() if v is not None}
