"""What was recorded: operations in forward order, their tensors, and who produced what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from .snapshot import Snapshot

if TYPE_CHECKING:
    from .updates import RecordedUpdate

Role = Literal["input", "parameter", "buffer"]


@dataclass(frozen=True)
class SlotMark:
    """Stands in the recorded arguments where a tensor was: the number of its slot."""

    number: int


@dataclass(eq=False)
class Output:
    """One tensor that an operation returned."""

    operation: Operation
    number: int
    tensor: Tensor
    snapshot: Snapshot
    alias_of: Slot | None = None
    """Set where the operation returned one of its inputs untouched (`Identity`)."""
    gradient: Snapshot | None = None

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient can arrive here."""
        return self.tensor.requires_grad


@dataclass(eq=False)
class NetworkInput:
    """A tensor that came from outside the recorded operations."""

    tensor: Tensor
    snapshot: Snapshot
    hint: str | None
    """What the user calls it, if it was an argument of the model."""


@dataclass(eq=False)
class Slot:
    """One tensor that an operation was given."""

    tensor: Tensor
    snapshot: Snapshot
    role: Role
    path: str | None
    """The name of the parameter or buffer within the model."""
    origin: Output | NetworkInput | None
    """None for parameters and buffers."""
    requires_grad: bool
    edge: Any | None = None
    """`torch.autograd.graph.GradientEdge`, taken before the operation ran."""
    gradients: list[Tensor] = field(default_factory=list)
    """What autograd sent along this edge; several where the operation uses the tensor inside
    more than once."""
    reached: bool = False
    """Whether the walk from the outputs met this edge."""
    gradient: Snapshot | None = None
    after: Snapshot | None = None
    """For buffers: the values when the operation had ended."""


@dataclass(eq=False)
class Operation:
    """One call of a function or of a leaf module."""

    index: int
    path: str
    """The enclosing module's path, or the module's own."""
    label: str
    """The function's plain name (`add` for `+=`), or the module class's."""
    function: Callable[..., Any] | None
    module: nn.Module | None
    leaves: list[Any]
    """The flattened arguments, with a `SlotMark` for each tensor."""
    structure: Any
    slots: list[Slot]
    parameters: dict[str, Slot]
    """Of a module, by local name; a function's parameters are among its slots."""
    buffers: dict[str, Slot]
    training: bool
    modes: dict[str, bool]
    """The training flag of the module and everything in it when it ran."""
    settings: dict[str, Any]
    """The module's plain attributes when it ran."""
    random_state: Tensor
    source: str | None
    autocast: torch.dtype | None
    outputs: list[Output] = field(default_factory=list)
    in_place: bool = False
    hidden_in_view: bool = False
    """An in-place operation on a view: autograd rebuilds the view, and the edge cannot be met."""
    shared_edge: bool = False
    """One tensor was passed twice: autograd delivers the sum only."""
    handles: list[Any] = field(default_factory=list)
    keep_alive: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The layer's name before it is made unique."""
        if self.module is not None:
            return self.path or self.label.lower()
        return f"{self.path}.{self.label}" if self.path else self.label

    @property
    def where(self) -> str:
        """The operation in words, for messages."""
        place = f" in module {self.path!r}" if self.path else ""
        line = f" ({self.source})" if self.source else ""
        return f"{self.label}{place}{line}"

    @property
    def every_slot(self) -> list[Slot]:
        """Arguments, parameters and buffers."""
        return [*self.slots, *self.parameters.values(), *self.buffers.values()]

    def forget_graph(self) -> None:
        """Let go of the autograd graph, which the hooks keep alive in cycles."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()
        self.keep_alive.clear()
        for slot in self.every_slot:
            slot.edge = None


@dataclass(eq=False)
class Known:
    """A tensor somebody was seen to make, by `id`; holding it keeps the `id` from being reused."""

    tensor: Tensor
    version: int
    origin: Output | NetworkInput | None
    """None for by-products without a gradient: masks, indices, constants."""


@dataclass(eq=False)
class ModelCall:
    """The outermost call of the user's model: enough to run it again without recording."""

    leaves: list[Any]
    """The flattened arguments; tensors as snapshots."""
    structure: Any
    random_state: Tensor
    modes: dict[str, bool]
    parameters: dict[str, Snapshot]
    buffers: dict[str, Snapshot]
    first: int
    """The index of the first operation inside."""
    last: int = -1
    results: list[Output | None] = field(default_factory=list)


@dataclass(eq=False)
class Tape:
    """All that one capture recorded."""

    operations: list[Operation] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)
    inputs: list[NetworkInput] = field(default_factory=list)
    backward_calls: int = 0
    loss: Tensor | None = None
    gradients_before: dict[int, Tensor] = field(default_factory=dict)
    """The `.grad` of each parameter (by id) when backward was called."""
    gradients_after: dict[int, Tensor] = field(default_factory=dict)
    calls: list[ModelCall] = field(default_factory=list)
    update: RecordedUpdate | None = None

    def consumers(self, output: Output) -> list[Slot]:
        """Every slot that an output feeds, in forward order."""
        return [s for o in self.operations for s in o.slots if s.origin is output]
