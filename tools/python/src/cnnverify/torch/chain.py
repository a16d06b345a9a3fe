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


def run_chain(
    operation: Operation, stages: list[Stage], dtype: torch.dtype | None = None
) -> list[StageValues]:
    """Compute all stages one after the other, and the gradients between them."""
    leaves = {
        id(s): s.snapshot.restored(dtype).requires_grad_(s.requires_grad) for s in operation.slots
    }
    values: list[StageValues] = []
    previous: Tensor | None = None
    for stage in stages:
        inputs = [_value(source, leaves, previous) for source in stage.sources]
        if stage.run is None:
            raise Inexpressible(f"a chain through {stage.kind}")
        previous = stage.run(*inputs)
        values.append(StageValues(inputs, previous))
    gradient = output_gradients(operation)[0]
    if gradient is not None:
        _differentiate(values, gradient.to(dtype) if dtype is not None else gradient)
    return values


def check_chain(operation: Operation, stages: list[Stage], values: list[StageValues]) -> None:
    """Raise `Inexpressible` unless the chain gives the recorded operation's bits."""
    if len(operation.outputs) != 1:
        raise Inexpressible("several outputs")
    if not same_bits(values[-1].output.detach(), operation.outputs[0].snapshot.value):
        raise Inexpressible("the chain of kinds rounds differently")
    for stage, value in zip(stages, values, strict=True):
        for position, source in enumerate(stage.sources):
            if isinstance(source, Slot) and source.gradient is not None:
                found = value.grad_inputs.get(position)
                if found is None or not same_bits(found, source.gradient.value):
                    raise Inexpressible("the chain of kinds rounds its gradient differently")


def _value(source: object, leaves: dict[int, Tensor], previous: Tensor | None) -> Tensor:
    if isinstance(source, Slot):
        return leaves[id(source)]
    if isinstance(source, Previous) and previous is not None:
        return previous
    if isinstance(source, Tensor):
        return source
    raise Inexpressible("a chain without a beginning")


def _differentiate(values: list[StageValues], gradient: Tensor) -> None:
    """From the last stage back: each stage's gradients are those of its own inputs."""
    for value in reversed(values):
        value.grad_output = gradient
        wanted = [k for k, tensor in enumerate(value.inputs) if tensor.requires_grad]
        if not wanted:
            return
        found = torch.autograd.grad(
            value.output, [value.inputs[k] for k in wanted], gradient, retain_graph=True
        )
        value.grad_inputs = dict(zip(wanted, found, strict=True))
        before = [k for k in wanted if value.inputs[k].grad_fn is not None]
        if before:
            gradient = value.grad_inputs[before[0]]
