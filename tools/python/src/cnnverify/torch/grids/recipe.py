"""What a grid knows of a kind: how to make a layer and its inputs from hyper-parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from .draw import Draw

Settings = Mapping[str, Any]
Inputs = Callable[[Draw, Settings], tuple[Any, ...]]

OWN = frozenset({"input", "training"})
"""Settings that are no hyper-parameters: the shape of the first input, and the mode."""

_NO_SETTINGS = frozenset({"self", "device", "dtype", "args", "kwargs", "size_average", "reduce"})


@dataclass(frozen=True)
class Recipe:
    """How to make a layer of one kind.

    `make` gives a module or a function, `inputs` what it is called with; `defaults` stand where
    the caller says nothing, and `canaries` are the settings that together hide no fault.
    """

    make: Callable[[Draw, Settings], Callable[..., Any]]
    inputs: Inputs
    known: frozenset[str]
    defaults: Settings
    canaries: Mapping[str, Settings] = field(default_factory=lambda: {"canary": {}})


def module_recipe(
    kind: str,
    inputs: Inputs,
    defaults: Settings | None = None,
    canaries: Mapping[str, Settings] | None = None,
    *,
    weights: Mapping[str, int] | None = None,
) -> Recipe:
    """Make a class of torch.nn; `weights` are the lengths of class weights, drawn where True."""
    cls: type[nn.Module] = getattr(nn, kind)
    known = set(inspect.signature(cls.__init__).parameters) - _NO_SETTINGS

    def make(draw: Draw, settings: Settings) -> nn.Module:
        chosen = {name: value for name, value in settings.items() if name in known}
        for name, length in (weights or {}).items():
            if chosen.get(name) is True:
                chosen[name] = draw.uniform(length) + 0.5
            elif chosen.get(name) is False:
                del chosen[name]
        module = cls(**chosen).to(draw.dtype).train(bool(settings.get("training", True)))
        unsettle(module, draw, float(settings.get("deviation", 1.0)))
        return module

    return Recipe(
        make,
        inputs,
        frozenset(known | OWN),
        {"training": True, **(defaults or {})},
        canaries or {"canary": {}},
    )


def unsettle(module: nn.Module, draw: Draw, deviation: float) -> None:
    """Give parameters and statistics that start as constants values that show their use.

    A fresh scale of 1 and shift of 0 hide whether they are applied.
    """
    with torch.no_grad():
        for parameter in module.parameters():
            if bool((parameter == parameter.reshape(-1)[0]).all()):
                parameter.copy_(draw.normal(*parameter.shape))
        for name, buffer in module.named_buffers():
            fresh = _statistic(name, buffer, draw, deviation)
            if fresh is not None:
                buffer.copy_(fresh)


def _statistic(name: str, buffer: Tensor, draw: Draw, deviation: float) -> Tensor | None:
    if name == "running_mean":
        return draw.normal(*buffer.shape) * deviation
    if name == "running_var":
        return (draw.uniform(*buffer.shape) + 0.5) * deviation**2
    if name == "num_batches_tracked":
        return torch.tensor(3)
    return None


def shaped(settings: Settings) -> tuple[int, ...]:
    """Give the shape of the first input."""
    return tuple(int(n) for n in settings["input"])


def one(draw: Callable[[Draw], Callable[..., Tensor]]) -> Inputs:
    """Take a single input, drawn as `draw` says: `one(lambda d: d.normal)`."""
    return lambda d, settings: (draw(d)(*shaped(settings)),)


normal = one(lambda d: d.normal)
integers = one(lambda d: d.integers)
kinked = one(lambda d: d.kinked)
