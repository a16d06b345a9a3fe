"""One node test of ONNX: its attributes, inputs and expected outputs by position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, helper

from cnnverify.format import Attribute, Layer, Reference

Numbers: TypeAlias = NDArray[Any]


class Inexpressible(Exception):
    """The node does something that no kind of the format does."""


class Node:
    """A node and its data."""

    def __init__(self, proto: Any, inputs: list[Any], outputs: list[Any]) -> None:
        self.operator: str = proto.op_type
        self.inputs = inputs
        self.outputs = outputs
        self.attributes: dict[str, Any] = {
            a.name: _shortest(helper.get_attribute_value(a), a.type) for a in proto.attribute
        }

    def get(self, name: str, default: Any = None) -> Any:
        """Give an attribute."""
        return self.attributes.get(name, default)

    def input(self, position: int) -> Numbers:
        """Give an input that must be there."""
        value = self.optional(position)
        if value is None:
            raise Inexpressible(f"no input {position}")
        return value

    def optional(self, position: int) -> Numbers | None:
        """Give an input, or nothing."""
        value = self.inputs[position] if position < len(self.inputs) else None
        return None if value is None else np.asarray(value)

    @property
    def x(self) -> Numbers:
        """The first input, which must be floating."""
        return floating(self.input(0))

    @property
    def y(self) -> Numbers:
        """The first output."""
        return np.asarray(self.outputs[0])

    @property
    def spatial(self) -> int:
        """The number of axes of an image besides batch and channels."""
        count = self.x.ndim - 2
        if count not in (1, 2, 3):
            raise Inexpressible(f"an image of {self.x.ndim} axes")
        return count


Converter: TypeAlias = Callable[[Node], Layer]


def layer(
    kind: str,
    inputs: Sequence[Numbers],
    outputs: Sequence[Numbers],
    *,
    parameters: Mapping[str, Numbers | None] | None = None,
    buffers: Mapping[str, Numbers] | None = None,
    auxiliary: Mapping[str, Numbers | None] | None = None,
    buffers_after: Mapping[str, Numbers] | None = None,
    training: bool | None = None,
    settings: Mapping[str, Attribute] | None = None,
    **attributes: Attribute | None,
) -> Layer:
    """Make a stand-alone layer with the attributes and settings; what is None is left out."""
    return Layer(
        name="layer",
        kind=kind,
        attributes={k: v for k, v in {**(settings or {}), **attributes}.items() if v is not None},
        arity=len(inputs),
        outputs=len(outputs),
        training=training,
        parameters={k: v for k, v in (parameters or {}).items() if v is not None},
        buffers=dict(buffers or {}),
        auxiliary={k: v for k, v in (auxiliary or {}).items() if v is not None},
        reference=Reference(
            inputs=dict(enumerate(inputs)),
            outputs=dict(enumerate(outputs)),
            buffers=dict(buffers_after or {}),
        ),
    )


def floating(array: Numbers) -> Numbers:
    """Refuse what is no floating number of the format."""
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise Inexpressible(f"numbers of type {array.dtype}")
    return array


def exact(array: Numbers) -> Numbers:
    """Give integers as the floating numbers that they are, for kinds that move elements only."""
    return array.astype(np.float64) if array.dtype.kind in "iu" else floating(array)


def whole(array: Numbers | None) -> list[int] | None:
    """Give an input of integers as a list."""
    return None if array is None else [int(n) for n in np.atleast_1d(array)]


def _shortest(value: Any, kind: int) -> Any:
    """A float attribute has single precision; the test was made with the decimal number."""
    if isinstance(value, bytes):
        return value.decode()
    if kind == AttributeProto.FLOAT:
        return float(str(np.float32(value)))
    if kind == AttributeProto.FLOATS:
        return [float(str(np.float32(v))) for v in value]
    return value
