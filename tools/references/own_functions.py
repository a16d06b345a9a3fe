"""Samples of the kinds that are functions in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from samples import Maker, Sample, of_module, of_statement

Shapes = tuple[tuple[int, ...], ...]
Case = tuple[Callable[..., Any], Shapes]

BLOCK = (2, 3, 4)
IMAGE = (2, 3, 4, 5)


def _functions(*cases: Case, values: Callable[[Tensor], Tensor] = lambda x: x) -> Maker:
    def make(dtype: torch.dtype) -> Iterator[Sample]:
        for number, (function, shapes) in enumerate(cases):
            inputs = [values(torch.randn(s, dtype=dtype)) for s in shapes]
            yield of_module(f"own {number} {list(shapes)}", function, *inputs)

    return make


def _unary(function: Callable[..., Any], values: Callable[[Tensor], Tensor] = lambda x: x) -> Maker:
    shapes: list[tuple[int, ...]] = [(), (7,), (3, 5), IMAGE, (2, 1, 3, 2, 4)]
    return _functions(*((function, (shape,)) for shape in shapes), values=values)


def _binary(
    function: Callable[..., Any], values: Callable[[Tensor], Tensor] = lambda x: x
) -> Maker:
    pairs: list[Shapes] = [
        (BLOCK, BLOCK),
        (BLOCK, (3, 1)),
        ((2, 1, 4), (3, 1)),
        ((4,), BLOCK),
        (BLOCK, ()),
        (IMAGE, (1, 3, 1, 1)),
    ]
    return _functions(*((function, pair) for pair in pairs), values=values)


def _away_from_zero(x: Tensor) -> Tensor:
    return x + x.sign()


def _positive(x: Tensor) -> Tensor:
    return x.abs() + 0.1


def _parameter(dtype: torch.dtype) -> Iterator[Sample]:
    """A free parameter is its own output."""
    for shape in ((), (3,), (2, 3, 1, 1)):
        value = torch.randn(shape, dtype=dtype)
        yield of_statement(
            f"own {list(shape)}", "Parameter", lambda value: value * 1, parameters={"value": value}
        )


def _several(*cases: Case) -> Maker:
    """Functions of several tensors whose number a lambda does not say."""
    return _functions(*cases)


_DIMS: list[Any] = [None, 0, -1, (1, 2), (0, -1), [0, 1, 2, 3]]


def _reductions(function: Any) -> Maker:
    def reduced(dims: Any, keep: bool) -> Callable[[Tensor], Any]:
        return lambda x: function(x) if dims is None else function(x, dims, keep)

    return _functions(*((reduced(d, keep), (IMAGE,)) for d in _DIMS for keep in (False, True)))


FUNCTIONS: dict[str, Maker] = {
    "Add": _binary(torch.add),
    "Sub": _binary(torch.sub),
    "Mul": _binary(torch.mul),
    "Div": _binary(torch.div, _away_from_zero),
    "MatMul": _functions(
        (torch.matmul, ((3, 4), (4, 5))),
        (torch.matmul, ((2, 3, 4), (2, 4, 5))),
        (torch.matmul, ((2, 3, 4), (4, 5))),
        (torch.matmul, ((4,), (4, 5))),
        (torch.matmul, ((3, 4), (4,))),
        (torch.matmul, ((4,), (4,))),
        (torch.matmul, ((2, 1, 3, 4), (5, 4, 2))),
        (torch.bmm, ((2, 3, 4), (2, 4, 1))),
        (torch.mm, ((1, 6), (6, 2))),
    ),
    "Concat": _several(
        (lambda *t: torch.cat(t), ((2, 3), (1, 3), (4, 3))),
        (lambda *t: torch.cat(t, 1), ((2, 3, 4, 2), (2, 1, 4, 2))),
        (lambda *t: torch.cat(t, -1), ((2, 3), (2, 5))),
        (lambda *t: torch.cat(t, 2), (IMAGE,)),
    ),
    "Split": _functions(
        (lambda x: torch.split(x, 2, 1), ((2, 5, 3),)),
        (lambda x: torch.split(x, [1, 4], 1), ((2, 5, 3),)),
        (lambda x: torch.split(x, [1, 1, 1], -1), ((2, 5, 3),)),
        (lambda x: torch.chunk(x, 2), ((4, 3),)),
        (lambda x: torch.tensor_split(x, 3), ((5, 3),)),
    ),
    "Slice": _functions(
        (lambda x: x[1:], (IMAGE,)),
        (lambda x: x[:, 0:2], (IMAGE,)),
        (lambda x: x[..., 1:5:2], (IMAGE,)),
        (lambda x: x[:, :, -3:-1], (IMAGE,)),
        (lambda x: x[::3], ((8, 2),)),
        (lambda x: x.narrow(1, 1, 2), (IMAGE,)),
    ),
    "Reshape": _functions(
        (lambda x: x.reshape(4, 6), (BLOCK,)),
        (lambda x: x.view(2, -1), (BLOCK,)),
        (lambda x: x.reshape(-1), (BLOCK,)),
        (lambda x: x.reshape(1, 1, 1), ((),)),
    ),
    "Permute": _functions(
        (lambda x: x.permute(0, 2, 3, 1), (IMAGE,)),
        (lambda x: x.permute(-1, 0, 1, -2), (IMAGE,)),
        (lambda x: x.movedim(1, 3), (IMAGE,)),
    ),
    "Transpose": _functions(
        (lambda x: x.transpose(1, 2), (IMAGE,)),
        (lambda x: x.transpose(0, -1), (IMAGE,)),
        (torch.t, ((2, 3),)),
        (lambda x: x.mT, (BLOCK,)),
    ),
    "Squeeze": _functions(
        (torch.squeeze, ((1, 3, 1, 2),)),
        (lambda x: x.squeeze(2), ((1, 3, 1, 2),)),
        (lambda x: x.squeeze(1), ((1, 3, 1, 2),)),
        (lambda x: x.squeeze((0, -2)), ((1, 3, 1, 2),)),
    ),
    "Unsqueeze": _functions(
        (lambda x: x.unsqueeze(0), (BLOCK,)),
        (lambda x: x.unsqueeze(2), (BLOCK,)),
        (lambda x: x.unsqueeze(-1), (BLOCK,)),
        (lambda x: x.unsqueeze(-2), (BLOCK,)),
    ),
    "Mean": _reductions(torch.mean),
    "Sum": _reductions(torch.sum),
    "Scale": _functions(
        (lambda x: x * 3, (IMAGE,)),
        (lambda x: -0.1 * x, (IMAGE,)),
        (lambda x: x / 4, (BLOCK,)),
        (lambda x: x * 0.0, (BLOCK,)),
        (lambda x: x * 1e-3, ((),)),
    ),
    "Shift": _functions(
        (lambda x: x + 2, (IMAGE,)),
        (lambda x: x - 0.1, (IMAGE,)),
        (lambda x: 1e3 + x, (BLOCK,)),
    ),
    "Clip": _functions(
        (lambda x: x.clamp(-0.5, 0.5), (IMAGE,)),
        (lambda x: x.clamp(min=0.1), (IMAGE,)),
        (lambda x: x.clamp(max=0.1), (BLOCK,)),
        (lambda x: x.clamp(0.25, -0.25), (BLOCK,)),
    ),
    "Power": _functions(
        *((lambda x, e=e: x**e, (IMAGE,)) for e in (2, 3, 0.5, -1.5, 1.0, 0.0, 7, -2, 2.3)),
        values=_positive,
    ),
    "Exp": _unary(torch.exp),
    "Log": _unary(torch.log, _positive),
    "Sqrt": _unary(torch.sqrt, _positive),
    "Abs": _unary(torch.abs),
    "Neg": _unary(torch.neg),
    "Parameter": _parameter,
}
"""By kind."""
