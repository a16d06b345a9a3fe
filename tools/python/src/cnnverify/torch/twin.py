"""The float64 twin: each layer again, alone, from exactly what the float32 run saw."""

from __future__ import annotations

import torch

from ..format import Reference
from .chain import StageValues, run_chain
from .module_kinds import DROPOUTS
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
        if stage.kind in DROPOUTS and stage.training:
            return _dropout(operation, stage)
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


def _dropout(operation: Operation, stage: Stage) -> Reference:
    """`x * mask / (1 - p)`: another type would draw another mask."""
    probability = stage.attributes["p"]
    p = float(probability) if isinstance(probability, int | float) else 0.0
    factor = stage.auxiliary["mask"].to(_WIDE) / (1 - p) if p < 1 else torch.zeros((), dtype=_WIDE)
    reference = Reference()
    x = operation.slots[0].snapshot.value.to(_WIDE)
    reference.outputs[0] = to_array(x * factor)
    gradient = output_gradients(operation)[0]
    if gradient is not None and operation.slots[0].gradient is not None:
        reference.grad_inputs[0] = to_array(gradient.to(_WIDE) * factor)
    return reference
