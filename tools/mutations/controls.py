"""Right layers that careless comparisons call wrong."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from subjects import Draw, Subject


def controls(draw: Draw) -> Iterator[Subject]:
    """Give long sums, cancellation, short operands, ties, kinks, and subnormal numbers."""
    yield _long_sum(draw, draw.normal(2, 48, 6, 6), draw.normal(16, 48, 3, 3))
    # Operands that fit TF32 and bfloat16: an exact reference must not look like a shortened one.
    short = [
        t.to(torch.bfloat16).to(t.dtype) for t in (draw.normal(2, 8, 6, 6), draw.normal(4, 8, 3, 3))
    ]
    yield _long_sum(draw, short[0], short[1])
    # Sums that cancel almost: large relative errors that rounding explains.
    x = draw.normal(3, 64)
    yield Subject(
        "Linear", functional.linear, [x], draw.normal(3, 4), {"weight": _cancelling(draw, x)}
    )
    whole = draw.whole(3, 2, 6, 7)
    yield Subject("ReLU", torch.relu, [whole], draw.normal(3, 2, 6, 7))

    def maximum(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, 2)

    yield Subject(
        "MaxPool2d",
        maximum,
        [whole],
        draw.normal(*maximum(whole).shape),
        attributes={"kernel_size": [2, 2], "stride": [2, 2]},
    )
    tiny = draw.plain(4, 5) * torch.finfo(draw.dtype).tiny * 0.1
    yield Subject("Sigmoid", torch.sigmoid, [tiny], draw.normal(4, 5))
    yield Subject("Tanh", torch.tanh, [tiny], draw.normal(4, 5))
    yield Subject(
        "Linear", functional.linear, [tiny], draw.normal(4, 3), {"weight": draw.plain(3, 5)}
    )
    large = 30 * draw.plain(5, 6)
    yield Subject(
        "Softmax", lambda x: torch.softmax(x, 1), [large], draw.normal(5, 6), attributes={"dim": 1}
    )


def _long_sum(draw: Draw, x: Tensor, w: Tensor) -> Subject:
    def right(x: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(x, weight, padding=1)

    g = draw.normal(*right(x, w).shape)
    return Subject("Conv2d", right, [x], g, {"weight": w}, {"padding": [1, 1]})


def _cancelling(draw: Draw, x: Tensor) -> Tensor:
    """Draw weights nearly orthogonal to the first sample."""
    w = draw.normal(4, 64)
    first = x[0].double()
    projected = w.double() - torch.outer(w.double() @ first / (first @ first), first)
    return projected.to(x.dtype)
