"""How one recorded operation is expressed in kinds: usually one layer, sometimes a short chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..format import Attribute
from .tape import Operation, Slot, SlotMark


@dataclass(frozen=True)
class Previous:
    """The output of the stage before, or of the one at a position of the chain."""

    position: int | None = None

    def of(self, position: int) -> int:
        """Give the position of the stage that feeds the one at `position`."""
        return position - 1 if self.position is None else self.position


PREVIOUS = Previous()

Source = Slot | Previous | Tensor
"""What feeds a stage: an argument, the stage before, or a constant."""


@dataclass(eq=False)
class Stage:
    """One layer of the fixture.

    `run` computes the stage from its sources; only the stages of a chain need it. `formula`
    computes it from its inputs in any type, where the operation itself would compute something else
    in another type (it would draw other numbers).
    """

    kind: str
    sources: list[Source]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    parameters: dict[str, Slot] = field(default_factory=dict)
    buffers: dict[str, Slot] = field(default_factory=dict)
    auxiliary: dict[str, Tensor] = field(default_factory=dict)
    training: bool | None = None
    gives: int | None = None
    """The output of the operation that a stage computes, where not the last alone gives one."""
    run: Callable[..., Tensor] | None = None
    formula: Callable[..., Tensor] | None = None


class Arguments:
    """The arguments of a recorded function, by name."""

    def __init__(self, operation: Operation, values: dict[str, Any]) -> None:
        self.operation = operation
        self.values = values

    def get(self, name: str, default: Any = None) -> Any:
        """Give a plain argument, or the default where it was not given."""
        return self.values.get(name, default)

    def slot(self, name: str) -> Slot | None:
        """Give a tensor argument, or nothing if there is none."""
        value = self.values.get(name)
        return self.operation.slots[value.number] if isinstance(value, SlotMark) else None

    def required(self, name: str) -> Slot:
        """Give a tensor argument that must be there."""
        slot = self.slot(name)
        if slot is None:
            raise Inexpressible(f"{name} is no tensor")
        return slot

    def slots(self, name: str) -> list[Slot]:
        """Give a list of tensors."""
        return [self.operation.slots[m.number] for m in self.values[name]]

    def rank(self, name: str) -> int:
        """Give the number of axes of a tensor argument."""
        return self.required(name).snapshot.value.dim()


class Inexpressible(Exception):
    """The call has no kind in the format; it is exported under its own name."""
