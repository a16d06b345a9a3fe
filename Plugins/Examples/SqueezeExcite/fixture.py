"""Export senet.SqueezeExcite from PyTorch: python fixture.py squeeze.h5."""

import sys

import torch

import cnnverify as cv

torch.manual_seed(1)
x = torch.randn(3, 8, 5, 4)
weight1 = torch.randn(4, 8)
weight2 = torch.randn(8, 4)


def squeeze_excite(x: torch.Tensor, weight1: torch.Tensor, weight2: torch.Tensor) -> torch.Tensor:
    """Weight the channels by what the whole image says of them."""
    squeezed = x.mean(dim=(2, 3))
    scale = torch.sigmoid(torch.relu(squeezed @ weight1.T) @ weight2.T)
    return x * scale[:, :, None, None]


cv.stated_layer(
    "senet.SqueezeExcite",
    squeeze_excite,
    x,
    out=sys.argv[1],
    parameters={"weight1": weight1, "weight2": weight2},
    twin="float64",
)
