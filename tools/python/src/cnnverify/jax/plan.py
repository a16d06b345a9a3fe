"""How a group of equations is expressed: one kind, and what lies between its tensors and JAX's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..format import Attribute


@dataclass(frozen=True)
class Reshape:
    """Another shape, elements in the same order; `before` makes it reversible."""

    before: tuple[int, ...]
    shape: tuple[int, ...]

    def apply(self, array: Any) -> Any:
        """Move an array, or its gradient."""
        return np.reshape(array, self.shape)

    def undo(self, array: Any) -> Any:
        """Move it back."""
        return np.reshape(array, self.before)


@dataclass(frozen=True)
class Permute:
    """Axes in another order."""

    dims: tuple[int, ...]

    def apply(self, array: Any) -> Any:
        """Move an array, or its gradient."""
        return np.transpose(array, self.dims)

    def undo(self, array: Any) -> Any:
        """Move it back."""
        return np.transpose(array, np.argsort(self.dims))


@dataclass(frozen=True)
class Slice:
    """A part along one axis; only before a layer, where the gradient outside it is zero."""

    dim: int
    start: int
    stop: int
    step: int

    def apply(self, array: Any) -> Any:
        """Take the part of an array, or of its gradient."""
        return array[(slice(None),) * self.dim + (slice(self.start, self.stop, self.step),)]


@dataclass(frozen=True)
class Negate:
    """The other sign."""

    def apply(self, array: Any) -> Any:
        """Negate an array, or its gradient."""
        return -array

    def undo(self, array: Any) -> Any:
        """Negate it again."""
        return -array


Reversible = Reshape | Permute | Negate
Move = Reversible | Slice
"""What moves or negates elements, exactly, and its gradient alike: a small layer of its own."""


@dataclass(eq=False)
class Operand:
    """What the layer reads: a slot of its operation, or a constant.

    `moves` come first, on the tensor in JAX's own order of axes; `axes` says which axis is which
    afterwards (`"NHWC"`), None that they are in canonical order.
    """

    slot: int | None = None
    constant: Any = None
    moves: tuple[Move, ...] = ()
    axes: str | None = None


@dataclass(eq=False)
class Held:
    """A parameter that a layer holds, by its slot.

    With `axes` it is written as it is; with `convert` (a rearrangement of elements, the same for
    the gradient) in canonical form, because no letters say what has to be done.
    """

    slot: int
    axes: str | None = None
    convert: Callable[[Any], Any] | None = None
    conversion: str = ""
    """Names the rearrangement, for people and to recognise equal ones."""


@dataclass(eq=False)
class Plan:
    """One layer."""

    kind: str
    operands: list[Operand]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    parameters: dict[str, Held] = field(default_factory=dict)
    buffers: dict[str, Any] = field(default_factory=dict)
    buffers_after: dict[str, Any] = field(default_factory=dict)
    auxiliary: dict[str, tuple[Any, str | None]] = field(default_factory=dict)
    training: bool | None = None
    axes: str | None = None
    """Which axis of the output is which, before `after`."""
    follows: bool = False
    """Whether the layer works on any order of axes: it takes its first operand's."""
    axis_attributes: tuple[str, ...] = ()
    """Attributes that count axes, in JAX's own order."""
    after: tuple[Reversible, ...] = ()
    """What makes JAX's own output of the layer's."""
    label: str | None = None
    """The last part of the name, where the kind does not say it."""
    formula: Callable[..., Any] | None = None
    """Computes the same from the slots in float64, where the program's own constants or functions
    are made for float32."""


class Unmatched(Exception):
    """The equations are not of the kind that was tried; the reason is shown to the user."""
