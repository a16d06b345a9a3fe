"""Wrong activations, softmaxes and pools."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from subjects import Draw, Function, Mutant, Subject


def activations(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give elementwise functions with the usual slips about their derivatives."""
    yield from _relu(draw)
    for kind, function in (("Sigmoid", torch.sigmoid), ("Tanh", torch.tanh)):
        z = draw.plain(4, 5, 3)
        g = draw.normal(4, 5, 3)
        subject = Subject(kind, function, [z], g)
        a = function(z)
        slope = a * (1 - a) if kind == "Sigmoid" else 1 - a * a
        again = function(a)
        at_output = again * (1 - again) if kind == "Sigmoid" else 1 - again * again
        on_input = z * (1 - z) if kind == "Sigmoid" else 1 - z * z
        wrong = {
            "activation-derivative-omitted": g,
            "activation-derivative-twice": g * slope * slope,
            "derivative-at-output": g * at_output,
            "derivative-form-on-input": g * on_input,
            "activation-instead-of-derivative": g * a,
        }
        yield subject, [m for c, v in wrong.items() for m in subject.plant(c, "grad_input", v)]
    z = draw.normal(4, 6, 3)
    leaky = Subject(
        "LeakyReLU",
        lambda x: functional.leaky_relu(x, 0.1),
        [z],
        draw.normal(4, 6, 3),
        attributes={"negative_slope": 0.1},
    )
    yield leaky, list(leaky.replay("leaky-slope", lambda x: functional.leaky_relu(x, 0.2)))
    z = draw.plain(4, 6, 3)
    gelu = Subject("GELU", functional.gelu, [z], draw.normal(4, 6, 3))
    tanh: Function = lambda x: functional.gelu(x, approximate="tanh")  # noqa: E731
    yield gelu, list(gelu.replay("gelu-approximation", tanh))


def _relu(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    z, g = draw.whole(5, 4, 6), draw.normal(5, 4, 6)
    subject = Subject("ReLU", torch.relu, [z], g)
    at_zero = torch.where(z >= 0, g, torch.zeros_like(g))
    yield (
        subject,
        [
            *subject.plant("relu-derivative-at-zero", "grad_input", at_zero, blame="nobody"),
            *subject.plant("activation-derivative-omitted", "grad_input", g.clone()),
            *subject.plant("relu-mask-from-upstream", "grad_input", g.clamp(min=0)),
        ],
    )


def softmaxes(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a softmax and its logarithm."""
    z, g = draw.plain(5, 4), draw.normal(5, 4)

    def right(x: Tensor) -> Tensor:
        return torch.softmax(x, 1)

    subject = Subject("Softmax", right, [z], g, attributes={"dim": 1})
    p, m = subject.right["output"], subject.right["grad_input"]
    twice = p * (m - (p * m).sum(1, keepdim=True))
    yield (
        subject,
        [
            *subject.plant("softmax-jacobian-twice", "grad_input", twice),
            *subject.plant("softmax-jacobian-diagonal", "grad_input", p * (1 - p) * g),
            *subject.replay("softmax-wrong-axis", lambda x: torch.softmax(x, 0)),
            *subject.replay("softmax-log-mixed", lambda x: torch.log_softmax(x, 1)),
        ],
    )
    logarithm = Subject(
        "LogSoftmax", lambda x: torch.log_softmax(x, 1), [z], g, attributes={"dim": 1}
    )
    yield logarithm, list(logarithm.replay("softmax-log-mixed", right))


def pools(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give an average pool with padding, and a maximum pool with ties."""
    x = draw.normal(3, 2, 9, 10)

    def average(x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, (3, 2), (2, 2), (1, 1))

    attributes = {"kernel_size": [3, 2], "stride": [2, 2], "padding": [1, 1]}
    subject = Subject(
        "AvgPool2d", average, [x], draw.normal(*average(x).shape), attributes=attributes
    )
    yield (
        subject,
        [
            *subject.replay(
                "average-pool-divisor",
                lambda x: functional.avg_pool2d(x, (3, 2), (2, 2), (1, 1), count_include_pad=False),
            ),
            *subject.replay("pool-average-sum-mixed", lambda x: 6 * average(x)),
        ],
    )
    whole = draw.whole(3, 2, 9, 10, low=-6, high=-1)

    def maximum(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, 3, 2, 1)

    tied = Subject(
        "MaxPool2d",
        maximum,
        [whole],
        draw.normal(*maximum(whole).shape),
        attributes={"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]},
    )

    def zero_padded(x: Tensor) -> Tensor:
        return functional.max_pool2d(functional.pad(x, (1, 1, 1, 1)), 3, 2)

    # Turned by 180°, the first maximum of a window is the last one.
    turned = maximum_last(whole, tied.upstream)
    yield (
        tied,
        [
            *tied.replay("max-pool-zero-padding", zero_padded),
            *tied.plant("max-pool-tie-rule", "grad_input", turned, blame="nobody"),
        ],
    )
    once = draw.normal(3, 2, 9, 10)
    plain = Subject(
        "MaxPool2d",
        maximum,
        [once],
        draw.normal(*maximum(once).shape),
        attributes={"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]},
    )
    indices = functional.max_pool2d(once, 3, 2, 1, return_indices=True)[1]
    overwritten = torch.zeros(3, 2, 90, dtype=once.dtype)
    flat, g = indices.flatten(2), plain.upstream.flatten(2)
    for k in range(flat.shape[2]):
        overwritten.scatter_(2, flat[:, :, k : k + 1], g[:, :, k : k + 1])
    yield (
        plain,
        list(plain.plant("overlap-overwritten", "grad_input", overwritten.reshape(once.shape))),
    )


def maximum_last(x: Tensor, g: Tensor) -> Tensor:
    """Send the gradient of a 3×3 maximum (stride 2, padding 1) to the last of equal cells."""
    dx = torch.zeros_like(x)
    for n, c, i, j in torch.cartesian_prod(*(torch.arange(e) for e in g.shape)).tolist():
        best, place = -torch.inf, (0, 0)
        for y in range(max(0, 2 * i - 1), min(x.shape[2], 2 * i + 2)):
            for z in range(max(0, 2 * j - 1), min(x.shape[3], 2 * j + 2)):
                if x[n, c, y, z] >= best:
                    best, place = float(x[n, c, y, z]), (y, z)
        dx[n, c, place[0], place[1]] += g[n, c, i, j]
    return dx
