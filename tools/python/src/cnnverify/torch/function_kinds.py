"""Functions as kinds: finds the builder of a function's name and hands it the named arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils import _pytree as pytree

from .arithmetic_kinds import ARITHMETIC
from .functional_kinds import FUNCTIONAL
from .image_kinds import IMAGES
from .loss_kinds import LOSSES
from .shape_kinds import SHAPES
from .stages import Arguments, Inexpressible, Stage
from .tape import Operation, SlotMark

Builder = Callable[[Arguments], list[Stage]]

BUILDERS: dict[str, tuple[tuple[str, ...], Builder]] = {
    **FUNCTIONAL,
    **LOSSES,
    **IMAGES,
    **ARITHMETIC,
    **SHAPES,
}
"""By plain name: the names of the positional arguments, and what makes the stages.

A name after `*` collects all further positional arguments."""

_OWNERS = (functional, torch, Tensor, torch._C._nn, torch.special)
_ONLY_FUNCTIONAL = {"batch_norm", "instance_norm", "embedding", *LOSSES}
"""`torch.batch_norm` has the same name and other arguments, or another order of them."""


def function_stages(operation: Operation) -> list[Stage]:
    """Express a recorded function, or raise `Inexpressible`."""
    function = operation.function
    entry = BUILDERS.get(operation.label)
    if function is None or entry is None:
        raise Inexpressible(f"no kind for {operation.label}")
    raw = str(getattr(function, "__name__", ""))
    owners = (functional, torch._C._nn) if operation.label in _ONLY_FUNCTIONAL else _OWNERS
    is_getter = raw == "__get__"
    # Some operators of Tensor are wrapped before the mode sees them: only their name tells.
    is_method = str(getattr(function, "__qualname__", "")).startswith(("Tensor.", "TensorBase."))
    is_own = any(getattr(o, raw, None) == function for o in owners)
    if not (is_getter or is_method or is_own):
        raise Inexpressible(f"another function of the name {operation.label}")
    if operation.autocast is not None:
        raise Inexpressible("autocast chooses the arithmetic")
    names, build = entry
    return build(Arguments(operation, _bind(operation, names)))


def _bind(operation: Operation, names: tuple[str, ...]) -> dict[str, Any]:
    args, kwargs = pytree.tree_unflatten(operation.leaves, operation.structure)
    values: dict[str, Any] = {}
    rest = list(args)
    for name in names:
        if name.startswith("*"):
            if rest:
                values[name[1:]] = _listed(rest)
                rest = []
        elif rest:
            values[name] = rest.pop(0)
    if rest:
        raise Inexpressible("more arguments than expected")
    known = {name.lstrip("*") for name in names}
    for name, value in kwargs.items():
        # `self` and `input` are the same tensor in torch's methods and functions.
        if name not in known:
            if value is None or value is False:
                continue
            raise Inexpressible(f"argument {name}")
        values[name] = value
    return {name: value for name, value in values.items() if value is not None}


def _listed(rest: list[Any]) -> Any:
    """Treat `f(x, 1, 2)` as `f(x, (1, 2))`."""
    if len(rest) == 1 and isinstance(rest[0], list | tuple):
        return rest[0]
    return rest


def call_arguments(operation: Operation) -> dict[str, Any]:
    """Describe the arguments of a call without a kind as JSON, tensors by the slot they fill."""
    args, kwargs = pytree.tree_unflatten(
        [_described(leaf) for leaf in operation.leaves], operation.structure
    )
    return {"args": _plain(args), "kwargs": _plain(kwargs)}


def _described(leaf: Any) -> Any:
    return f"input.{leaf.number}" if isinstance(leaf, SlotMark) else leaf


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
