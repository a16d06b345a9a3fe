"""Steps of optimisers, and several training steps in one file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import LBFGS, SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

import cnnverify as cv
from cnnverify.format import Update

Make = Callable[[Any], Optimizer]

OPTIMIZERS: list[tuple[str, Make, set[str]]] = [
    ("SGD", lambda p: SGD(p, 0.1), set()),
    (
        "SGD",
        lambda p: SGD(p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
        {"momentum_buffer"},
    ),
    ("SGD", lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True, maximize=True), {"momentum_buffer"}),
    ("Adam", lambda p: Adam(p, 0.01, betas=(0.8, 0.99)), {"exp_avg", "exp_avg_sq", "step"}),
    (
        "Adam",
        lambda p: Adam(p, torch.tensor(0.01), amsgrad=True, weight_decay=0.1),
        {"exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step"},
    ),
    ("AdamW", lambda p: AdamW(p), {"exp_avg", "exp_avg_sq", "step"}),
    ("RMSprop", lambda p: RMSprop(p), {"square_avg", "step"}),
    (
        "RMSprop",
        lambda p: RMSprop(p, centered=True, momentum=0.5),
        {"square_avg", "grad_avg", "momentum_buffer", "step"},
    ),
    ("Adagrad", lambda p: Adagrad(p, lr_decay=0.1), {"sum", "step"}),
]


class Twice(nn.Module):
    """Uses one convolution twice, and a free parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.scale = nn.Parameter(torch.tensor([0.5]))
        self.head = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.norm(self.conv(x)).relu()) * self.scale
        result: Tensor = self.head(x.mean((2, 3)))
        return result


def objective(y: Tensor, t: Tensor) -> Tensor:
    return functional.cross_entropy(y, t)


def batch() -> tuple[Tensor, Tensor]:
    return torch.randn(4, 2, 5, 5), torch.randint(0, 3, (4,))


def update_of(path: Path) -> tuple[Update, dict[tuple[str, str], Any]]:
    root = cv.read_fixture(path).root
    assert root is not None
    assert root.optimizer is not None
    updated = {
        (layer.name, name): value
        for layer in root.layers
        for name, value in layer.reference.updated_parameters.items()
    }
    return root.optimizer, updated


