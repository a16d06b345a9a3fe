"""After the backward pass: gives every output and every edge its one gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from .replay import Replayed, replay
from .snapshot import Snapshot
from .tape import Operation, Output, Slot, Tape


def settle_gradients(tape: Tape) -> None:
    """Fill `Output.gradient` and `Slot.gradient` wherever a gradient arrived.

    Backward through the tape, so that what consumes a tensor is settled before what made it.
    """
    fed: dict[int, list[Slot]] = {}
    for operation in tape.operations:
        for slot in operation.slots:
            if isinstance(slot.origin, Output):
                fed.setdefault(id(slot.origin), []).append(slot)
    for operation in reversed(tape.operations):
        for output in operation.outputs:
            if output.gradient is None or output.alias_of is not None:
                _sum_consumers(output, fed.get(id(output), []))
        _settle_slots(operation)


def _sum_consumers(output: Output, slots: list[Slot]) -> None:
    """An untouched input has no node of its own, nor has the part of a view that was rebuilt."""
    arrived = [s.gradient.value for s in slots if s.gradient is not None]
    if not arrived:
        return
    total = arrived[0].clone()
    for gradient in arrived[1:]:
        total = total + gradient
    output.gradient = Snapshot(total, tuple(total.stride()))


def _settle_slots(operation: Operation) -> None:
    together: Replayed | None = None
    apart: Replayed | None = None
    if all(output.gradient is None for output in operation.outputs):
        return
    aliases = {id(o.alias_of): o for o in operation.outputs if o.alias_of is not None}
    repeated = repeated_slots(operation)
    for slot in operation.every_slot:
        if id(slot) in aliases:
            slot.gradient = aliases[id(slot)].gradient
        elif not slot.requires_grad:
            continue
        elif id(slot) in repeated:
            apart = apart or replay(operation, split=True)
            slot.gradient = _kept(apart.gradient(slot))
        elif operation.hidden_in_view or len(slot.gradients) > 1:
            together = together or replay(operation)
            slot.gradient = _kept(together.gradient(slot))
        elif slot.gradients:
            slot.gradient = _kept(slot.gradients[0])


def repeated_slots(operation: Operation) -> set[int]:
    """Give the slots (by id) whose tensor was passed more than once: autograd sends the sum."""
    if not operation.shared_edge:
        return set()
    seen: dict[int, list[Slot]] = {}
    for slot in operation.every_slot:
        if slot.requires_grad:
            seen.setdefault(id(slot.tensor), []).append(slot)
    return {id(slot) for slots in seen.values() if len(slots) > 1 for slot in slots}


def _kept(gradient: Tensor | None) -> Snapshot | None:
    return None if gradient is None else Snapshot(gradient, tuple(gradient.stride()))


def output_gradients(operation: Operation) -> list[Tensor | None]:
    """Give the gradients of all outputs; zeros where only another output reached the loss."""
    found = [o.gradient.value if o.gradient is not None else None for o in operation.outputs]
    if all(gradient is None for gradient in found):
        return found
    return [
        torch.zeros_like(o.snapshot.value) if gradient is None and o.requires_grad else gradient
        for o, gradient in zip(operation.outputs, found, strict=True)
    ]
