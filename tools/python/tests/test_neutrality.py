"""Capturing changes no bit, and what it writes is right when read by an independent hand."""

from pathlib import Path

import h5py
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnnverify as cv
from models import MODELS, Attention, Dropping, Recurrent
from recompute import recompute


def step(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    loss = functional.cross_entropy(model(x), y)
    loss.backward()
    return loss


def prepared(kind: type[nn.Module]) -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(0)
    model = kind()
    return model, torch.randn(3, 2, 5, 6), torch.tensor([0, 2, 1])


def bits(tensors: list[Tensor | None]) -> list[bytes | None]:
    return [None if t is None else t.detach().numpy().tobytes() for t in tensors]


def state(model: nn.Module, loss: Tensor) -> list[bytes | None]:
    gradients = [p.grad for p in model.parameters()]
    return bits([loss, *gradients, *model.parameters(), *model.buffers()])


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("input_gradient", [False, True])
def test_bits_are_those_of_the_bare_run(
    kind: type[nn.Module], input_gradient: bool, tmp_path: Path
) -> None:
    model, x, y = prepared(kind)
    x.requires_grad_(input_gradient)
    torch.manual_seed(5)
    bare = state(model, step(model, x, y))
    bare_input = bits([x.grad])

    model, x, y = prepared(kind)
    x.requires_grad_(input_gradient)
    torch.manual_seed(5)
    with cv.capture(model, tmp_path / "f.h5", twin="float64", quiet=True) as recording:
        loss = step(model, x, y)
    assert state(model, loss) == bare
    assert bits([x.grad]) == bare_input
    assert torch.are_deterministic_algorithms_enabled() is False
    assert recording.assembled is not None

    differences, compared = recompute(tmp_path / "f.h5", 2e-5)
    assert differences == []
    assert compared >= 7
    with h5py.File(tmp_path / "f.h5") as file:
        kinds = [g.attrs["type"].decode() for g in file["layers"].values()]
        assert file.attrs["loss"] == b"cross_entropy"
    assert [k for k in kinds if "." in k and kind not in (Attention, Recurrent)] == []


def test_the_generator_goes_on_as_in_the_bare_run(tmp_path: Path) -> None:
    model, x, y = prepared(Dropping)
    torch.manual_seed(5)
    step(model, x, y)
    after = torch.rand(3)
    torch.manual_seed(5)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        step(model, x, y)
    assert torch.equal(torch.rand(3), after)


def test_the_model_keeps_no_hook(tmp_path: Path) -> None:
    model, x, y = prepared(Dropping)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        step(model, x, y)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in model.modules())


def test_an_optimizer_step_inside_is_not_recorded(tmp_path: Path) -> None:
    model, x, y = prepared(Dropping)
    optimizer = torch.optim.Adam(model.parameters())
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        optimizer.zero_grad()
        step(model, x, y)
        optimizer.step()
    assert recompute(tmp_path / "f.h5", 2e-5)[0] == []


def test_a_gradient_left_from_before_is_no_part(tmp_path: Path) -> None:
    model, x, y = prepared(Dropping)
    step(model, x, y)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        step(model, x, y)
    assert recompute(tmp_path / "f.h5", 2e-5)[0] == []
