"""Export XPREFIX.XNAME from PyTorch, as a fixture for cnn-verify: python fixture.py XLOWER.h5."""

import sys

import torch

import cnnverify as cv

DIM = 1

torch.manual_seed(1)
x = torch.randn(2, 3, 4, 5)
gain = torch.randn(x.shape[DIM])


def layer(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """Say in torch what the layer means; autograd gives the reference's gradients."""
    extents = [-1 if axis == DIM else 1 for axis in range(x.ndim)]
    return gain.view(extents) * x


cv.stated_layer(
    "XPREFIX.XNAME",
    layer,
    x,
    out=sys.argv[1],
    parameters={"gain": gain},
    attributes={"dim": DIM},
    twin="float64",
)
