"""Sees `optimizer.step()` inside a capture: state and parameters before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from ..errors import CaptureError
from ..format import Array, Attribute, Layer, ParameterName, Update
from .attributes import attributes_of
from .snapshot import same_bits, to_array
from .tape import Slot, Tape

KINDS: dict[type[Optimizer], str] = {
    SGD: "SGD",
    Adam: "Adam",
    AdamW: "AdamW",
    RMSprop: "RMSprop",
    Adagrad: "Adagrad",
}
"""The optimisers of the format, by their exact class."""

_IMPLEMENTATION = frozenset({"params", "param_names", "foreach", "fused", "initial_lr"})
"""Entries of a parameter group that change no number."""


@dataclass(eq=False)
class RecordedUpdate:
    """One step: everything by the `id` of the parameter."""

    kind: str
    settings: dict[str, Attribute]
    parameters: dict[int, Tensor]
    """Those that have a gradient, and are moved."""
    before: dict[int, Tensor]
    state: dict[int, dict[str, Tensor]]
    after: dict[int, Tensor] = field(default_factory=dict)
    state_after: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    @property
    def steps_taken(self) -> int:
        """The number of steps before this one, the most that any parameter has seen."""
        counted = [int(slots["step"]) for slots in self.state.values() if "step" in slots]
        return max(counted, default=int(bool(self.state)))


class UpdateWatch:
    """Listens to all optimisers while a capture runs; only those of its model are recorded."""

    def __init__(self, tape: Tape, parameters: set[int]) -> None:
        self.tape = tape
        self.own = parameters
        self.handles: list[Any] = []

    def start(self) -> None:
        """Begin to listen."""
        self.handles = [
            register_optimizer_step_pre_hook(self._before),
            register_optimizer_step_post_hook(self._after),
        ]

    def stop(self) -> None:
        """Stop listening."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"]]
        if not any(id(p) in self.own for p in held):
            return
        with torch._C.DisableTorchFunction():
            if self.tape.update is not None:
                raise CaptureError(
                    "two optimizer steps inside the block: make one capture for each, or use "
                    "capture_training"
                )
            if self.tape.backward_calls == 0:
                raise CaptureError(
                    "optimizer.step() before backward: the gradients it uses are not those of this "
                    "block; call backward first"
                )
            if any(a is not None for a in [*args[1:], *kwargs.values()]):
                raise CaptureError("optimizer.step(closure) runs the model again; call it without")
            moved = {id(p): p for p in held if p.grad is not None}
            for parameter in moved.values():
                self._check_gradient(parameter)
            self.tape.update = RecordedUpdate(
                kind=_kind(optimizer),
                settings=settings_of(optimizer),
                parameters=moved,
                before={key: p.detach().clone() for key, p in moved.items()},
                state={key: _slots(optimizer, p) for key, p in moved.items() if optimizer.state[p]},
            )

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        update = self.tape.update
        if update is None:
            return
        with torch._C.DisableTorchFunction():
            for key, parameter in update.parameters.items():
                update.after[key] = parameter.detach().clone()
                update.state_after[key] = _slots(optimizer, parameter)

    def _check_gradient(self, parameter: Tensor) -> None:
        key = id(parameter)
        recorded = self.tape.gradients_after.get(key)
        if key not in self.own or recorded is None:
            raise CaptureError(
                "the optimizer moves a parameter that is not the captured model's, or that this "
                "backward gave no gradient; capture the model that holds all its parameters"
            )
        earlier = self.tape.gradients_before.get(key)
        if earlier is not None and bool(earlier.any()):
            raise CaptureError(
                "gradients of an earlier backward were still there; call optimizer.zero_grad() "
                "before the block"
            )
        if parameter.grad is not None and not same_bits(recorded, parameter.grad):
            raise CaptureError(
                "the gradients changed between backward and optimizer.step() (clipping, scaling), "
                "which an update of the format cannot say; step with the gradients of backward"
            )


def settings_of(optimizer: Optimizer) -> dict[str, Attribute]:
    """Give the hyper-parameters that all parameter groups share."""
    groups = [_plain(group) for group in optimizer.param_groups]
    for name in groups[0]:
        values = [group.get(name) for group in groups]
        if any(value != values[0] for value in values):
            raise CaptureError(
                f"parameter groups with different {name} ({', '.join(map(str, values))}) cannot be "
                "expressed: the format has one set of hyper-parameters for all; make them equal"
            )
    return attributes_of(groups[0])


def _plain(group: Mapping[str, Any]) -> dict[str, Any]:
    return {n: _number(value) for n, value in group.items() if n not in _IMPLEMENTATION}


def _number(value: Any) -> Any:
    """Give a number where PyTorch also takes a tensor of one."""
    if isinstance(value, list | tuple):
        return [float(item) for item in value]
    return float(value) if isinstance(value, Tensor) else value


def _kind(optimizer: Optimizer) -> str:
    kind = KINDS.get(type(optimizer))
    if kind is None:
        raise CaptureError(
            f"{type(optimizer).__name__} is none of the format's optimizers "
            f"({', '.join(KINDS.values())}); step outside the block"
        )
    return kind


def _slots(optimizer: Optimizer, parameter: Tensor) -> dict[str, Tensor]:
    """Copy the state of one parameter; `step` becomes a tensor where it is a number."""
    state = optimizer.state.get(parameter, {})
    return {
        name: torch.as_tensor(value).detach().clone()
        for name, value in state.items()
        if value is not None
    }


def add_update(
    recorded: RecordedUpdate, holders: Mapping[int, list[tuple[Layer, str, Slot]]]
) -> Update:
    """Write a step into the layers, each parameter once, and give what is left for the case."""
    update = Update(recorded.kind, dict(recorded.settings), recorded.steps_taken)
    for key in recorded.parameters:
        if key not in holders:
            raise CaptureError(
                "the optimizer moves a parameter that no layer of the network shows; name the "
                "module that holds it with leaf="
            )
        layer, name, slot = holders[key][0]
        if not same_bits(slot.snapshot.value, recorded.before[key]):
            raise CaptureError(
                f"parameter {name} of {layer.name} changed between the forward pass and the step"
            )
        layer.reference.updated_parameters[name] = to_array(recorded.after[key])
        place: ParameterName = (layer.name, name)
        if recorded.state.get(key):
            update.state[place] = _arrays(recorded.state[key])
        if recorded.state_after.get(key):
            update.reference_state[place] = _arrays(recorded.state_after[key])
    return update


def _arrays(slots: Mapping[str, Tensor]) -> dict[str, Array]:
    return {
        name: to_array(value.long() if name == "step" else value) for name, value in slots.items()
    }
