"""Which axis of a tensor is which: letters, and the permutation to canonical order."""

from __future__ import annotations

from collections.abc import Sequence

CANONICAL = "NCDHWL"
SPATIAL = {0: "", 1: "L", 2: "HW", 3: "DHW"}


def named_axes(spec: Sequence[int], first: str = "NC") -> str | None:
    """Give the letters of a tensor whose axes stand where `spec` says; None in canonical order.

    A specification names the positions of batch and feature (or of `first`), then of the spatial
    axes, as JAX's dimension numbers do.
    """
    letters = [""] * len(spec)
    for letter, position in zip(first + SPATIAL[len(spec) - 2], spec, strict=True):
        letters[position] = letter
    return None if list(spec) == list(range(len(spec))) else "".join(letters)


def image_axes(rank: int, channel: int) -> str | None:
    """Give the letters of a batch of images whose channels are at an axis."""
    spatial = [axis for axis in range(1, rank) if axis != channel]
    return named_axes((0, channel, *spatial))


def to_canonical(axes: str | None, rank: int) -> tuple[int, ...]:
    """Give the permutation that puts a tensor's axes in canonical order."""
    if axes is None:
        return tuple(range(rank))
    return tuple(sorted(range(rank), key=lambda k: CANONICAL.index(axes[k])))


def between(held: str | None, wanted: str | None, rank: int) -> tuple[int, ...] | None:
    """Give the permutation between the canonical forms of one tensor read in two ways.

    None where they are the same.
    """
    here, there = to_canonical(held, rank), to_canonical(wanted, rank)
    return None if here == there else tuple(here.index(axis) for axis in there)


def canonical_axis(axes: str | None, rank: int, axis: int) -> int:
    """Give where an axis stands in canonical order."""
    return to_canonical(axes, rank).index(axis % rank)
