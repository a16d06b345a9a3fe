"""Export acme.Swish from PyTorch: python fixture.py swish.h5."""

import sys

import torch

import cnnverify as cv

torch.manual_seed(1)
x = torch.randn(2, 3, 4, 5)
beta = torch.randn(3)


def swish(x: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
    """Say in torch what the layer means; autograd gives the gradients."""
    return x * torch.sigmoid(beta.view(1, -1, 1, 1) * x)


cv.stated_layer(
    "acme.Swish",
    swish,
    x,
    out=sys.argv[1],
    parameters={"beta": beta},
    attributes={"num_features": 3},
    twin="float64",
)
