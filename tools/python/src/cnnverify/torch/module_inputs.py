"""The inputs of a leaf module, in the order of its `forward`, however they were passed."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from .stages import Inexpressible, Source
from .tape import Operation, Slot, SlotMark

_NO_INPUT = frozenset({"output_size"})
"""Arguments that another hyper-parameter, or the shape of the output, stands for."""

_IMAGE = re.compile(
    "(Conv|ConvTranspose|MaxPool|AvgPool|LPPool|AdaptiveAvgPool|AdaptiveMaxPool|InstanceNorm"
    "|BatchNorm|ZeroPad|ConstantPad|ReflectionPad|ReplicationPad|CircularPad|Dropout)"
    "(?P<axes>[123])d"
)
_RANKS = {"BatchNorm1d": (2, 3), "Softmax2d": (4,), "Fold": (3,), "Unfold": (4,)}


def module_sources(kind: str, operation: Operation) -> list[Source]:
    """Give what feeds a module; numbers where a tensor may stand become constants."""
    module = operation.module
    args, kwargs = pytree.tree_unflatten(operation.leaves, operation.structure)
    if module is None:
        raise Inexpressible("no module")
    bound = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    return [
        as_source(kind, name, value, operation)
        for name, value in bound.items()
        if value is not None and name not in _NO_INPUT
    ]


def as_source(kind: str, name: str, value: Any, operation: Operation) -> Source:
    """Turn an argument into what feeds a layer."""
    if isinstance(value, SlotMark):
        return operation.slots[value.number]
    if kind == "CTCLoss" and isinstance(value, int | Sequence):
        return torch.tensor(value)
    if kind == "GaussianNLLLoss" and isinstance(value, int | float):
        given = operation.slots[0].snapshot.value
        return torch.full_like(given, float(value))
    raise Inexpressible(f"{name} is no tensor")


def check_rank(kind: str, sources: Sequence[Source]) -> None:
    """Raise `Inexpressible` for an image without a batch axis."""
    first = sources[0] if sources else None
    value = first.snapshot.value if isinstance(first, Slot) else first
    image = _IMAGE.fullmatch(kind)
    allowed = _RANKS.get(kind) or ((int(image["axes"]) + 2,) if image else None)
    if allowed is not None and isinstance(value, Tensor) and value.dim() not in allowed:
        raise Inexpressible(
            f"{kind} of {value.dim()} axes: an image needs a batch axis; pass input.unsqueeze(0)"
        )


def output_padding(operation: Operation) -> list[int]:
    """Give the output padding of a transposed convolution, which `output_size` may have chosen."""
    settings = operation.settings
    given = operation.slots[0].snapshot.value.shape[2:]
    made = operation.outputs[0].snapshot.value.shape[2:]
    return [
        int(made[d] - (given[d] - 1) * stride + 2 * padding - dilation * (kernel - 1) - 1)
        for d, (stride, padding, dilation, kernel) in enumerate(
            zip(
                settings["stride"],
                settings["padding"],
                settings["dilation"],
                settings["kernel_size"],
                strict=True,
            )
        )
    ]
