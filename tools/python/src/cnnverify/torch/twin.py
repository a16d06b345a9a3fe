"""The float64 twin: each layer again, alone, from exactly what the float32 run saw."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..format import Reference
from .chain import StageValues, run_chain
from .replay import Replayed, replay
from .settling import output_gradients
from .snapshot import to_array
from .stages import Stage
from .tape import Operation, Slot

_WIDE = torch.float64


def twin_of(
    operation: Operation, stage: Stage, stages: list[Stage], position: int
) -> Reference | None:
    """Compute one layer in float64; nothing where torch has no float64 form of it.

    The inputs, the upstream gradient and every mask are the recorded ones, cast exactly, so the
    twin answers for this layer's own rounding only.
    """
    if any(o.snapshot.value.dtype == _WIDE for o in operation.outputs):
        return None
    try:
        if len(stages) > 1:
            return _from_chain(run_chain(operation, stages, _WIDE)[position])
        if stage.formula is not None:
            return _from_formula(operation, stage, stage.formula)
        return _from_replay(operation, stage, replay(operation, _WIDE, split=True))
    except (RuntimeError, TypeError):
        return None


def _from_replay(operation: Operation, stage: Stage, again: Replayed) -> Reference:
    reference = Reference(outputs={k: to_array(t) for k, t in enumerate(again.outputs)})
    if any(o.gradient is not None for o in operation.outputs):
        for position, source in enumerate(stage.sources):
            if isinstance(source, Slot) and source.gradient is not None:
                gradient = again.gradient(source)
                if gradient is not None:
                    reference.grad_inputs[position] = to_array(gradient)
        for name, slot in stage.parameters.items():
            gradient = again.gradient(slot)
            if gradient is not None:
                reference.grad_parameters[name] = to_array(gradient)
    if stage.training:
        for name, slot in stage.buffers.items():
            reference.buffers[name] = to_array(again.buffers[id(slot)])
    return reference


def _from_chain(values: StageValues) -> Reference:
    """A stage behind another has inputs and gradients of its own, and carries them."""
    reference = Reference(outputs={0: to_array(values.output)})
    reference.inputs = {k: to_array(t) for k, t in enumerate(values.inputs)}
    if values.grad_output is not None:
        reference.grad_outputs[0] = to_array(values.grad_output)
    reference.grad_inputs = {k: to_array(t) for k, t in values.grad_inputs.items()}
    return reference


def _from_formula(operation: Operation, stage: Stage, formula: Callable[..., Tensor]) -> Reference:
    slots = [s for s in stage.sources if isinstance(s, Slot)]
    inputs = [s.snapshot.restored(_WIDE).requires_grad_(s.gradient is not None) for s in slots]
    named = {
        n: s.snapshot.restored(_WIDE).requires_grad_(s.gradient is not None)
        for n, s in stage.parameters.items()
    }
    output = formula(*inputs, **named)
    reference = Reference(outputs={0: to_array(output)})
    gradient = output_gradients(operation)[0]
    if gradient is not None and output.requires_grad:
        leaves = [t for t in [*inputs, *named.values()] if t.requires_grad]
        found = torch.autograd.grad(output, leaves, gradient.to(_WIDE))
        by_leaf = dict(zip(map(id, leaves), map(to_array, found), strict=True))
        reference.grad_inputs = {k: by_leaf[id(t)] for k, t in enumerate(inputs) if t.requires_grad}
        reference.grad_parameters = {n: by_leaf[id(t)] for n, t in named.items() if t.requires_grad}
    return reference
