"""Mistakes that can befall any kind of layer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from subjects import Draw, Mutant, Subject


def any_kind(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a convolution whose gradients are scaled, turned and moved as wholes."""

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv2d(x, weight, bias, padding=1)

    x, w, bias = draw.normal(3, 4, 5, 5), draw.normal(4, 4, 3, 3), draw.normal(4) * draw.scale
    g = draw.normal(3, 4, 5, 5)
    subject = Subject("Conv2d", right, [x], g, {"weight": w, "bias": bias}, {"padding": [1, 1]})
    yield subject, list(_mutants(subject))


def _mutants(subject: Subject) -> Iterator[Mutant]:
    paths = ("grad_input", "grad_parameters/weight", "grad_parameters/bias")
    for path in paths:
        value = subject.right[path]
        yield from subject.plant("sign", path, -value)
        yield from subject.plant("accumulated-twice", path, 2 * value)
        yield from subject.plant("scaled-by-batch", path, value / 3)
        yield from subject.plant("constant-factor", path, 1.37 * value)
        yield from subject.plant("all-zero", path, torch.zeros_like(value))
    for path in ("grad_parameters/weight", "grad_parameters/bias"):
        yield from subject.plant("scaled-by-positions", path, subject.right[path] / 25)
    for path in ("output", "grad_input"):
        value = subject.right[path]
        yield from subject.plant("batch-order-reversed", path, value.flip(0))
        swapped = value.transpose(2, 3).contiguous()
        yield from subject.plant("height-width-swapped", path, swapped)
        nhwc = value.permute(0, 2, 3, 1).reshape(value.shape)
        yield from subject.plant("layout-nhwc-read-as-nchw", path, nhwc)
    dx = subject.right["grad_input"]
    yield from subject.plant(
        "first-sample-broadcast", "grad_input", dx[:1].expand_as(dx).contiguous()
    )
    for cause, dtype in (
        ("reduced-precision-bf16", torch.bfloat16),
        ("reduced-precision-fp16", torch.float16),
    ):
        y = subject.right["output"]
        if dtype is torch.float16 and bool((y.abs() < 1e-3).any() or (y.abs() > 6e4).any()):
            continue
        yield from subject.plant(cause, "output", y.to(dtype).to(y.dtype), blame="nobody")
