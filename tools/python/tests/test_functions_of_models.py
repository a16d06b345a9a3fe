"""Functions that are called with the parameters and buffers of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import cnnverify as cv
from recompute import recompute


def normal(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


OWNED: list[tuple[str, Callable[[Any, Tensor], Tensor]]] = [
    ("Bilinear", lambda m, x: F.bilinear(x[..., :3], x[..., 3:5], m.form, m.bias)),
    ("Embedding", lambda m, x: F.embedding(m.indices, m.rows, padding_idx=-1) + x[0, 0, 0, 0]),
    ("InstanceNorm2d", lambda m, x: F.instance_norm(x, m.mean, m.var, m.bias, m.bias, False)),
    ("InstanceNorm2d", lambda m, x: F.instance_norm(x, m.mean, m.var, m.bias, m.bias)),
    ("RMSNorm", lambda m, x: F.rms_norm(x.movedim(1, 3), (4,), m.bias, 0.1)),
    ("PReLU", lambda m, x: F.prelu(x, m.bias)),
    ("Conv1d", lambda m, x: F.conv1d(x.flatten(2), m.table, padding="same")),
    ("ConvTranspose1d", lambda m, x: F.conv_transpose1d(x.flatten(2), m.table, stride=2)),
    ("Fold", lambda m, x: F.fold(x.flatten(2), (14, 14), 2, stride=2) * m.bias.sum()),
]


class Owner(nn.Module):
    """Holds tensors that functions are called with."""

    def __init__(self, function: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.table, self.form = nn.Parameter(normal(4, 4, 2)), nn.Parameter(normal(4, 3, 2))
        self.rows = nn.Parameter(normal(5, 3))
        self.bias = nn.Parameter(normal(4))
        self.mean, self.var = nn.Buffer(normal(4)), nn.Buffer(normal(4).abs() + 0.1)
        self.indices = nn.Buffer(torch.randint(0, 5, (2, 6)))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


@pytest.mark.parametrize(("kind", "function"), OWNED)
def test_functions_with_the_models_tensors(kind: str, function: Any, tmp_path: Path) -> None:
    torch.manual_seed(4)
    model, x = Owner(function), normal(2, 4, 7, 8)[..., :7].contiguous().requires_grad_()
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        y = model(x)
        y.backward(torch.randn_like(y))
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert kind in [layer.kind for layer in root.layers]
    assert not [layer.kind for layer in root.layers if "." in layer.kind]
    differences, compared = recompute(tmp_path / "f.h5", 1e-12)
    assert differences == []
    assert compared >= 2
