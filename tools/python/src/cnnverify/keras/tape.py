"""What one run of a model did: every application of an operation with all that went through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import keras

from .engines import Tensor


@dataclass(eq=False)
class NetworkInput:
    """A tensor that the caller gave."""

    name: str
    value: Tensor
    differentiable: bool = True
    """False for targets."""


@dataclass(eq=False)
class Output:
    """A tensor that an application made; its gradient is the sum over all consumers."""

    step: Step
    number: int
    value: Tensor
    gradient: Tensor | None = None


@dataclass(eq=False)
class VariableUse:
    """A variable of a layer in one application of the layer."""

    variable: Any
    name: str
    trainable: bool
    value: Tensor
    after: Tensor | None = None
    gradient: Tensor | None = None
    """From this application alone."""


Producer: TypeAlias = Output | NetworkInput | VariableUse | None
"""What made a tensor; None for a constant of the graph."""


@dataclass(eq=False)
class Edge:
    """One tensor that goes into one application."""

    value: Tensor
    producer: Producer
    gradient: Tensor | None = None
    """Through this edge alone."""


@dataclass(frozen=True)
class EdgeMark:
    """Stands for a tensor among the arguments."""

    number: int


@dataclass(eq=False)
class Step:
    """One application of an operation: a layer, a function of `keras.ops`, or a loss."""

    index: int
    operation: Callable[..., Any]
    path: str
    label: str
    arguments: list[Any]
    """The flat arguments, tensors as `EdgeMark`."""
    structure: Any
    edges: list[Edge]
    variables: list[VariableUse]
    random_state: Any
    training: bool
    source: str | None = None
    outputs: list[Output] = field(default_factory=list)
    state: dict[int, Tensor] = field(default_factory=dict)
    """Of every variable before the application, by its `id`."""

    @property
    def where(self) -> str:
        """Name the application for messages."""
        return f"{self.path} ({self.label}{f', {self.source}' if self.source else ''})"

    def call(self, operation: Callable[..., Any], tensors: Sequence[Tensor]) -> Any:
        """Call an operation with the recorded arguments and other tensors in them."""
        filled = [tensors[a.number] if isinstance(a, EdgeMark) else a for a in self.arguments]
        args, kwargs = keras.tree.pack_sequence_as(self.structure, filled)
        return operation(*args, **kwargs)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Give a plain argument of the call, or the default."""
        args, kwargs = keras.tree.pack_sequence_as(self.structure, list(self.arguments))
        if len(args) > position:
            return args[position]
        return kwargs.get(name, default)

    def use(self, name: str) -> VariableUse | None:
        """Give a variable by its name."""
        return next((u for u in self.variables if u.name == name), None)


@dataclass(eq=False)
class Tape:
    """All applications of one run, in forward order."""

    steps: list[Step] = field(default_factory=list)
    inputs: list[NetworkInput] = field(default_factory=list)
    loss: Output | None = None
    random_state: Any = None
    state: dict[int, Tensor] = field(default_factory=dict)
    """Of the variables at the beginning, where it is not the model's own."""

    def edges_from(self, producer: Producer) -> list[Edge]:
        """Give the edges that a tensor leaves by."""
        return [e for s in self.steps for e in s.edges if e.producer is producer]


def is_floating(value: Any) -> bool:
    """Whether a tensor holds floating numbers."""
    return "float" in keras.backend.standardize_dtype(value.dtype)
