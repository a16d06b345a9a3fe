"""Wrong convolutions, transposed convolutions and linear layers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from cnnverify.format import Attribute
from subjects import Draw, Mutant, Subject

# One convolution that hides nothing: equal channels, a square kernel of even size, a stride that
# leaves a remainder, and images that are no squares.
BATCH, CHANNELS, KERNEL, STRIDE, PADDING = 5, 4, 4, 3, 1
HEIGHT, WIDTH = 10, 13


def convolution(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give the convolution with everything that can be wrong about it."""
    settings = {"stride": STRIDE, "padding": PADDING}

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv2d(x, weight, bias, **settings)

    w = draw.normal(CHANNELS, CHANNELS, KERNEL, KERNEL)
    x = draw.normal(BATCH, CHANNELS, HEIGHT, WIDTH)
    bias = draw.normal(CHANNELS) * draw.scale
    g = draw.normal(*functional.conv2d(x, w, None, **settings).shape)
    subject = Subject(
        "Conv2d",
        right,
        [x],
        g,
        {"weight": w, "bias": bias},
        {k: [v] * 2 for k, v in settings.items()},
    )
    yield subject, list(_convolution_mutants(subject, right, x, w, bias, g))


def _convolution_mutants(
    subject: Subject, right: object, x: Tensor, w: Tensor, bias: Tensor, g: Tensor
) -> Iterator[Mutant]:
    dw, db = subject.right["grad_parameters/weight"], subject.right["grad_parameters/bias"]
    dx, y = subject.right["grad_input"], subject.right["output"]
    kernels = {
        "kernel-rotated-180": w.flip(2, 3),
        "channels-swapped": w.transpose(0, 1),
        "kernel-axes-swapped": w.transpose(2, 3),
        "layout-hwio-read-as-oihw": w.permute(2, 3, 1, 0).reshape(w.shape),
        "layout-hwoi-read-as-oihw": w.permute(2, 3, 0, 1).reshape(w.shape),
        "layout-ohwi-read-as-oihw": w.permute(0, 2, 3, 1).reshape(w.shape),
    }
    gradients = {
        "kernel-rotated-180": dw.flip(2, 3),
        "channels-swapped": dw.transpose(0, 1),
        "kernel-axes-swapped": dw.transpose(2, 3),
        "layout-hwio-read-as-oihw": dw.permute(2, 3, 1, 0).reshape(w.shape),
        "layout-hwoi-read-as-oihw": dw.permute(2, 3, 0, 1).reshape(w.shape),
        "layout-ohwi-read-as-oihw": dw.permute(0, 2, 3, 1).reshape(w.shape),
    }
    for cause, wrong in kernels.items():
        yield from subject.replay(
            cause, parameters={"weight": wrong, "bias": bias}, only=["output", "grad_input"]
        )
        yield from subject.plant(cause, "grad_parameters/weight", gradients[cause].contiguous())

    def shifted(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv2d(functional.pad(x, (0, 2, 0, 2)), weight, bias, stride=STRIDE)

    def mirrored(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        padded = functional.pad(x, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(padded, weight, bias, stride=STRIDE)

    yield from subject.replay("padding-side", shifted)
    yield from subject.replay("padding-mode", mirrored, only=["output", "grad_parameters/weight"])
    weight_path = "grad_parameters/weight"
    yield from subject.plant("upstream-reversed", weight_path, _correlate(x, g.flip(2, 3)))
    yield from subject.plant("stride-ignored", weight_path, _correlate(x, g, stride=1))
    yield from subject.replay("last-output-row-skipped", upstream=_without_last(g))
    yield from subject.plant("batch-one-sample-only", weight_path, _correlate(x[:1], g[:1]))
    yield from subject.plant("batch-one-sample-only", "grad_parameters/bias", g[0].sum((1, 2)))
    edgeless = dw.clone()
    edgeless[:, :, -1, :] = 0
    edgeless[:, :, :, -1] = 0
    yield from subject.plant("kernel-edge-missing", weight_path, edgeless)
    if subject.dtype == torch.float64:
        yield from subject.plant("weight-decay-in-gradient", weight_path, dw + 5e-4 * w)
    yield from subject.plant("overlap-overwritten", "grad_input", _overwritten(g, w, x.shape))
    yield from subject.plant("wrong-outer-padding", "grad_input", _rolled(dx, PADDING))
    rest = (HEIGHT + 2 * PADDING - KERNEL) % STRIDE, (WIDTH + 2 * PADDING - KERNEL) % STRIDE
    dropped = dx.clone()
    dropped[:, :, HEIGHT - rest[0] :, :] = 0
    dropped[:, :, :, WIDTH - rest[1] :] = 0
    yield from subject.plant("remainder-rows-dropped", "grad_input", dropped)
    yield from subject.plant("bias-omitted", "output", y - bias[:, None, None])
    yield from subject.plant("bias-added-twice", "output", y + bias[:, None, None])
    yield from subject.plant(
        "bias-not-summed-over-space", "grad_parameters/bias", g[..., 0, 0].sum(0)
    )
    yield from subject.plant(
        "bias-summed-over-channels", "grad_parameters/bias", db.sum().expand(CHANNELS).contiguous()
    )


def _correlate(x: Tensor, g: Tensor, stride: int = STRIDE) -> Tensor:
    """Sum dW by the definition, one tap at a time."""
    padded = functional.pad(x, (PADDING,) * 4)
    rows, columns = g.shape[2:]
    taps = torch.zeros(g.shape[1], x.shape[1], KERNEL, KERNEL, dtype=x.dtype)
    for p, q in product(range(KERNEL), range(KERNEL)):
        window = padded[:, :, p : p + stride * rows : stride, q : q + stride * columns : stride]
        taps[:, :, p, q] = torch.einsum("nohw,nihw->oi", g, window[:, :, :rows, :columns])
    return taps


def _without_last(g: Tensor) -> Tensor:
    shorter = g.clone()
    shorter[:, :, -1, :] = 0
    shorter[:, :, :, -1] = 0
    return shorter


def _overwritten(g: Tensor, w: Tensor, shape: torch.Size) -> Tensor:
    """Write the windows of dX one over the other."""
    padded = torch.zeros(*shape[:2], HEIGHT + 2 * PADDING, WIDTH + 2 * PADDING, dtype=g.dtype)
    for i, j in product(range(g.shape[2]), range(g.shape[3])):
        window = torch.einsum("no,oipq->nipq", g[:, :, i, j], w)
        top, left = i * STRIDE, j * STRIDE
        padded[:, :, top : top + KERNEL, left : left + KERNEL] = window
    return padded[:, :, PADDING:-PADDING, PADDING:-PADDING].contiguous()


def _rolled(dx: Tensor, cells: int) -> Tensor:
    """Cut the full convolution at its first cells instead of after the padding."""
    moved = torch.zeros_like(dx)
    moved[:, :, cells:, cells:] = dx[:, :, :-cells, :-cells]
    return moved


def unequal(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a convolution of unequal sizes, with groups and dilation."""
    attributes: dict[str, Attribute] = {
        "stride": [2, 1],
        "padding": [1, 2],
        "dilation": [1, 2],
        "groups": 2,
    }

    def right(x: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(x, weight, None, (2, 1), (1, 2), (1, 2), 2)

    x, w = draw.normal(3, 4, 9, 11), draw.normal(6, 2, 3, 2)
    g = draw.normal(*right(x, w).shape)
    subject = Subject("Conv2d", right, [x], g, {"weight": w}, attributes)

    mutants = [
        *subject.replay("kernel-rotated-180", parameters={"weight": w.flip(2, 3)}, only=["output"]),
        *subject.plant(
            "kernel-rotated-180",
            "grad_parameters/weight",
            subject.right["grad_parameters/weight"].flip(2, 3).contiguous(),
        ),
        *subject.replay("last-output-row-skipped", upstream=_without_last(g), only=["grad_input"]),
        *subject.plant(
            "group-order",
            "output",
            subject.right["output"].unflatten(1, (2, 3)).transpose(1, 2).flatten(1, 2).contiguous(),
        ),
    ]
    yield subject, mutants


def transposed(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a transposed convolution."""
    settings = {"stride": 2, "padding": 1, "output_padding": 1}

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.conv_transpose2d(x, weight, bias, **settings)

    x, w, bias = draw.normal(3, 4, 5, 6), draw.normal(4, 4, 3, 3), draw.normal(4) * draw.scale
    g = draw.normal(*right(x, w, bias).shape)
    attributes = {k: [v] * 2 for k, v in settings.items()}
    subject = Subject("ConvTranspose2d", right, [x], g, {"weight": w, "bias": bias}, attributes)
    wrong = {"weight": w.transpose(0, 1), "bias": bias}
    turned = {"weight": w.flip(2, 3), "bias": bias}
    mutants = [
        *subject.replay("transposed-weight-axes", parameters=wrong, only=["output", "grad_input"]),
        *subject.replay("kernel-rotated-180", parameters=turned, only=["output", "grad_input"]),
        *subject.plant("bias-omitted", "output", subject.right["output"] - bias[:, None, None]),
        *subject.plant("bias-added-twice", "output", subject.right["output"] + bias[:, None, None]),
    ]
    yield subject, mutants


def linear(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a square linear layer, whose transposition keeps its shape."""
    x, w, bias = draw.normal(5, 6), draw.normal(6, 6), draw.normal(6) * draw.scale
    g = draw.normal(5, 6)
    subject = Subject("Linear", functional.linear, [x], g, {"weight": w, "bias": bias})
    dw = subject.right["grad_parameters/weight"]
    mutants = [
        *subject.replay(
            "dense-transposed",
            parameters={"weight": w.T, "bias": bias},
            only=["output", "grad_input"],
        ),
        *subject.plant("dense-transposed", "grad_parameters/weight", dw.T.contiguous()),
        *subject.plant(
            "batch-summed-before-product",
            "grad_parameters/weight",
            torch.outer(g.sum(0), x.sum(0)),
        ),
        *subject.plant("batch-one-sample-only", "grad_parameters/weight", torch.outer(g[0], x[0])),
        *subject.plant("bias-omitted", "output", subject.right["output"] - bias),
        *subject.plant("bias-added-twice", "output", subject.right["output"] + bias),
    ]
    yield subject, mutants


def concatenation(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give two tensors joined, and two added with broadcasting."""
    a, b = draw.normal(2, 3, 4), draw.normal(2, 3, 4)

    def joined(a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([a, b], 1)

    subject = Subject("Concat", joined, [a, b], draw.normal(2, 6, 4), attributes={"dim": 1})
    yield subject, list(subject.replay("concat-order", lambda a, b: joined(b, a)))
    x, y = draw.normal(4, 3, 5), draw.normal(1, 3, 1)
    added = Subject("Add", torch.add, [x, y], draw.normal(4, 3, 5))
    mean = added.upstream.mean((0, 2), keepdim=True)
    yield added, list(added.plant("broadcast-not-reduced", "grad_input.1", mean))
