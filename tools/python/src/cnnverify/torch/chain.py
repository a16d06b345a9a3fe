"""Values and gradients between the stages of an operation that is expressed by several kinds."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .settling import output_gradients
from .snapshot import same_bits
from .stages import Inexpressible, Previous, Stage
from .tape import Operation, Slot


@dataclass(eq=False)
class StageValues:
    """What one stage computed."""

    inputs: list[Tensor]
    output: Tensor
    grad_output: Tensor | None = None
    grad_inputs: dict[int, Tensor] = field(default_factory=dict)


def giving(stages: list[Stage]) -> dict[int, int]:
    """Give the output of the operation that each last stage computes, by the stage's position."""
    stated = {k: stage.gives for k, stage in enumerate(stages) if stage.gives is not None}
    return stated or {len(stages) - 1: 0}


def run_chain(
    operation: Operation, stages: list[Stage], dtype: torch.dtype | None = None
) -> list[StageValues]:
    """Compute all stages one after the other, and the gradients between them."""
    leaves = {
        id(s): s.snapshot.restored(dtype).requires_grad_(s.requires_grad) for s in operation.slots
    }
    values: list[StageValues] = []
    for position, stage in enumerate(stages):
        inputs = [_value(source, leaves, values, position) for source in stage.sources]
        if stage.run is None:
            raise Inexpressible(f"a chain through {stage.kind}")
        values.append(StageValues(inputs, stage.run(*inputs)))
    gradients = output_gradients(operation)
    for position, number in giving(stages).items():
        gradient = gradients[number]
        if gradient is not None:
            values[position].grad_output = gradient.to(dtype) if dtype is not None else gradient
    _differentiate(stages, values)
    return values


def check_chain(operation: Operation, stages: list[Stage], values: list[StageValues]) -> None:
    """Raise `Inexpressible` unless the chain gives the recorded operation's bits."""
    given = giving(stages)
    if sorted(given.values()) != list(range(len(operation.outputs))):
        raise Inexpressible("several outputs")
    for position, number in given.items():
        recorded = operation.outputs[number].snapshot.value
        if not same_bits(values[position].output.detach(), recorded):
            raise Inexpressible("the chain of kinds rounds differently")
    found: dict[int, list[Tensor]] = {}
    for stage, value in zip(stages, values, strict=True):
        for position, source in enumerate(stage.sources):
            if isinstance(source, Slot) and position in value.grad_inputs:
                found.setdefault(id(source), []).append(value.grad_inputs[position])
    for slot in operation.slots:
        if slot.gradient is not None and not _makes(found.get(id(slot), []), slot.gradient.value):
            raise Inexpressible("the chain of kinds rounds its gradient differently")


def _makes(parts: list[Tensor], total: Tensor) -> bool:
    """One part has the same bits; several add up (where -0 + 0 is 0)."""
    if len(parts) == 1:
        return same_bits(parts[0], total)
    added = sum(parts[1:], parts[0]) if parts else torch.zeros_like(total)
    return bool(torch.equal(added.nan_to_num(), total.nan_to_num()))


def _value(
    source: object, leaves: dict[int, Tensor], values: list[StageValues], position: int
) -> Tensor:
    if isinstance(source, Slot):
        return leaves[id(source)]
    if isinstance(source, Previous) and position > 0:
        return values[source.of(position)].output
    if isinstance(source, Tensor):
        return source
    raise Inexpressible("a chain without a beginning")


def _differentiate(stages: list[Stage], values: list[StageValues]) -> None:
    """From the last stage back: each stage's gradients are those of its own inputs."""
    for number in reversed(range(len(stages))):
        value = values[number]
        wanted = [k for k, tensor in enumerate(value.inputs) if tensor.requires_grad]
        if not wanted or value.grad_output is None:
            continue
        found = torch.autograd.grad(
            value.output,
            [value.inputs[k] for k in wanted],
            value.grad_output,
            retain_graph=True,
        )
        value.grad_inputs = dict(zip(wanted, found, strict=True))
        for position, gradient in value.grad_inputs.items():
            source = stages[number].sources[position]
            if isinstance(source, Previous):
                before = values[source.of(number)]
                total = before.grad_output
                before.grad_output = gradient if total is None else total + gradient
