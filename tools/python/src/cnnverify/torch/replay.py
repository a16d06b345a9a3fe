"""Runs one recorded operation again, alone, from what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.utils import _pytree as pytree

from .tape import Operation, Slot, SlotMark


@dataclass(eq=False)
class Replayed:
    """What an operation gave when it ran alone; gradients by slot."""

    outputs: list[Tensor]
    gradients: dict[int, Tensor]
    """By `id` of the slot."""
    buffers: dict[int, Tensor]
    """State after the run, by `id` of the slot."""

    def gradient(self, slot: Slot) -> Tensor | None:
        """Give the gradient with respect to a slot."""
        return self.gradients.get(id(slot))


def replay(
    operation: Operation, dtype: torch.dtype | None = None, *, split: bool = False
) -> Replayed:
    """Run an operation again, in another floating type if one is given.

    A tensor that was passed twice is one tensor again (attention computes differently when query
    and key are the same object), and its gradient is the sum; with `split` each argument is a leaf
    of its own and the gradients come apart. The random generator is left as it was.
    """
    one_leaf: dict[int, Tensor] = {}
    leaves: dict[int, Tensor] = {}
    for slot in operation.every_slot:
        key = id(slot) if split else id(slot.tensor)
        if key not in one_leaf:
            one_leaf[key] = _leaf(slot, dtype)
        leaves[id(slot)] = one_leaf[key]
    outputs = _run(operation, leaves, dtype)
    pairs = [
        (tensor, output.gradient)
        for tensor, output in zip(outputs, operation.outputs, strict=True)
        if output.gradient is not None and tensor.requires_grad
    ]
    wanted = [s for s in operation.every_slot if leaves[id(s)].requires_grad]
    gradients: dict[int, Tensor] = {}
    if pairs and wanted:
        found = torch.autograd.grad(
            [tensor for tensor, _ in pairs],
            [leaves[id(s)] for s in wanted],
            [gradient.restored(dtype) for _, gradient in pairs],
            allow_unused=True,
        )
        gradients = {id(s): g for s, g in zip(wanted, found, strict=True) if g is not None}
    buffers = {id(s): leaves[id(s)] for s in operation.every_slot if s.role == "buffer"}
    return Replayed([o.detach() for o in outputs], gradients, buffers)


def _leaf(slot: Slot, dtype: torch.dtype | None) -> Tensor:
    leaf = slot.snapshot.restored(dtype)
    return leaf.requires_grad_() if slot.requires_grad else leaf


def _run(
    operation: Operation, leaves: dict[int, Tensor], dtype: torch.dtype | None
) -> list[Tensor]:
    passed = _passed(operation, leaves)
    arguments = [_argument(leaf, operation, passed, dtype) for leaf in operation.leaves]
    args, kwargs = pytree.tree_unflatten(arguments, operation.structure)
    with torch.enable_grad(), torch.random.fork_rng(devices=[]), _autocast(operation):
        torch.set_rng_state(operation.random_state)
        if operation.module is not None:
            result = _run_module(operation, leaves, args, kwargs)
        elif operation.function is not None:
            result = operation.function(*args, **kwargs)
        else:
            result = None
    tensors = [leaf for leaf in pytree.tree_leaves(result) if isinstance(leaf, Tensor)]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def _passed(operation: Operation, leaves: dict[int, Tensor]) -> dict[int, Tensor]:
    """A leaf that requires grad must not be changed in place; its copy may."""
    if not operation.in_place:
        return leaves
    copies = {id(leaf): leaf.clone() for leaf in leaves.values() if leaf.requires_grad}
    return {key: copies.get(id(leaf), leaf) for key, leaf in leaves.items()}


def _argument(
    leaf: Any, operation: Operation, leaves: dict[int, Tensor], dtype: torch.dtype | None
) -> Any:
    if isinstance(leaf, SlotMark):
        return leaves[id(operation.slots[leaf.number])]
    if dtype is not None and isinstance(leaf, torch.dtype) and leaf.is_floating_point:
        return dtype
    return leaf


def _run_module(operation: Operation, leaves: dict[int, Tensor], args: Any, kwargs: Any) -> Any:
    module = operation.module
    if module is None:
        return None
    state = {
        name: leaves[id(slot)]
        for name, slot in [*operation.parameters.items(), *operation.buffers.items()]
    }
    before = {name: m.training for name, m in module.named_modules()}
    try:
        for name, inner in module.named_modules():
            inner.training = operation.modes.get(name, inner.training)
        return functional_call(module, state, args, kwargs, tie_weights=False)
    finally:
        for name, inner in module.named_modules():
            inner.training = before[name]


def _autocast(operation: Operation) -> Any:
    on = operation.autocast is not None
    return torch.autocast("cpu", dtype=operation.autocast or torch.bfloat16, enabled=on)
