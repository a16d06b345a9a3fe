"""What cannot be captured fails loudly, names the place and the way out, and leaves no file."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import cnnverify as cv
from models import Plain

X = torch.randn(2, 2, 5, 6)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


class WithFunction(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(Square.apply(self.conv(x)).flatten(1))  # type: ignore[no-untyped-call]


class Squaring(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return Square.apply(x)  # type: ignore[no-untyped-call]


class WithFunctionInModule(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.square = Squaring()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.square(self.conv(x)).flatten(1))


class SetItem(Plain):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y[:, 0] = 0
        return self.fc(y.flatten(1))


class CopyIntoView(Plain):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y[:, 0].copy_(torch.zeros(2, 5, 6))
        return self.fc(y.flatten(1))


class Out(Plain):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        with torch.no_grad():
            torch.add(y, 1, out=y)
        return self.fc(y.flatten(1))


class Reentrant(Plain):
    def forward(self, x: Tensor) -> Tensor:
        y = checkpoint(torch.tanh, self.conv(x), use_reentrant=True)
        return self.fc(y.flatten(1))


def captured(model: nn.Module, path: Path, **settings: Any) -> None:
    with cv.capture(model, path, quiet=True, **settings):
        model(X).square().sum().backward()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (WithFunction, ["unseen op SquareBackward", "flatten", "test_failures.py:", "leaf="]),
        (SetItem, ["setitem", "in place", "test_failures.py:", "torch.where"]),
        (CopyIntoView, ["changed in place", "flatten", "leaf="]),
        (Out, ["changed in place", "flatten"]),
        (Reentrant, ["unseen op CheckpointFunctionBackward", "reentrant"]),
    ],
)
def test_refused(kind: type[nn.Module], words: list[str], tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError) as caught:
        captured(kind(), tmp_path / "f.h5")
    for word in words:
        assert word in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_leaf_is_the_way_out(tmp_path: Path) -> None:
    model = WithFunctionInModule()
    with pytest.raises(cv.CaptureError):
        captured(model, tmp_path / "f.h5")
    for leaf in (Squaring, model.square, "square"):
        captured(model, tmp_path / "f.h5", leaf=[leaf])
        fixture = cv.read_fixture(tmp_path / "f.h5")
        assert fixture.root is not None
        layer = next(x for x in fixture.root.layers if x.name == "square")
        assert layer.kind.endswith(".Squaring")
        assert "." in layer.kind
        assert set(layer.reference.grad_inputs) == {0}


def test_compiled_and_scripted_models(tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError, match="capture the eager model"):
        captured(torch.compile(Plain()), tmp_path / "f.h5")  # type: ignore[arg-type]
    # Which of the two it is depends on the version of torch.
    deprecated = pytest.warns((DeprecationWarning, FutureWarning))
    with deprecated, pytest.raises(cv.CaptureError, match="eager model"):
        captured(torch.jit.trace(Plain(), X), tmp_path / "f.h5")


def test_autocast_must_be_stated(tmp_path: Path) -> None:
    with (
        pytest.raises(cv.CaptureError, match="arithmetic='bf16'"),
        torch.autocast("cpu", dtype=torch.bfloat16),
    ):
        captured(Plain(), tmp_path / "f.h5")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        captured(Plain(), tmp_path / "f.h5", arithmetic="bf16")
    fixture = cv.read_fixture(tmp_path / "f.h5")
    assert fixture.root is not None
    assert fixture.root.arithmetic == "bf16"


def test_data_parallel(tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError, match=r"plain model it wraps \(\.module\)"):
        captured(nn.DataParallel(Plain()), tmp_path / "f.h5")


def test_double_backward(tmp_path: Path) -> None:
    model = Plain()
    with (
        pytest.raises(cv.CaptureError, match="create_graph"),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        model(X).sum().backward(create_graph=True)


def test_backward_twice(tmp_path: Path) -> None:
    model = Plain()
    with (
        pytest.raises(cv.CaptureError, match="twice"),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        model(X).sum().backward()
        model(X).sum().backward()
    with (
        pytest.raises(cv.CaptureError, match="twice"),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        loss = model(X).sum()
        torch.autograd.backward(loss, retain_graph=True)
        torch.autograd.backward(loss)
    assert list(tmp_path.iterdir()) == []


def test_no_backward(tmp_path: Path) -> None:
    model = Plain()
    with (
        pytest.raises(cv.CaptureError, match="backward=False"),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        model(X)
    with cv.capture(model, tmp_path / "f.h5", quiet=True, backward=False), torch.no_grad():
        model(X)
    fixture = cv.read_fixture(tmp_path / "f.h5")
    assert fixture.root is not None
    assert [layer.name for layer in fixture.root.layers] == ["conv", "relu", "flatten", "fc"]
    assert all(not layer.reference.grad_outputs for layer in fixture.root.layers)


def test_model_not_called(tmp_path: Path) -> None:
    with (
        pytest.raises(cv.CaptureError, match="not called"),
        cv.capture(Plain(), tmp_path / "f.h5", quiet=True),
    ):
        pass


def test_infinite_gradients_are_exported_with_a_warning(tmp_path: Path) -> None:
    model = Plain()
    with (
        pytest.warns(UserWarning, match="NaN or infinite"),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        (model(X) * float("inf")).sum().backward()
    assert (tmp_path / "f.h5").exists()


def test_a_model_that_is_not_repeatable(tmp_path: Path) -> None:
    class Counting(Plain):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            y: Tensor = super().forward(x) * self.calls
            return y

    with pytest.raises(cv.SelfCheckError, match="another result"):
        captured(Counting(), tmp_path / "f.h5")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(cv.SelfCheckError):
        captured(Counting(), tmp_path / "f.h5", on_error="keep")
    assert [p.name for p in tmp_path.iterdir()] == ["f.h5.failed"]
    with pytest.warns(UserWarning, match="self-check"):
        captured(Counting(), tmp_path / "f.h5", self_check="warn")
    assert (tmp_path / "f.h5").exists()


def test_what_there_is_can_be_kept(tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError):
        captured(SetItem(), tmp_path / "f.h5", on_error="keep")
    assert [p.name for p in tmp_path.iterdir()] == ["f.h5.failed"]
    root = cv.read_fixture(tmp_path / "f.h5.failed").root
    assert root is not None
    assert [layer.name for layer in root.layers] == ["conv"]


def test_an_exception_leaves_no_file_and_no_trace(tmp_path: Path) -> None:
    model = Plain()
    with (
        pytest.raises(ZeroDivisionError),
        cv.capture(model, tmp_path / "f.h5", quiet=True),
    ):
        model(X).sum().backward()
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    assert all(not m._forward_hooks for m in model.modules())
    assert torch.are_deterministic_algorithms_enabled() is False
