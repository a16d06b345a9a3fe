"""Layers and functions that join or rearrange tensors as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .image_kinds import sliced
from .layouts import Layout, axis_in
from .stages import PREVIOUS, Builder, Call, Inexpressible, Previous, Source, Stage


def _joined(kind: str) -> Builder:
    def build(call: Call) -> list[Stage]:
        return [Stage(kind, list[Source](call.edges), wants=call.layout())]

    return build


def _average(call: Call) -> list[Stage]:
    layout, count = call.layout(), len(call.edges)

    def added(operation: Any, inputs: list[Any]) -> Any:
        total = inputs[0]
        for tensor in inputs[1:]:
            total = total + tensor
        return total

    first = Stage("Add", list[Source](call.edges), wants=layout, run=added, suffix=".add")
    second = Stage("Scale", [PREVIOUS], {"factor": 1 / count}, wants=layout)
    second.run = lambda operation, inputs: inputs[0] / count
    return [first, second]


def _concatenated(call: Call) -> list[Stage]:
    layout = call.layout()
    dim = axis_in(layout, call.operation.axis, call.rank())
    return [Stage("Concat", list[Source](call.edges), {"dim": dim}, wants=layout)]


def _stacked(call: Call) -> list[Stage]:
    axis = call.operation.axis % len(call.shape())
    ones: list[Stage] = []
    for edge in call.edges:
        one = Stage("Unsqueeze", [edge], {"dim": axis}, suffix=".unsqueeze")
        one.run = lambda operation, inputs: keras.ops.expand_dims(inputs[0], axis)
        ones.append(one)
    joined = Stage("Concat", [Previous(k) for k in range(len(ones))], {"dim": axis})
    joined.run = lambda operation, inputs: keras.ops.concatenate(inputs, axis)
    return [*ones, joined]


def _dot(call: Call) -> list[Stage]:
    """`keras.layers.Dot` of vectors, or of matrices for each element of the batch."""
    operation = call.operation
    first, second = call.edges
    ranks = call.rank(first), call.rank(second)
    if operation.normalize or ranks not in ((2, 2), (3, 3)):
        raise Inexpressible(f"a product of ranks {ranks}")
    axes = operation.axes
    left, right = (axes, axes) if isinstance(axes, int) else axes
    if ranks == (2, 2):
        product = Stage("Mul", [first, second], suffix=".mul")
        product.run = lambda operation, inputs: inputs[0] * inputs[1]
        total = Stage("Sum", [PREVIOUS], {"dims": [1], "keepdim": True})
        total.run = lambda operation, inputs: keras.ops.sum(inputs[0], 1, keepdims=True)
        return [product, total]
    stages: list[Stage] = []
    sources: list[Source] = [first, second]
    for position, turned in enumerate((left % 3 != 2, right % 3 != 1)):
        if turned:
            turn = Stage("Transpose", [sources[position]], {"dim0": 1, "dim1": 2})
            turn.suffix, turn.run = ".transpose", _swapped
            sources[position] = Previous(len(stages))
            stages.append(turn)
    product = Stage("MatMul", sources)
    product.run = lambda operation, inputs: keras.ops.matmul(*inputs)
    return [*stages, product]


def _swapped(operation: Any, inputs: list[Any]) -> Any:
    return keras.ops.transpose(inputs[0], (0, 2, 1))


def _flatten(call: Call) -> list[Stage]:
    if call.operation.data_format == "channels_first" and call.rank() > 2:
        dims = [0, *range(2, call.rank()), 1]
        turn = Stage("Permute", [call.edge], {"dims": dims}, suffix=".permute")
        turn.run = lambda operation, inputs: keras.ops.transpose(inputs[0], dims)
        flat = Stage("Flatten", [PREVIOUS], {"start_dim": 1})
        flat.run = lambda operation, inputs: keras.ops.reshape(inputs[0], call.shape())
        return [turn, flat]
    if call.rank() < 2:
        return _reshaped(call)
    return [Stage("Flatten", [call.edge], {"start_dim": 1})]


def _reshaped(call: Call) -> list[Stage]:
    """The resolved shape; the batch axis stays open where it is kept, so that any batch fits."""
    before, shape = [int(n) for n in call.edges[0].value.shape], call.shape()
    if before and shape and before[0] == shape[0] and 0 not in shape:
        shape = [-1, *shape[1:]]
    return [Stage("Reshape", [call.edges[0]], {"shape": shape})]


def _permuted(call: Call) -> list[Stage]:
    dims = [0, *(int(d) for d in call.operation.dims)]
    return [Stage("Permute", [call.edge], {"dims": dims})]


def _transposed(call: Call) -> list[Stage]:
    axes = call.operation.axes
    rank = call.rank()
    dims = list(range(rank))[::-1] if axes is None else [int(a) % rank for a in axes]
    return [Stage("Permute", [call.edge], {"dims": dims})]


def _swapped_axes(call: Call) -> list[Stage]:
    rank = call.rank()
    one, two = (int(a) % rank for a in (call.operation.axis1, call.operation.axis2))
    return [Stage("Transpose", [call.edge], {"dim0": one, "dim1": two})]


def _moved_axes(call: Call) -> list[Stage]:
    rank = call.rank()
    pairs = [_list(call.operation.source), _list(call.operation.destination)]
    source, target = ([int(a) % rank for a in axes] for axes in pairs)
    rest = iter(d for d in range(rank) if d not in source)
    places = dict(zip(target, source, strict=True))
    dims = [places[d] if d in places else next(rest) for d in range(rank)]
    return [Stage("Permute", [call.edge], {"dims": dims})]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _repeated(call: Call) -> list[Stage]:
    """`RepeatVector`: an axis of length 1, and the same tensor several times along it."""
    first = Stage("Unsqueeze", [call.edge], {"dim": 1}, suffix=".unsqueeze")
    first.run = lambda operation, inputs: keras.ops.expand_dims(inputs[0], 1)
    times: list[Source] = [Previous(0)] * int(call.operation.n)
    second = Stage("Concat", times, {"dim": 1})
    second.run = lambda operation, inputs: keras.ops.concatenate(inputs, 1)
    return [first, second]


def _expanded(call: Call) -> list[Stage]:
    axes = _list(call.operation.axis)
    if len(axes) != 1:
        return _reshaped(call)
    return [Stage("Unsqueeze", [call.edge], {"dim": int(axes[0]) % len(call.shape())})]


def _squeezed(call: Call) -> list[Stage]:
    axes = call.operation.axis
    if axes is None or len(_list(axes)) != 1:
        return _reshaped(call)
    return [Stage("Squeeze", [call.edge], {"dim": int(_list(axes)[0]) % call.rank()})]


def _split(call: Call) -> list[Stage]:
    layout, axis = call.layout(), call.operation.axis
    sizes = [int(o.value.shape[axis]) for o in call.step.outputs]
    dim = axis_in(layout, axis, call.rank())
    return [Stage("Split", [call.edge], {"split_sizes": sizes, "dim": dim}, wants=layout)]


def _indexed(call: Call) -> list[Stage]:
    """`x[a:b, ..., k]`: one Slice for each axis that is cut, then a Squeeze for each integer."""
    key = call.step.argument(1, "key")
    items = list(key) if isinstance(key, tuple | list) else [key]
    rank, shape = call.rank(), [int(n) for n in call.edges[0].value.shape]
    if any(item is Ellipsis for item in items):
        where = next(k for k, item in enumerate(items) if item is Ellipsis)
        rest = sum(item is not Ellipsis for item in items)
        items[where : where + 1] = [slice(None)] * (rank - rest)
    cuts: list[tuple[int, int, int]] = []
    squeezed: list[int] = []
    for axis, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, int | slice):
            raise Inexpressible("an index that is neither a slice nor an integer")
        if isinstance(item, int):
            cuts.append((axis, item % shape[axis], item % shape[axis] + 1))
            squeezed.append(axis)
            continue
        start, stop, step = item.indices(shape[axis])
        if step != 1:
            raise Inexpressible("a slice with a step")
        if (start, stop) != (0, shape[axis]):
            cuts.append((axis, start, stop))
    stages = sliced(call, Layout.PLAIN, cuts)
    for removed, axis in enumerate(squeezed):
        stages[-1].suffix = ".slice" if stages[-1].kind == "Slice" else ".squeeze"
        stage = Stage("Squeeze", [PREVIOUS], {"dim": axis - removed})
        stage.run = _without(axis - removed)
        stages.append(stage)
    return stages


def _without(axis: int) -> Callable[[Any, list[Any]], Any]:
    return lambda operation, inputs: keras.ops.squeeze(inputs[0], axis)


def _identity(call: Call) -> list[Stage]:
    before, after = call.edge.value, call.step.outputs[0].value
    if before.dtype != after.dtype:
        raise Inexpressible("a change of type")
    return [Stage("Identity", [call.edge], wants=call.layout())]


MERGING: dict[str, Builder] = {
    "layers.Add": _joined("Add"),
    "layers.Subtract": _joined("Sub"),
    "layers.Multiply": _joined("Mul"),
    "layers.Average": _average,
    "layers.Concatenate": _concatenated,
    "layers.Dot": _dot,
    "layers.Flatten": _flatten,
    "layers.Reshape": _reshaped,
    "layers.Permute": _permuted,
    "layers.RepeatVector": _repeated,
    "layers.Identity": _identity,
    "layers.ActivityRegularization": _identity,
    "ops.Concatenate": _concatenated,
    "ops.Stack": _stacked,
    "ops.Reshape": _reshaped,
    "ops.Ravel": _reshaped,
    "ops.Transpose": _transposed,
    "ops.Swapaxes": _swapped_axes,
    "ops.Moveaxis": _moved_axes,
    "ops.ExpandDims": _expanded,
    "ops.Squeeze": _squeezed,
    "ops.Split": _split,
    "ops.GetItem": _indexed,
    "ops.Cast": _identity,
    "ops.ConvertToTensor": _identity,
    "ops.Copy": _identity,
}
"""By `layers.` or `ops.` and the name of the class."""
