"""Export inpaint.GatedConv2d from PyTorch: python fixture.py gated.h5."""

import sys

import torch
from torch.nn import functional

import cnnverify as cv

torch.manual_seed(1)
x = torch.randn(2, 3, 7, 6)
weight = torch.randn(8, 3, 3, 2) / 3
bias = torch.randn(8)


def gated_conv2d(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Compute features and gates in one convolution."""
    features, gates = functional.conv2d(x, weight, bias, stride=2, padding=1).chunk(2, dim=1)
    return features * torch.sigmoid(gates)


cv.stated_layer(
    "inpaint.GatedConv2d",
    gated_conv2d,
    x,
    out=sys.argv[1],
    parameters={"weight": weight, "bias": bias},
    attributes={"stride": 2, "padding": 1},
    twin="float64",
)
