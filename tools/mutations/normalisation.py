"""Wrong normalisations."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from cnnverify.format import Attribute
from subjects import Draw, Mutant, Subject

EPSILON = 1e-2
"""Large beside the variance, so that where it stands shows."""


def _standardised(
    x: Tensor,
    axes: tuple[int, ...],
    *,
    epsilon: float = EPSILON,
    unbiased: bool = False,
    outside: bool = False,
    centred: bool = True,
) -> Tensor:
    mean = x.mean(axes, keepdim=True)
    if unbiased:
        variance = x.var(axes, keepdim=True, unbiased=True)
    elif centred:
        variance = x.var(axes, keepdim=True, unbiased=False)
    else:
        variance = (x * x).mean(axes, keepdim=True)
    root = torch.sqrt(variance) + epsilon if outside else torch.sqrt(variance + epsilon)
    return ((x - mean) if centred else x) / root


def batch_norm(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give a batch normalisation in training, with a variance near its epsilon."""
    x = 0.2 * draw.plain(4, 3, 3, 4) + 0.3 * draw.plain(1, 3, 1, 1)
    w, b = draw.normal(3), draw.normal(3)
    g = draw.normal(4, 3, 3, 4)
    mean, variance = draw.plain(3), draw.probabilities(3)
    axes = (0, 2, 3)

    def affine(h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return h * weight[:, None, None] + bias[:, None, None]

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return affine(_standardised(x, axes), weight, bias)

    biased, unbiased = x.var(axes, unbiased=False), x.var(axes, unbiased=True)
    after = {
        "running_mean": 0.8 * mean + 0.2 * x.mean(axes),
        "running_var": 0.8 * variance + 0.2 * unbiased,
    }
    subject = Subject(
        "BatchNorm2d",
        right,
        [x],
        g,
        {"weight": w, "bias": b},
        {"eps": EPSILON, "momentum": 0.2},
        buffers={"running_mean": mean, "running_var": variance},
        after=after,
        training=True,
    )
    yield subject, list(_batch_norm_mutants(subject, affine, x, w, g, (biased, mean, variance)))


def _batch_norm_mutants(
    subject: Subject,
    affine: object,
    x: Tensor,
    w: Tensor,
    g: Tensor,
    statistics: tuple[Tensor, Tensor, Tensor],
) -> Iterator[Mutant]:
    biased, mean, variance = statistics
    axes = (0, 2, 3)

    def with_options(**options: object):  # type: ignore[no-untyped-def]
        def function(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
            h = _standardised(x, axes, **options)  # type: ignore[arg-type]
            return h * weight[:, None, None] + bias[:, None, None]

        return function

    def running(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.batch_norm(x, mean, variance, weight, bias, False, 0.0, EPSILON)

    output, dx = "output", "grad_input"
    yield from subject.replay("batch-norm-epsilon", with_options(epsilon=1e-3))
    yield from subject.replay("batch-norm-unbiased-variance", with_options(unbiased=True))
    yield from subject.replay("normalisation-epsilon-outside-root", with_options(outside=True))
    yield from subject.replay("training-flag", running, only=[output, dx])
    h = g * w[:, None, None]
    s = torch.sqrt(biased + EPSILON)[:, None, None]
    hat = _standardised(x, axes)
    mean_term = h.mean(axes, keepdim=True)
    variance_term = hat * (h * hat).mean(axes, keepdim=True)
    yield from subject.plant("batch-norm-statistics-constant", dx, h / s)
    yield from subject.plant("normalisation-mean-term-omitted", dx, (h - variance_term) / s)
    yield from subject.plant("normalisation-variance-term-omitted", dx, (h - mean_term) / s)
    plain = {"weight": torch.ones_like(w), "bias": torch.zeros_like(w)}
    yield from subject.replay("affine-omitted", parameters=plain, only=[output, dx])
    old, new = 0.8 * variance, 0.2 * biased
    yield from subject.plant("running-variance-biased", "buffers/running_var", old + new)
    exchanged = 0.2 * mean + 0.8 * x.mean(axes)
    yield from subject.plant("batch-norm-momentum", "buffers/running_mean", exchanged)


def layer_norms(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give layer, group, instance and root-mean-square normalisations."""
    x = 0.2 * draw.plain(4, 7) + 0.3 * draw.plain(1, 7)
    w, b, g = draw.normal(7), draw.normal(7), draw.normal(4, 7)

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.layer_norm(x, (7,), weight, bias, EPSILON)

    def wrong(**options: object):  # type: ignore[no-untyped-def]
        def function(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
            return _standardised(x, (1,), **options) * weight + bias  # type: ignore[arg-type]

        return function

    attributes: dict[str, Attribute] = {"normalized_shape": [7], "eps": EPSILON}
    subject = Subject("LayerNorm", right, [x], g, {"weight": w, "bias": b}, attributes)
    s = torch.sqrt(x.var(1, keepdim=True, unbiased=False) + EPSILON)
    yield (
        subject,
        [
            *subject.replay("layer-norm-epsilon", wrong(epsilon=1e-3)),
            *subject.replay("layer-norm-unbiased-variance", wrong(unbiased=True)),
            *subject.replay("normalisation-epsilon-outside-root", wrong(outside=True)),
            *subject.replay("normalisation-mean-not-subtracted", wrong(centred=False)),
            *subject.plant("layer-norm-statistics-constant", "grad_input", g * w / s),
        ],
    )
    yield from _group_norm(draw)
    rms = Subject(
        "RMSNorm",
        lambda x, weight: functional.rms_norm(x, (7,), weight, EPSILON),
        [x],
        g,
        {"weight": w},
        attributes,
    )
    yield (
        rms,
        [
            *rms.replay(
                "layer-norm-epsilon",
                lambda x, weight: functional.rms_norm(x, (7,), weight, 1e-3),
            ),
            *rms.replay(
                "normalisation-mean-not-subtracted",
                lambda x, weight: functional.layer_norm(x, (7,), weight, None, EPSILON),
            ),
        ],
    )


def _group_norm(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    x = 0.2 * draw.plain(3, 6, 4) + 0.3 * draw.plain(1, 6, 1)
    w, b, g = draw.normal(6), draw.normal(6), draw.normal(3, 6, 4)

    def right(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return functional.group_norm(x, 2, weight, bias, EPSILON)

    def interleaved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        turned = x.unflatten(1, (3, 2)).transpose(1, 2).flatten(1, 2)
        h = functional.group_norm(turned, 2, None, None, EPSILON)
        back: Tensor = h.unflatten(1, (2, 3)).transpose(1, 2).flatten(1, 2)
        return back * weight[:, None] + bias[:, None]

    attributes: dict[str, Attribute] = {"num_groups": 2, "eps": EPSILON}
    subject = Subject("GroupNorm", right, [x], g, {"weight": w, "bias": b}, attributes)
    yield (
        subject,
        [
            *subject.replay("group-order", interleaved, only=["output", "grad_input"]),
            *subject.replay(
                "layer-norm-epsilon",
                lambda x, weight, bias: functional.group_norm(x, 2, weight, bias, 1e-3),
            ),
        ],
    )
