"""Changes of shape, joining and cutting as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..format import Attribute
from .attributes import attributes_of
from .stages import PREVIOUS, Arguments, Inexpressible, Previous, Source, Stage

Builder = Callable[[Arguments], list[Stage]]
Entry = tuple[tuple[str, ...], Builder]


def _flatten(a: Arguments) -> list[Stage]:
    attributes: dict[str, Attribute] = {
        "start_dim": int(a.get("start_dim", 0)),
        "end_dim": int(a.get("end_dim", -1)),
    }
    return [Stage("Flatten", [a.required("input")], attributes)]


def _reshape(a: Arguments) -> list[Stage]:
    """The resolved shape; the batch axis stays open where it is kept, so that any batch fits."""
    if not isinstance(a.get("shape"), list | tuple):
        raise Inexpressible("a view of another type")
    before = a.required("input").snapshot.value.shape
    shape = [int(n) for n in a.operation.outputs[0].snapshot.value.shape]
    if shape and before and shape[0] == before[0] and 0 not in shape:
        shape[0] = -1
    return [Stage("Reshape", [a.required("input")], {"shape": shape})]


def _reshape_as(a: Arguments) -> list[Stage]:
    values = {**a.values, "shape": list(a.operation.outputs[0].snapshot.value.shape)}
    return _reshape(Arguments(a.operation, values))


def _permute(a: Arguments) -> list[Stage]:
    return [Stage("Permute", [a.required("input")], attributes_of({"dims": list(a.get("dims"))}))]


def _transpose(a: Arguments) -> list[Stage]:
    return [
        Stage(
            "Transpose",
            [a.required("input")],
            {"dim0": int(a.get("dim0")), "dim1": int(a.get("dim1"))},
        )
    ]


def _last_two(a: Arguments) -> list[Stage]:
    if a.rank("input") < 2:
        return [Stage("Identity", [a.required("input")])]
    return [Stage("Transpose", [a.required("input")], {"dim0": -2, "dim1": -1})]


def _all_axes(a: Arguments) -> list[Stage]:
    rank = a.rank("input")
    if rank <= 2:
        return _last_two(a)
    return [Stage("Permute", [a.required("input")], {"dims": list(range(rank))[::-1]})]


def _moved(a: Arguments) -> list[Stage]:
    rank = a.rank("input")
    source, target = (_axes(a.get(name), rank) for name in ("source", "destination"))
    rest = iter(d for d in range(rank) if d not in source)
    places = dict(zip(target, source, strict=True))
    dims = [places[d] if d in places else next(rest) for d in range(rank)]
    return [Stage("Permute", [a.required("input")], {"dims": dims})]


def _axes(value: Any, rank: int) -> list[int]:
    return [int(d) % rank for d in (value if isinstance(value, list | tuple) else [value])]


def _unflatten(a: Arguments) -> list[Stage]:
    values = {"dim": a.get("dim"), "unflattened_size": a.get("sizes")}
    return [Stage("Unflatten", [a.required("input")], attributes_of(values))]


def _squeeze(a: Arguments) -> list[Stage]:
    return [Stage("Squeeze", [a.required("input")], attributes_of({"dim": a.get("dim")}))]


def _unsqueeze(a: Arguments) -> list[Stage]:
    return [Stage("Unsqueeze", [a.required("input")], {"dim": int(a.get("dim"))})]


def _concat(a: Arguments) -> list[Stage]:
    sources = list[Source](a.slots("tensors"))
    return [Stage("Concat", sources, {"dim": int(a.get("dim", 0))})]


def _stack(a: Arguments) -> list[Stage]:
    """An Unsqueeze for each tensor, then a Concat."""
    slots = a.slots("tensors")
    dim = int(a.get("dim", 0)) % (slots[0].snapshot.value.dim() + 1)
    stages = [
        Stage("Unsqueeze", [slot], {"dim": dim}, run=_calling("unsqueeze", dim)) for slot in slots
    ]
    together = Stage("Concat", [Previous(k) for k in range(len(slots))], {"dim": dim})
    together.run = lambda *tensors: torch.cat(tensors, dim)
    return [*stages, together]


def _unbind(a: Arguments) -> list[Stage]:
    """A Slice and a Squeeze for each output."""
    source = a.required("input")
    dim = int(a.get("dim", 0)) % source.snapshot.value.dim()
    stages = []
    for number in range(len(a.operation.outputs)):
        stages.append(_slice(source, dim, slice(number, number + 1)))
        squeeze = Stage("Squeeze", [PREVIOUS], {"dim": dim}, run=_calling("squeeze", dim))
        squeeze.gives = number
        stages.append(squeeze)
    return stages


def _narrow(a: Arguments) -> list[Stage]:
    source = a.required("input")
    dim = int(a.get("dim")) % source.snapshot.value.dim()
    size = source.snapshot.value.shape[dim]
    if a.slot("start") is not None:
        raise Inexpressible("a start that is a tensor")
    start = int(a.get("start"))
    start += size if start < 0 else 0
    return [_slice(source, dim, slice(start, start + int(a.get("length"))))]


def _select(a: Arguments) -> list[Stage]:
    source = a.required("input")
    dim = int(a.get("dim")) % source.snapshot.value.dim()
    index = int(a.get("index")) % source.snapshot.value.shape[dim]
    squeeze = Stage("Squeeze", [PREVIOUS], {"dim": dim}, run=_calling("squeeze", dim))
    return [_slice(source, dim, slice(index, index + 1)), squeeze]


def _split(a: Arguments) -> list[Stage]:
    dim = int(a.get("dim", 0))
    sizes = [int(o.snapshot.value.shape[dim]) for o in a.operation.outputs]
    return [Stage("Split", [a.required("input")], {"split_sizes": sizes, "dim": dim})]


def _getitem(a: Arguments) -> list[Stage]:
    """`x[a:b, ..., k]`: one Slice for each axis that is cut, then a Squeeze for each integer."""
    index = a.get("index")
    items = list(index) if isinstance(index, tuple | list) else [index]
    rank = a.rank("input")
    cut = sum(isinstance(item, int | slice) and not isinstance(item, bool) for item in items)
    if Ellipsis in [item for item in items if item is Ellipsis]:
        where = next(k for k, item in enumerate(items) if item is Ellipsis)
        items[where : where + 1] = [slice(None)] * (rank - cut)
    stages: list[Stage] = []
    squeezed: list[int] = []
    source: Source = a.required("input")
    shape = list(a.required("input").snapshot.value.shape)
    for axis, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, int | slice):
            raise Inexpressible("an index that is neither a slice nor an integer")
        if isinstance(item, int):
            position = item % shape[axis]
            squeezed.append(axis)
            cutting = slice(position, position + 1)
        else:
            cutting = slice(*item.indices(shape[axis]))
            if cutting == slice(0, shape[axis], 1):
                continue
        stages.append(_slice(source, axis, cutting))
        source = PREVIOUS
    for removed, axis in enumerate(squeezed):
        place = axis - removed
        stages.append(Stage("Squeeze", [source], {"dim": place}, run=_calling("squeeze", place)))
    if not stages:
        raise Inexpressible("an index that cuts nothing")
    return stages


def _slice(source: Source, axis: int, cutting: slice) -> Stage:
    index = (slice(None),) * axis + (cutting,)

    def run(x: Tensor) -> Tensor:
        return x[index]

    attributes: dict[str, Attribute] = {
        "dim": axis,
        "start": int(cutting.start),
        "stop": int(cutting.stop),
        "step": int(cutting.step or 1),
    }
    return Stage("Slice", [source], attributes, run=run)


def _calling(method: str, *args: Any) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        result: Tensor = getattr(x, method)(*args)
        return result

    return run


SHAPES: dict[str, Entry] = {
    "flatten": (("input", "start_dim", "end_dim"), _flatten),
    "reshape": (("input", "*shape"), _reshape),
    "view": (("input", "*shape"), _reshape),
    "permute": (("input", "*dims"), _permute),
    "transpose": (("input", "dim0", "dim1"), _transpose),
    "t": (("input",), _last_two),
    "T": (("input",), _all_axes),
    "mT": (("input",), _last_two),
    "squeeze": (("input", "dim"), _squeeze),
    "unsqueeze": (("input", "dim"), _unsqueeze),
    "cat": (("tensors", "dim"), _concat),
    "split": (("input", "split_size_or_sections", "dim"), _split),
    "chunk": (("input", "chunks", "dim"), _split),
    "tensor_split": (("input", "indices_or_sections", "dim"), _split),
    "unbind": (("input", "dim"), _unbind),
    "stack": (("tensors", "dim"), _stack),
    "narrow": (("input", "dim", "start", "length"), _narrow),
    "select": (("input", "dim", "index"), _select),
    "movedim": (("input", "source", "destination"), _moved),
    "moveaxis": (("input", "source", "destination"), _moved),
    "unflatten": (("input", "dim", "sizes"), _unflatten),
    "reshape_as": (("input", "shape"), _reshape_as),
    "ravel": (("input",), _reshape_as),
    "getitem": (("input", "index"), _getitem),
}
"""By plain name: the names of the arguments in order, and what makes the stages."""
