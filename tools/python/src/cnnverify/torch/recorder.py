"""Turns calls into recorded operations: what went in, what came out, what must be refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from ..errors import CaptureError
from .edges import GradientListener, take_edges
from .function_names import plain_name
from .snapshot import Snapshot, same_bits
from .source_lines import calling_line
from .tape import Known, ModelCall, NetworkInput, Operation, Output, Role, Slot, SlotMark, Tape


@dataclass(eq=False)
class Pending:
    """An operation that has begun; becomes a record when it ends."""

    operation: Operation
    versions: list[int]
    nodes: list[Any]


class Recorder:
    """Keeps the tape of one capture."""

    def __init__(self, model: nn.Module, *, backward: bool, arithmetic: str | None) -> None:
        self.tape = Tape()
        self.backward = backward
        self.arithmetic = arithmetic
        self.listener = GradientListener(self.tape)
        self.paths: list[str] = []
        self.suspended = False
        self.hints: dict[int, tuple[Tensor, str]] = {}
        self.parameter_names = {id(p): n for n, p in model.named_parameters()}
        self.buffer_names = {id(b): n for n, b in model.named_buffers()}
        self.snapshots: dict[int, tuple[int, Snapshot]] = {}
        """Of parameters, by id, with the version they were taken at."""

    @property
    def path(self) -> str:
        """The path of the innermost module that is running."""
        return self.paths[-1] if self.paths else ""

    def begin_model(self, model: nn.Module, args: Any, kwargs: Any) -> None:
        """Note how the user's model is called, and what it calls its arguments."""
        try:
            bound = inspect.signature(model.forward).bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            bound = {"input": (args, kwargs)}
        for name, value in bound.items():
            for leaf in pytree.tree_leaves(value):
                if isinstance(leaf, Tensor):
                    self.hints.setdefault(id(leaf), (leaf, name))
        leaves, structure = pytree.tree_flatten((args, kwargs))
        self.tape.calls.append(
            ModelCall(
                leaves=[Snapshot.of(v) if isinstance(v, Tensor) else v for v in leaves],
                structure=structure,
                random_state=torch.get_rng_state(),
                modes={n: m.training for n, m in model.named_modules()},
                parameters={n: self._parameter_snapshot(p) for n, p in model.named_parameters()},
                buffers={n: Snapshot.of(b) for n, b in model.named_buffers()},
                first=len(self.tape.operations),
            )
        )

    def end_model(self, result: Any) -> None:
        """Note what the user's model returned."""
        call = self.tape.calls[-1]
        call.last = len(self.tape.operations)
        for leaf in pytree.tree_leaves(result):
            if isinstance(leaf, Tensor):
                known = self.tape.known.get(id(leaf))
                origin = known.origin if known is not None else None
                call.results.append(origin if isinstance(origin, Output) else None)

    def begin(
        self,
        args: Any,
        kwargs: Any,
        *,
        function: Callable[..., Any] | None = None,
        module: nn.Module | None = None,
        path: str = "",
    ) -> Pending | None:
        """Note everything an operation is about to read; nothing if it reads no tensor."""
        leaves, structure = pytree.tree_flatten((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        if not tensors and module is None:
            return None
        # Without gradients the results are constants to the network that uses them.
        if self.backward and not torch.is_grad_enabled():
            return None
        operation = Operation(
            index=len(self.tape.operations),
            path=path,
            label=type(module).__name__ if module is not None else plain_name(_given(function)),
            function=function,
            module=module,
            leaves=[],
            structure=structure,
            slots=[],
            parameters={},
            buffers={},
            training=bool(module is not None and module.training),
            modes={n: m.training for n, m in module.named_modules()} if module is not None else {},
            settings={k: v for k, v in vars(module).items() if not k.startswith("_")}
            if module is not None
            else {},
            random_state=torch.get_rng_state(),
            source=calling_line(),
            autocast=self._autocast(),
        )
        self._fill(operation, leaves)
        pending = Pending(operation, [t._version for t in tensors], [t.grad_fn for t in tensors])
        operation.shared_edge = take_edges(operation.every_slot)
        return pending

    def end(self, pending: Pending | None, result: Any) -> None:
        """Record an operation with what it returned."""
        if pending is None:
            return
        operation = pending.operation
        returned = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]
        moved = [
            slot
            for slot, version in zip(operation.slots, pending.versions, strict=True)
            if slot.tensor._version != version
        ]
        for slot in moved:
            if all(slot.tensor is not t for t in returned) and slot.role != "buffer":
                self._refuse_change(operation, slot)
        if not any(t.is_floating_point() for t in returned):
            self._know_by_products(returned)
            return
        if not self._matters(operation, returned):
            return
        untouched = {
            id(slot.tensor): slot
            for slot, node in zip(operation.slots, pending.nodes, strict=True)
            if slot not in moved and slot.tensor.grad_fn is node
        }
        if operation.module is None and all(id(t) in untouched for t in returned):
            return
        operation.in_place = bool(moved)
        for tensor in returned:
            if tensor.is_floating_point():
                self._add_output(operation, tensor, untouched.get(id(tensor)))
        self._note_buffers(operation)
        self.tape.operations.append(operation)
        self.listener.attach(operation)

    def _fill(self, operation: Operation, leaves: list[Any]) -> None:
        for leaf in leaves:
            if isinstance(leaf, Tensor):
                operation.leaves.append(SlotMark(len(operation.slots)))
                operation.slots.append(self._slot(leaf, operation))
            else:
                operation.leaves.append(leaf)
        if operation.module is None:
            return
        for name, parameter in operation.module.named_parameters(remove_duplicate=False):
            operation.parameters[name] = self._slot(parameter, operation, "parameter")
        for name, buffer in operation.module.named_buffers(remove_duplicate=False):
            operation.buffers[name] = self._slot(buffer, operation, "buffer")

    def _slot(self, tensor: Tensor, operation: Operation, role: Role | None = None) -> Slot:
        path = self.parameter_names.get(id(tensor))
        if path is not None:
            role = role or "parameter"
        else:
            path = self.buffer_names.get(id(tensor))
            role = role or ("buffer" if path is not None else "input")
        origin = self._origin(tensor, operation) if role == "input" else None
        if origin is not None:
            snapshot = origin.snapshot
        elif role == "parameter":
            snapshot = self._parameter_snapshot(tensor)
        else:
            snapshot = Snapshot.of(tensor)
        if snapshot.stride != tuple(tensor.stride()):
            snapshot = Snapshot(snapshot.value, tuple(tensor.stride()))
        return Slot(tensor, snapshot, role, path, origin, tensor.requires_grad)

    def _parameter_snapshot(self, parameter: Tensor) -> Snapshot:
        version, snapshot = self.snapshots.get(id(parameter), (-1, None))
        if snapshot is None or version != parameter._version:
            snapshot = Snapshot.of(parameter)
            self.snapshots[id(parameter)] = (parameter._version, snapshot)
        return snapshot

    def _origin(self, tensor: Tensor, operation: Operation) -> Output | NetworkInput:
        known = self.tape.known.get(id(tensor))
        if known is not None:
            if known.version != tensor._version and isinstance(known.origin, Output):
                self._refuse_stale(operation, known.origin)
            if known.version == tensor._version and known.origin is not None:
                return known.origin
        elif tensor.grad_fn is not None:
            raise CaptureError(
                f"unseen op {tensor.grad_fn.name()} right before {operation.where}: pass the "
                "module that contains it as leaf= (custom autograd functions, extensions and "
                "reentrant checkpoints are invisible to PyTorch's function modes)"
            )
        hint = self.hints.get(id(tensor))
        entered = NetworkInput(tensor, Snapshot.of(tensor), hint[1] if hint else None)
        self.tape.inputs.append(entered)
        self.tape.known[id(tensor)] = Known(tensor, tensor._version, entered)
        return entered

    def _add_output(self, operation: Operation, tensor: Tensor, alias: Slot | None) -> None:
        output = Output(operation, len(operation.outputs), tensor, Snapshot.of(tensor), alias)
        operation.outputs.append(output)
        self.tape.known[id(tensor)] = Known(tensor, tensor._version, output)

    def _note_buffers(self, operation: Operation) -> None:
        slots = [*operation.buffers.values(), *(s for s in operation.slots if s.role == "buffer")]
        for slot in slots:
            if not same_bits(slot.snapshot.value, slot.tensor):
                slot.after = Snapshot.of(slot.tensor)

    def _know_by_products(self, tensors: list[Tensor]) -> None:
        for tensor in tensors:
            self.tape.known[id(tensor)] = Known(tensor, tensor._version, None)

    def _matters(self, operation: Operation, returned: list[Tensor]) -> bool:
        """Whether an operation belongs to the network rather than to the code around it."""
        if operation.module is not None or any(t.requires_grad for t in returned):
            return True
        if any(isinstance(s.origin, Output) for s in operation.slots):
            return True
        return bool(self.paths) and any(
            s.tensor.is_floating_point() and (s.role != "input" or id(s.tensor) in self.hints)
            for s in operation.slots
        )

    def _refuse_change(self, operation: Operation, slot: Slot) -> None:
        if not isinstance(slot.origin, Output) and not slot.requires_grad:
            self.tape.known.pop(id(slot.tensor), None)
            return
        raise CaptureError(
            f"{operation.where} changes a tensor in place through a view, an index or out=, which "
            "cannot be recorded; write it without the change in place (torch.where, torch.cat), "
            "or name the module that contains it with leaf="
        )

    def _refuse_stale(self, operation: Operation, origin: Output) -> None:
        raise CaptureError(
            f"{operation.where} reads the output of {origin.operation.where}, which something "
            "unrecorded changed in place since; write it without the change in place, or name the "
            "module that contains it with leaf="
        )

    def _autocast(self) -> torch.dtype | None:
        if not (torch.is_autocast_enabled("cpu") or torch.is_autocast_enabled("cuda")):
            return None
        if self.arithmetic is None:
            raise CaptureError(
                "autocast is on: say arithmetic='bf16' (or 'fp16') so that the fixture states it, "
                "or leave autocast"
            )
        return torch.get_autocast_dtype("cpu")


def _given(function: Callable[..., Any] | None) -> Callable[..., Any]:
    if function is None:
        raise CaptureError("an operation needs a function or a module")
    return function
