"""Export retina.FocalLoss from PyTorch: python fixture.py focal.h5."""

import sys

import torch
from torch.nn import functional

import cnnverify as cv

ALPHA, GAMMA = 0.25, 2.0

torch.manual_seed(1)
logits = 2 * torch.randn(6, 5)
targets = torch.randint(0, 2, (6, 5), dtype=torch.int64)


def focal_loss(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Compute torchvision's sigmoid_focal_loss, as it is written there."""
    t = t.to(x.dtype)
    p = torch.sigmoid(x)
    entropy = functional.binary_cross_entropy_with_logits(x, t, reduction="none")
    p_true = p * t + (1 - p) * (1 - t)
    loss = entropy * (1 - p_true) ** GAMMA
    alpha = ALPHA * t + (1 - ALPHA) * (1 - t)
    return (alpha * loss).mean()


cv.stated_layer(
    "retina.FocalLoss",
    focal_loss,
    logits,
    targets,
    out=sys.argv[1],
    attributes={"alpha": ALPHA, "gamma": GAMMA, "reduction": "mean"},
    twin="float64",
)
