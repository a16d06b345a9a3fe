"""Wrong losses."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from subjects import Draw, Function, Mutant, Subject


def _one(draw: Draw) -> Tensor:
    return torch.ones((), dtype=draw.dtype)


def differences(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give the losses of a difference, with residuals on both sides of the joints."""
    x, y = 2 * draw.plain(5, 4), draw.plain(5, 4)
    operands, both = [x, y], ["output", "grad_input.0"]
    mean_square = Subject("MSELoss", functional.mse_loss, operands, _one(draw))
    yield (
        mean_square,
        [
            *mean_square.replay(
                "loss-half-factor", lambda x, y: 0.5 * functional.mse_loss(x, y), only=both
            ),
            *mean_square.replay(
                "loss-reduction", lambda x, y: functional.mse_loss(x, y, reduction="sum"), only=both
            ),
            *mean_square.replay("loss-kind-mixed", functional.l1_loss, only=both),
            *mean_square.plant("loss-target-omitted", "grad_input.0", 2 * x / 20),
        ],
    )
    half: Function = lambda x, y: functional.smooth_l1_loss(x, y, beta=0.5)  # noqa: E731
    smooth = Subject("SmoothL1Loss", half, operands, _one(draw), attributes={"beta": 0.5})
    yield (
        smooth,
        [
            *smooth.replay(
                "huber-smooth-l1-mixed",
                lambda x, y: functional.huber_loss(x, y, delta=0.5),
                only=both,
            ),
            *smooth.replay(
                "huber-beta", lambda x, y: functional.smooth_l1_loss(x, y, beta=1.0), only=both
            ),
        ],
    )


def classification(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give cross-entropies with weights, smoothing and an ignored row."""
    scores = draw.plain(6, 5)
    target = torch.tensor([0, 3, 1, -100, 4, 2])
    weight = draw.probabilities(5)

    def right(x: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(x, y, weight.to(x.dtype))

    subject = Subject(
        "CrossEntropyLoss", right, [scores, target], _one(draw), auxiliary={"weight": weight}
    )
    chosen = weight[target.clamp(min=0)] * (target >= 0)
    total, rows = chosen.sum(), 5
    yield (
        subject,
        [
            *subject.replay("class-weight-normalisation", lambda x, y: right(x, y) * total / rows),
            *subject.replay("class-weight-ignored", functional.cross_entropy),
            *subject.replay(
                "label-smoothing",
                lambda x, y: functional.cross_entropy(
                    x, y, weight.to(x.dtype), label_smoothing=0.1
                ),
            ),
        ],
    )
    plain = Subject("CrossEntropyLoss", functional.cross_entropy, [scores, target], _one(draw))
    p = torch.softmax(scores, 1)
    hot = functional.one_hot(target.clamp(min=0), 5).to(p.dtype) * (target >= 0)[:, None]
    gradient = "grad_input.0"
    yield (
        plain,
        [
            *plain.replay(
                "ignore-index-counted", lambda x, y: functional.cross_entropy(x, y) * rows / 6
            ),
            *plain.replay(
                "softmax-applied-twice",
                lambda x, y: functional.cross_entropy(torch.softmax(x, 1), y),
            ),
            *plain.plant("softmax-jacobian-diagonal", gradient, -hot * (1 - p) / rows),
            *plain.plant("softmax-jacobian-omitted", gradient, -hot / p / rows),
            *plain.plant("loss-target-omitted", gradient, p * (target >= 0)[:, None] / rows),
        ],
    )


def binary(draw: Draw) -> Iterator[tuple[Subject, list[Mutant]]]:
    """Give the binary cross-entropies."""
    scores, target = draw.plain(5, 4), draw.probabilities(5, 4)
    subject = Subject(
        "BCEWithLogitsLoss",
        functional.binary_cross_entropy_with_logits,
        [scores, target],
        _one(draw),
    )
    p, m = torch.sigmoid(scores), subject.right["grad_input.0"]
    yield (
        subject,
        [
            *subject.plant("sigmoid-derivative-twice", "grad_input.0", m * p * (1 - p)),
            *subject.replay(
                "loss-reduction",
                lambda x, y: functional.binary_cross_entropy_with_logits(x, y, reduction="sum"),
                only=["output", "grad_input.0"],
            ),
            *subject.plant("loss-target-omitted", "grad_input.0", p / 20),
        ],
    )
