"""Proves a recording before it becomes a reference: each operation must reproduce itself alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils import _pytree as pytree

from ..findings import Findings
from .replay import replay
from .settling import repeated_slots
from .snapshot import Snapshot, same_bits, worst_difference
from .tape import ModelCall, Operation, Output, Slot, Tape


def check(tape: Tape, model: nn.Module) -> Findings:
    """Run all checks; the model must be without hooks."""
    findings = Findings()
    for operation in tape.operations:
        problems = list(_replay_problems(operation))
        findings.replayed += 1
        findings.exact += not problems
        findings.problems += problems
    findings.problems += _sum_problems(tape)
    findings.problems += _parameter_problems(tape)
    findings.neutrality, problems = _neutrality(tape, model)
    findings.problems += problems
    return findings


def _replay_problems(operation: Operation) -> Iterator[str]:
    again = replay(operation)
    name = operation.where
    for output, tensor in zip(operation.outputs, again.outputs, strict=True):
        if not same_bits(output.snapshot.value, tensor):
            yield (
                f"{name}: output {output.number} does not replay: "
                f"{worst_difference(output.snapshot.value, tensor)}"
            )
    repeated = repeated_slots(operation)
    for title, slot in _titled(operation):
        if slot.gradient is not None and not any(o.alias_of is slot for o in operation.outputs):
            gradient = again.gradient(slot)
            if id(slot) in repeated:
                yield from _split_problems(operation, slot, gradient)
            elif gradient is None:
                yield f"{name}: the gradient of {title} does not appear in a replay"
            elif not same_bits(slot.gradient.value, gradient):
                yield (
                    f"{name}: the gradient of {title} does not replay: "
                    f"{worst_difference(slot.gradient.value, gradient)}"
                )
        if slot.role == "buffer":
            after = slot.after or slot.snapshot
            if not same_bits(after.value, again.buffers[id(slot)]):
                yield f"{name}: the buffer {title} does not replay"


def _split_problems(operation: Operation, slot: Slot, total: Tensor | None) -> Iterator[str]:
    """One tensor passed several times: the parts of its gradient must make the whole."""
    parts = [
        s.gradient.value
        for s in operation.every_slot
        if s.tensor is slot.tensor and s.gradient is not None
    ]
    if total is None or not _adds_up(parts, total, loose=True):
        yield f"{operation.where}: the gradient of a tensor passed twice does not split"


def _titled(operation: Operation) -> Iterator[tuple[str, Slot]]:
    for number, slot in enumerate(operation.slots):
        yield f"input {number}", slot
    yield from operation.parameters.items()
    yield from operation.buffers.items()


def _sum_problems(tape: Tape) -> Iterator[str]:
    """The gradients of all edges out of a tensor must add up to the gradient of the tensor."""
    edges: dict[int, list[Tensor]] = {}
    outputs: dict[int, Output] = {}
    loose: set[int] = set()
    for operation in tape.operations:
        repeated = repeated_slots(operation)
        for slot in operation.slots:
            if isinstance(slot.origin, Output) and slot.gradient is not None:
                outputs[id(slot.origin)] = slot.origin
                if id(slot) in repeated:
                    loose.add(id(slot.origin))
                edges.setdefault(id(slot.origin), []).append(slot.gradient.value)
    for key, gradients in edges.items():
        output = outputs[key]
        if output.gradient is None:
            yield f"{output.operation.where}: its consumers have gradients, it has none"
        elif not _adds_up(gradients, output.gradient.value, loose=key in loose):
            yield (
                f"{output.operation.where}: the gradients of its {len(gradients)} consumers do "
                "not add up to its own; an unseen operation uses it too"
            )


def _parameter_problems(tape: Tape) -> Iterator[str]:
    """The gradients of all applications of a parameter must add up to its `.grad`."""
    parts: dict[int, list[Tensor]] = {}
    names: dict[int, str] = {}
    for operation in tape.operations:
        for slot in operation.every_slot:
            if slot.role == "parameter" and slot.gradient is not None:
                parts.setdefault(id(slot.tensor), []).append(slot.gradient.value)
                names[id(slot.tensor)] = slot.path or "a parameter"
    for key, gradient in tape.gradients_after.items():
        before = tape.gradients_before.get(key)
        found = parts.get(key, [])
        if before is not None:
            found = [before, *found]
        if found and not _adds_up(found, gradient):
            yield (
                f"parameter {names.get(key, '?')}: the gradients of its applications do not add "
                "up to .grad; an unseen operation uses it too"
            )


def _adds_up(parts: list[Tensor], total: Tensor, *, loose: bool = False) -> bool:
    """Equal bits for one part; else up to the rounding of any order of addition.

    Parts that were computed apart may have taken another way through the operation; `loose`
    allows for its rounding, a small fraction of the largest element.
    """
    if len(parts) == 1:
        return same_bits(parts[0], total)
    exact = sum((p.double() for p in parts), torch.zeros((), dtype=torch.float64))
    size = sum((p.double().abs() for p in parts), torch.zeros((), dtype=torch.float64))
    bound = len(parts) * torch.finfo(total.dtype).eps * size
    if loose and size.numel():
        bound = bound + 1024 * torch.finfo(total.dtype).eps * size.max()
    distance = (exact - total.double()).abs()
    fits = (distance <= bound) | ~torch.isfinite(exact)
    return bool(fits.all())


def _neutrality(tape: Tape, model: nn.Module) -> tuple[str, list[str]]:
    """Call the model again without any recording: outputs and parameter gradients, bit by bit."""
    if len(tape.calls) != 1:
        return f"not checked: the model was called {len(tape.calls)} times", []
    call = tape.calls[0]
    if not call.results or any(output is None for output in call.results):
        return "not checked: the model returns something that no operation made", []
    if any(o.autocast is not None for o in tape.operations):
        return "not checked: autocast", []
    outputs = [output for output in call.results if output is not None]
    parameters = {n: _fresh(s, model.get_parameter(n)) for n, s in call.parameters.items()}
    again = _call_again(model, call, parameters)
    problems = [
        f"{output.operation.where}: the uninstrumented model gives another result: "
        f"{worst_difference(output.snapshot.value, tensor)}"
        for output, tensor in zip(outputs, again, strict=True)
        if not same_bits(output.snapshot.value, tensor)
    ]
    if not problems:
        problems = list(_gradient_differences(tape, model, outputs, again, parameters))
    return ("bit-exact" if not problems else "differs"), problems


def _fresh(snapshot: Snapshot, parameter: Tensor) -> Tensor:
    return snapshot.restored().requires_grad_(parameter.requires_grad)


def _call_again(model: nn.Module, call: ModelCall, parameters: dict[str, Tensor]) -> list[Tensor]:
    state: dict[str, Any] = {**parameters, **{n: s.restored() for n, s in call.buffers.items()}}
    leaves = [v.restored() if isinstance(v, Snapshot) else v for v in call.leaves]
    args, kwargs = pytree.tree_unflatten(leaves, call.structure)
    before = {name: m.training for name, m in model.named_modules()}
    try:
        for name, module in model.named_modules():
            module.training = call.modes[name]
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            torch.set_rng_state(call.random_state)
            result = functional_call(model, state, args, kwargs)
    finally:
        for name, module in model.named_modules():
            module.training = before[name]
    return [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]


def _gradient_differences(
    tape: Tape,
    model: nn.Module,
    outputs: list[Output],
    again: list[Tensor],
    parameters: dict[str, Tensor],
) -> Iterator[str]:
    pairs = [
        (tensor, output.gradient.restored())
        for tensor, output in zip(again, outputs, strict=True)
        if output.gradient is not None and tensor.requires_grad
    ]
    wanted = {n: p for n, p in parameters.items() if p.requires_grad}
    if not pairs or not wanted:
        return
    found = torch.autograd.grad(
        [t for t, _ in pairs], list(wanted.values()), [g for _, g in pairs], allow_unused=True
    )
    call = tape.calls[0]
    outside = {
        id(s.tensor)
        for o in tape.operations
        if not call.first <= o.index < call.last
        for s in o.every_slot
    }
    for (name, _), gradient in zip(wanted.items(), found, strict=True):
        key = id(model.get_parameter(name))
        recorded = tape.gradients_after.get(key)
        if gradient is None or recorded is None or key in outside or key in tape.gradients_before:
            continue
        if not same_bits(recorded, gradient):
            yield (
                f"parameter {name}: the uninstrumented model gives another gradient: "
                f"{worst_difference(recorded, gradient)}"
            )