@pytest.mark.parametrize(("kind", "make", "slots"), OPTIMIZERS)
def test_a_step(kind: str, make: Make, slots: set[str], tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Twice()
    optimizer = make(model.parameters())
    for number in range(3):
        optimizer.zero_grad()
        x, t = batch()
        before = {n: p.detach().clone() for n, p in model.named_parameters()}
        with cv.capture(model, tmp_path / "f.h5", quiet=True):
            objective(model(x), t).backward()
            optimizer.step()
        update, updated = update_of(tmp_path / "f.h5")
        assert update.kind == kind
        assert update.attributes["lr"] == pytest.approx(optimizer.param_groups[0]["lr"])
        # The convolution is used twice and updated once, with the first use.
        names = {("conv", "weight"), ("conv", "bias"), ("norm", "weight"), ("norm", "bias")}
        names |= {("head", "weight"), ("head", "bias"), ("scale", "value")}
        assert set(updated) == names
        for (layer, name), value in updated.items():
            own = model.get_parameter(layer if layer == "scale" else f"{layer}.{name}")
            assert np.array_equal(value, own.detach().numpy())
            assert not np.array_equal(
                value, before[layer if layer == "scale" else f"{layer}.{name}"]
            )
        has_state = number > 0 or kind == "Adagrad"
        assert set(update.state) == (names if slots and has_state else set())
        assert set(update.reference_state) == (names if slots else set())
        for state in update.reference_state.values():
            assert set(state) == slots
        if "step" in slots:
            assert update.step == number
            assert {int(s["step"]) for s in update.reference_state.values()} == {number + 1}  # type: ignore[arg-type]


def test_what_a_step_may_not_be(tmp_path: Path) -> None:
    model = Twice()
    x, t = batch()
    out = tmp_path / "f.h5"

    def attempt(
        optimizer: Optimizer, *, between: Callable[[], Any] = lambda: None, times: int = 1
    ) -> None:
        optimizer.zero_grad()
        with cv.capture(model, out, quiet=True):
            objective(model(x), t).backward()
            between()
            for _ in range(times):
                optimizer.step()

    sgd = SGD(model.parameters(), 0.1)
    with pytest.raises(cv.CaptureError, match="two optimizer steps"):
        attempt(sgd, times=2)
    with pytest.raises(cv.CaptureError, match="changed between backward"):
        attempt(sgd, between=lambda: nn.utils.clip_grad_norm_(model.parameters(), 1e-3))
    with pytest.raises(cv.CaptureError, match="LBFGS is none of"):
        attempt(LBFGS(model.parameters()))
    groups: list[dict[str, Any]] = [
        {"params": [model.scale], "lr": 0.5},
        {"params": [p for p in model.parameters() if p is not model.scale]},
    ]
    with pytest.raises(cv.CaptureError, match="different lr"):
        attempt(SGD(groups, 0.1))
    groups[0]["lr"] = 0.1
    attempt(SGD(groups, 0.1))
    with pytest.raises(cv.CaptureError, match="before backward"), cv.capture(model, out):
        sgd.step()
    with pytest.raises(cv.CaptureError, match="earlier backward"), cv.capture(model, out):
        objective(model(x), t).backward()
        sgd.step()
    stranger = nn.Parameter(torch.ones(2))
    with pytest.raises(cv.CaptureError, match="not the captured model's"):
        attempt(
            SGD([*model.parameters(), stranger], 0.1),
            between=lambda: setattr(stranger, "grad", torch.ones(2)),
        )


def test_the_step_of_another_model_is_not_recorded(tmp_path: Path) -> None:
    model, other = Twice(), nn.Linear(2, 2)
    x, t = batch()
    optimizer = SGD(other.parameters(), 0.1)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        objective(model(x), t).backward()
        optimizer.step()
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.optimizer is None


def test_a_frozen_parameter_has_no_update(tmp_path: Path) -> None:
    model = Twice()
    model.conv.requires_grad_(False)
    x, t = batch()
    optimizer = SGD(model.parameters(), 0.1)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        objective(model(x), t).backward()
        optimizer.step()
    assert {layer for layer, _ in update_of(tmp_path / "f.h5")[1]} == {"norm", "scale", "head"}


@pytest.mark.parametrize("make", [m for _, m, _ in OPTIMIZERS])
def test_a_trajectory(make: Make, tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = Twice()
    optimizer = make(model.parameters())
    begin = {n: v.clone() for n, v in model.state_dict().items()}
    batches = [batch() for _ in range(4)]
    cv.capture_training(
        model, objective, batches, optimizer, out=tmp_path / "f.h5", twin="float64", quiet=True
    )
    assert all(torch.equal(v, begin[n]) for n, v in model.state_dict().items())
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.trajectory is not None
    losses = []
    for x, t in batches:
        optimizer.zero_grad()
        value = objective(model(x), t)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    assert np.array_equal(np.asarray(root.trajectory.losses), np.asarray(losses, np.float32))
    assert len(root.trajectory.parameters) == len(list(model.parameters()))
    for (layer, name), final in root.trajectory.parameters.items():
        own = model.get_parameter(layer if layer == "scale" else f"{layer}.{name}")
        assert np.array_equal(np.asarray(final), own.detach().numpy())
    for given, (x, t) in zip(root.trajectory.batches, batches, strict=True):
        assert set(given) == {"x", "target"}
        assert np.array_equal(np.asarray(given["x"]), x.numpy())
        assert np.array_equal(np.asarray(given["target"]), t.numpy())
    start = {layer.name: layer.parameters for layer in root.layers}
    assert np.array_equal(np.asarray(start["head"]["weight"]), begin["head.weight"].numpy())
    with h5py.File(tmp_path / "f.h5") as file:
        assert file["trajectory"].attrs["steps"] == 4
        assert file["layers/conv/parameters/weight"] == file["layers/conv@1/parameters/weight"]


def test_a_trajectory_that_chance_decides_is_refused(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout())
    batches = [(torch.randn(2, 3), torch.randn(2, 3))] * 2
    with pytest.raises(cv.CaptureError, match="draws other numbers"):
        cv.capture_training(
            model, nn.MSELoss(), batches, SGD(model.parameters(), 0.1), out=tmp_path / "f.h5"
        )
    assert not (tmp_path / "f.h5").exists()


def test_a_trajectory_among_several_cases(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 2))
    batches = [(torch.randn(2, 3), torch.randn(2, 2)) for _ in range(2)]
    with cv.FixtureFile(tmp_path / "f.h5") as file:
        cv.capture_training(
            model,
            nn.MSELoss(),
            batches,
            Adam(model.parameters()),
            out=file,
            case="training",
            quiet=True,
        )
    case = cv.read_fixture(tmp_path / "f.h5").cases["training"]
    assert case.trajectory is not None
    assert len(case.trajectory.batches) == 2
