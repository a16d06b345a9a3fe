"""How one recorded operation is expressed in kinds: usually one layer, sometimes a short chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..format import Arranged, Array, Attribute
from .layouts import Layout
from .replay import Run
from .tape import Edge, Step, VariableUse


class Inexpressible(Exception):
    """The call has no kind in the format; it is exported under its own name."""


@dataclass(frozen=True)
class Previous:
    """The output of the stage before, or of the one at a position of the chain."""

    position: int | None = None

    def of(self, position: int) -> int:
        """Give the position of the stage that feeds the one at `position`."""
        return position - 1 if self.position is None else self.position


PREVIOUS = Previous()

Source = Edge | Previous | float
"""What feeds a stage: an edge, another stage, or a constant."""

Form = Callable[[NDArray[Any]], Array]
"""From a variable, or anything of its shape, to what the file holds."""


def as_held(values: NDArray[Any]) -> Array:
    """Write a variable as it is."""
    return values


def with_axes(axes: str) -> Form:
    """Write a variable as it is, and say its axes."""
    return lambda values: Arranged(values, axes)


@dataclass(frozen=True, eq=False)
class Weight:
    """A parameter of a stage: a variable, or a constant where the layer has none."""

    use: VariableUse | None
    form: Form = as_held
    constant: NDArray[Any] | None = None

    def written(self, values: NDArray[Any] | None = None) -> Array:
        """Give the array for the file: of the variable itself, or of anything of its shape."""
        if values is None:
            if self.constant is None:
                raise ValueError("a weight without a value")
            return self.constant
        return self.form(values)


def weight(step: Step, name: str, form: Form = as_held) -> Weight | None:
    """Give a variable as a parameter, if the layer has it."""
    use = step.use(name)
    return None if use is None else Weight(use, form)


def constant_weight(size: int, value: float) -> Weight:
    """Give the parameter that a layer leaves out: ones or zeros."""
    return Weight(None, constant=np.full(size, value, np.float32))


@dataclass(eq=False)
class Stage:
    """One layer of the fixture.

    `wants` is the layout of its inputs, `gives` that of its output. `run` computes the stage from
    its sources; where it is missing, the whole operation is the stage.
    """

    kind: str
    sources: list[Source]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    wants: Layout = Layout.PLAIN
    gives: Layout | None = None
    """None where it is what the inputs are in."""
    parameters: dict[str, Weight] = field(default_factory=dict)
    buffers: dict[str, VariableUse] = field(default_factory=dict)
    auxiliary: dict[str, Array] = field(default_factory=dict)
    training: bool | None = None
    suffix: str = ""
    """Goes behind the operation's name."""
    held: frozenset[int] = frozenset()
    """Positions of sources that are spoken of as they are held, whatever the stage wants."""
    run: Run | None = None
    formula: Run | None = None
    """Computes the stage in float64 where the operation itself would compute something else."""
    twin: bool = True
    """Whether there is a float64 form at all."""

    def wanted(self, position: int) -> Layout:
        """Give the layout of one source."""
        return Layout.PLAIN if position in self.held else self.wants

    @property
    def result(self) -> Layout:
        """The layout of the output."""
        return self.wants if self.gives is None else self.gives


@dataclass(frozen=True, eq=False)
class Call:
    """A recorded application, as the builders of stages see it."""

    step: Step
    layouts: dict[int, Layout]
    """Of the edges, by `id`: what their producers give."""

    @property
    def operation(self) -> Any:
        """The operation, with its settings."""
        return self.step.operation

    @property
    def edges(self) -> list[Edge]:
        """The tensors that go in."""
        return self.step.edges

    @property
    def edge(self) -> Edge:
        """The only tensor that goes in."""
        if len(self.step.edges) != 1:
            raise Inexpressible(f"{len(self.step.edges)} tensors go in")
        return self.step.edges[0]

    def rank(self, edge: Edge | None = None) -> int:
        """Give the number of axes of a tensor that goes in."""
        return len((self.edges[0] if edge is None else edge).value.shape)

    def shape(self) -> list[int]:
        """Give the shape of the only output."""
        return [int(n) for n in self.step.outputs[0].value.shape]

    def layout(self) -> Layout:
        """Give the order that an operation which takes any works in: that of its first image.

        Tensors of different ranks are lined up at their last axes, which only the order they are
        held in allows.
        """
        ranks = {self.rank(e) for e in self.edges if self.rank(e)}
        if len(ranks) > 1:
            return Layout.PLAIN
        return next((self.layouts[id(e)] for e in self.edges if self.rank(e)), Layout.PLAIN)

    def images(self, data_format: str | None) -> Layout:
        """Give the order that a layer for images works in."""
        return Layout.PLAIN if data_format == "channels_first" else Layout.LAST


Builder = Callable[[Call], list[Stage]]
