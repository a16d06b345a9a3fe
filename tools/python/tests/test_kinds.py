"""Functions as kinds: what the fixture says must compute what the function computed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnnverify as cv
from recompute import recompute

F = functional
Function = Callable[[Tensor], Tensor]


class Calling(nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def layers_of(function: Function, x: Tensor, path: Path) -> list[str]:
    model = Calling(function)
    leaf = x.clone().requires_grad_()
    with cv.capture(model, path, quiet=True):
        y = model(leaf)
        y.backward(torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape))
    root = cv.read_fixture(path).root
    assert root is not None
    return [layer.kind for layer in root.layers]


def product_of_halves(x: Tensor) -> Tensor:
    left, right = torch.split(x, [2, 2], 2)
    return left * right


CASES: list[tuple[str, Function]] = [
    ("ReLU", torch.relu),
    ("ReLU", lambda x: x.relu()),
    ("ReLU6", F.relu6),
    ("LeakyReLU", lambda x: F.leaky_relu(x, 0.3)),
    ("ELU", lambda x: F.elu(x, alpha=0.5)),
    ("SELU", torch.selu),
    ("CELU", F.celu),
    ("GELU", lambda x: F.gelu(x, approximate="tanh")),
    ("GELU", F.gelu),
    ("SiLU", F.silu),
    ("Mish", F.mish),
    ("Sigmoid", torch.sigmoid),
    ("Sigmoid", F.sigmoid),
    ("Tanh", lambda x: x.tanh()),
    ("Softplus", lambda x: F.softplus(x, beta=2)),
    ("Hardtanh", lambda x: F.hardtanh(x, -0.5, 0.7)),
    ("Hardswish", F.hardswish),
    ("Softmax", lambda x: torch.softmax(x, 1)),
    ("Softmax", lambda x: x.softmax(dim=-1)),
    ("Softmax", lambda x: F.softmax(x, 2)),
    ("LogSoftmax", lambda x: F.log_softmax(x, dim=1)),
    ("Add", lambda x: torch.add(x, x)),
    ("Add", lambda x: x + x),
    ("Shift", lambda x: x + 2),
    ("Shift", lambda x: 2 + x),
    ("Shift", lambda x: x - 2),
    ("Neg Shift", lambda x: 2 - x),
    ("Scale Add", lambda x: torch.add(x, x, alpha=2)),
    ("Sub", lambda x: x - x),
    ("Mul", lambda x: x * x),
    ("Scale", lambda x: 3 * x),
    ("Scale", lambda x: x / 4),
    ("Div", lambda x: x / 3),
    ("Abs Shift Div", lambda x: x / (x.abs() + 1)),
    ("Power", lambda x: x**3),
    ("Power", lambda x: x.pow(2)),
    ("Clip", lambda x: x.clamp(-0.5, 0.5)),
    ("Clip", lambda x: torch.clamp(x, min=0.1)),
    ("Clip", lambda x: x.clip(max=0.1)),
    ("Exp", torch.exp),
    ("Abs", abs),
    ("Neg", lambda x: -x),
    ("Flatten", lambda x: x.flatten(1)),
    ("Reshape", lambda x: x.reshape(2, -1)),
    ("Reshape", lambda x: x.view(3, 2, 4, 6)),
    ("Reshape", lambda x: x.view((-1, 6))),
    ("Permute", lambda x: x.permute(0, 2, 3, 1)),
    ("Transpose", lambda x: x.transpose(1, 2)),
    ("Transpose", lambda x: x.mT),
    ("Unsqueeze", lambda x: x.unsqueeze(1)),
    ("Unsqueeze Squeeze", lambda x: x.unsqueeze(2).squeeze(2)),
    ("Concat", lambda x: torch.cat([x, x], dim=1)),
    ("Split Concat", lambda x: torch.cat(x.chunk(3, 1)[::-1], 1)),
    ("Split Mul", lambda x: product_of_halves(x)),
    ("Slice", lambda x: x[1:]),
    ("Slice", lambda x: x[..., 1:5:2]),
    ("Slice Slice Slice Squeeze", lambda x: x[:, 1:, :-1, 2]),
    ("Slice Squeeze", lambda x: x[-1]),
    ("Mean", lambda x: x.mean((2, 3))),
    ("Mean", lambda x: torch.mean(x)),
    ("Sum", lambda x: x.sum(dim=1, keepdim=True)),
    ("Sum", torch.sum),
    ("Transpose MatMul", lambda x: x @ x.mT),
    ("ZeroPad2d", lambda x: F.pad(x, (1, 2, 0, 1))),
    ("ConstantPad2d", lambda x: F.pad(x, (1, 0, 2, 1), value=0.5)),
    ("ReflectionPad2d", lambda x: F.pad(x, (1, 2, 1, 0), mode="reflect")),
    ("MaxPool2d", lambda x: F.max_pool2d(x, (2, 3), stride=1)),
    ("MaxPool2d", lambda x: F.max_pool2d(x, 2)),
    ("MaxPool2d", lambda x: F.max_pool2d(x, 2, return_indices=True)[0]),
    ("AvgPool2d", lambda x: F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)),
    ("AdaptiveAvgPool2d", lambda x: F.adaptive_avg_pool2d(x, (2, 1))),
    ("AdaptiveMaxPool2d", lambda x: F.adaptive_max_pool2d(x, 2)),
    ("Concat Slice PixelShuffle", lambda x: F.pixel_shuffle(torch.cat([x, x], 1)[:, :4], 2)),
    ("Dropout", lambda x: F.dropout(x, 0.4)),
    ("Dropout", lambda x: torch.dropout(x, 0.4, True)),
    ("Dropout", lambda x: torch.dropout(x, p=0.4, train=True)),
    ("Dropout2d", lambda x: F.dropout2d(x, 0.4)),
    ("MSELoss", lambda x: F.mse_loss(x, torch.zeros_like(x), reduction="sum")),
    ("MSELoss", lambda x: F.mse_loss(x, x.detach() + 1)),
    ("L1Loss", lambda x: F.l1_loss(x, torch.ones_like(x))),
    ("SmoothL1Loss", lambda x: F.smooth_l1_loss(x, torch.ones_like(x), beta=0.5)),
    ("HuberLoss", lambda x: F.huber_loss(x, torch.ones_like(x), delta=0.5)),
    ("LayerNorm", lambda x: F.layer_norm(x, (4, 6))),
    ("GroupNorm", lambda x: F.group_norm(x, 3)),
    ("BatchNorm2d", lambda x: F.batch_norm(x, None, None, training=True)),
    ("Identity", lambda x: x.clone()),
]


@pytest.mark.parametrize(("kinds", "function"), CASES)
def test_kind_of_function(kinds: str, function: Function, tmp_path: Path) -> None:
    torch.manual_seed(2)
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    found = layers_of(function, x, tmp_path / "f.h5")
    assert found == kinds.split()
    differences, compared = recompute(tmp_path / "f.h5", 1e-12)
    assert differences == []
    assert compared >= 2 * len(found)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("aten.cumsum", lambda x: torch.cumsum(x, 1)),
        ("aten.einsum", lambda x: torch.einsum("nchw->nc", x)),
        ("aten.getitem", lambda x: x[torch.tensor([1, 0])]),
        ("aten.to", lambda x: x.to(torch.float32)),
        ("aten.std", lambda x: x.std(1)),
    ],
)
def test_without_a_kind(name: str, function: Function, tmp_path: Path) -> None:
    torch.manual_seed(2)
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    assert layers_of(function, x, tmp_path / "f.h5") == [name]
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    layer = root.layers[0]
    assert set(layer.reference.grad_inputs) == {0}
    assert "input.0" in str(layer.attributes["x_arguments"])


def test_a_weight_that_was_computed_has_no_kind(tmp_path: Path) -> None:
    def standardised(x: Tensor) -> Tensor:
        return F.conv2d(x, x.mean(0, keepdim=True) * 1.0)

    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    assert layers_of(standardised, x, tmp_path / "f.h5")[-1] == "aten.conv2d"


class Owner(nn.Module):
    """Holds tensors that functions are called with."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.w = nn.Parameter(torch.randn(4, 2, 2, 3, dtype=torch.float64))
        self.b = nn.Parameter(torch.randn(4, dtype=torch.float64))
        self.mean = nn.Buffer(torch.randn(4, dtype=torch.float64))
        self.var = nn.Buffer(torch.rand(4, dtype=torch.float64) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


OWNED: list[tuple[str, Callable[..., Tensor]]] = [
    ("Conv2d", lambda m, x: F.conv2d(x, m.w, m.b, (1, 2), 2, (2, 1), 2)),
    ("Conv2d", lambda m, x: torch.conv2d(x, m.w, groups=2, padding=(0, 1))),
    (
        "ConvTranspose2d",
        lambda m, x: F.conv_transpose2d(x, m.w, m.b, (2, 3), 1, (1, 2), 2, (1, 2)),
    ),
    ("Linear", lambda m, x: F.linear(x.flatten(0, 2).mT[:, :4].T, m.w.flatten(1)[:, :4], m.b)),
    (
        "BatchNorm2d",
        lambda m, x: F.batch_norm(x, m.mean, m.var, m.b, m.b, True, 0.3, 0.01),
    ),
    ("BatchNorm2d", lambda m, x: F.batch_norm(x, m.mean, m.var, m.b, eps=0.1)),
    ("LayerNorm", lambda m, x: F.layer_norm(x, (4,), m.b, m.mean + 0)),
    ("PReLU", lambda m, x: F.prelu(x, m.b)),
    ("GroupNorm", lambda m, x: F.group_norm(x, 2, m.b, m.b)),
]


@pytest.mark.parametrize(("kind", "function"), OWNED)
def test_functions_with_the_models_tensors(
    kind: str, function: Callable[..., Tensor], tmp_path: Path
) -> None:
    torch.manual_seed(4)
    model = Owner(function)
    x = torch.randn(3, 4, 5, 4, dtype=torch.float64, requires_grad=True)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        y = model(x)
        y.backward(torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape))
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    if kind in ("Linear", "LayerNorm"):
        # Its weight was cut out of a parameter, its bias computed: that is no such layer.
        assert root.layers[-1].kind.startswith("aten.")
        return
    assert [layer.kind for layer in root.layers] == [kind]
    assert "weight" in root.layers[0].reference.grad_parameters
    assert recompute(tmp_path / "f.h5", 1e-12)[0] == []
