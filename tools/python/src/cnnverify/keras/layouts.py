"""In which order of axes a tensor is spoken of.

The format's images are `N C …`. Keras' usual ones are `N … C`: they are written as they are, and
say so; for the format they are `N C …` all the same. What is no image is spoken of as it is held.
Where a tensor is spoken of in one order and an operation needs the other, a `Permute` stands
between; the numbers in the file are the same on both sides of it.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from numpy.typing import NDArray

from ..format import Arranged, Array


class Layout(Enum):
    """An order of axes."""

    PLAIN = "as it is held"
    LAST = "held with the channels last, spoken of with the channels second"


_LETTERS = {3: "NLC", 4: "NHWC", 5: "NDHWC"}


def usable(layout: Layout, rank: int) -> Layout:
    """Give the layout that a tensor of this rank can have: only images have two."""
    return layout if rank in _LETTERS else Layout.PLAIN


def arranged(values: NDArray[Any], layout: Layout) -> Array:
    """Give a tensor as the file holds it."""
    if usable(layout, values.ndim) is Layout.PLAIN:
        return values
    return Arranged(values, _LETTERS[values.ndim])


def axis_in(layout: Layout, axis: int, rank: int) -> int:
    """Give the number that an axis of the held tensor has in a layout."""
    axis %= rank
    if usable(layout, rank) is Layout.PLAIN or axis == 0:
        return axis
    return 1 if axis == rank - 1 else axis + 1


def permutation(before: Layout, rank: int) -> list[int]:
    """Give the `dims` of the Permute that goes over to the other layout."""
    if before is Layout.LAST:
        return [0, *range(2, rank), 1]
    return [0, rank - 1, *range(1, rank - 1)]
