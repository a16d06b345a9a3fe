"""Samples of the kinds that PyTorch's module database lacks."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from samples import Maker, Sample, of_module, of_statement


def _function(*cases: tuple[str, object, tuple[tuple[int, ...], ...]]) -> Maker:
    def make(dtype: torch.dtype) -> Iterator[Sample]:
        for title, function, shapes in cases:
            yield of_module(title, function, *(torch.randn(s, dtype=dtype) for s in shapes))  # type: ignore[arg-type]

    return make


def _sum_pool(spatial: int) -> Maker:
    def make(dtype: torch.dtype) -> Iterator[Sample]:
        pool = getattr(functional, f"avg_pool{max(2, spatial)}d")
        for window, stride, padding, ceil in (
            (2, 2, 0, False),
            (3, 2, 1, True),
            (3, 1, 1, False),
            (2, 3, 0, True),
        ):

            def summed(
                x: Tensor, w: int = window, s: int = stride, p: int = padding, c: bool = ceil
            ) -> Tensor:
                if spatial == 1:
                    return pool(
                        x.unsqueeze(-2), (1, w), (1, s), (0, p), c, divisor_override=1
                    ).squeeze(-2)
                return pool(x, w, s, p, c, divisor_override=1)

            x = torch.randn((2, 3, 7, 8, 6)[: 2 + spatial], dtype=dtype)
            yield of_statement(
                f"{window} {stride} {padding}",
                f"SumPool{spatial}d",
                summed,
                x,
                kernel_size=window,
                stride=stride,
                padding=padding,
                ceil_mode=ceil,
            )

    return make


def _dropout(spatial: int) -> Maker:
    def make(dtype: torch.dtype) -> Iterator[Sample]:
        shape = (2, 5, 3, 4, 2)[: 2 + spatial] if spatial else (4, 6)
        cls = getattr(nn, f"Dropout{spatial}d" if spatial else "Dropout")
        for p in (0.0, 0.3, 0.5, 0.9, 1.0):
            yield of_module(f"p {p}", cls(p), torch.randn(shape, dtype=dtype))
        yield of_module("evaluation", cls(0.4).eval(), torch.randn(shape, dtype=dtype))

    return make


OWN: dict[str, Maker] = {
    "Add": _function(
        ("two", torch.add, ((2, 3, 4), (2, 3, 4))),
        ("stretched", torch.add, ((2, 3, 4), (3, 1))),
        ("both stretched", torch.add, ((2, 1, 4), (3, 1))),
    ),
    "Mul": _function(
        ("two", torch.mul, ((2, 3, 4), (2, 3, 4))),
        ("stretched", torch.mul, ((2, 3, 4), (3, 1))),
        ("a number", torch.mul, ((2, 3, 4), ())),
    ),
    "Concat": _function(
        ("rows", lambda *t: torch.cat(t), ((2, 3), (1, 3), (4, 3))),
        ("channels", lambda *t: torch.cat(t, 1), ((2, 3, 4, 2), (2, 1, 4, 2))),
        ("last", lambda *t: torch.cat(t, -1), ((2, 3), (2, 5))),
    ),
    "Reshape": _function(
        ("whole", lambda x: x.reshape(4, 6), ((2, 3, 4),)),
        ("open", lambda x: x.view(2, -1), ((2, 3, 4),)),
    ),
    "Flatten": lambda dtype: iter(
        of_module(str(a), nn.Flatten(*a), torch.randn(2, 3, 4, 5, dtype=dtype))
        for a in ((), (0, -1), (2,), (1, 2), (-2, -1))
    ),
    "Identity": lambda dtype: iter(
        [of_module("any", nn.Identity(), torch.randn(2, 3, dtype=dtype))]
    ),
    "Dropout": _dropout(0),
    **{f"Dropout{d}d": _dropout(d) for d in (1, 2, 3)},
    **{f"SumPool{d}d": _sum_pool(d) for d in (1, 2, 3)},
}
"""By kind."""
