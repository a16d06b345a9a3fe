"""Single layers, stated layers, several cases in one file."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import cnnverify as cv
from recompute import recompute


def test_a_module_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "conv.h5"
    module = nn.Conv2d(3, 4, 3, stride=2, padding=1).double()
    cv.layer(module, torch.randn(2, 3, 7, 6).double(), out=path, seed=7)
    differences, compared = recompute(path, 1e-12)
    assert (differences, compared) == ([], 4)
    with h5py.File(path) as file:
        assert list(file) == ["layers"]
        layer = file["layers/conv2d"]
        assert "inputs" not in layer.attrs
        assert layer.attrs["stride"].tolist() == [2, 2]
        assert set(layer["reference"]) == {
            "input",
            "output",
            "grad_output",
            "grad_input",
            "grad_parameters",
        }
    facts = cv.read_fixture(path).provenance
    assert facts is not None
    assert facts["seed"] == 7
    assert module.weight.grad is None


def test_the_seed_decides_the_upstream_gradient(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        cv.layer(nn.ReLU(), torch.ones(2, 3), out=tmp_path / name, seed=seed)
    gradients = []
    for name in "abc":
        root = cv.read_fixture(tmp_path / name).root
        assert root is not None
        gradients.append(np.asarray(root.layers[0].reference.grad_outputs[0]).tolist())
    assert gradients[0] == gradients[1] != gradients[2]


def test_a_function_of_two_tensors(tmp_path: Path) -> None:
    path = tmp_path / "add.h5"
    cv.layer(lambda a, b: a + b, torch.randn(2, 3), torch.randn(3), out=path, name="sum")
    root = cv.read_fixture(path).root
    assert root is not None
    layer = root.layers[0]
    assert (layer.name, layer.kind) == ("sum", "Add")
    assert layer.reference.grad_inputs[1].shape == (3,)
    with pytest.raises(cv.CaptureError, match="this made 2 layers"):
        cv.layer(lambda a: a * 2 + 1, torch.randn(2), out=path)


def test_a_loss_gives_no_gradient_to_its_target(tmp_path: Path) -> None:
    path = tmp_path / "loss.h5"
    cv.layer(nn.MSELoss(), torch.randn(4), torch.randn(4), out=path)
    root = cv.read_fixture(path).root
    assert root is not None
    assert set(root.layers[0].reference.grad_inputs) == {0}


def test_layers_that_return_their_input(tmp_path: Path) -> None:
    for module in (nn.Identity(), nn.Dropout(0.5).eval()):
        cv.layer(module, torch.randn(2, 3), out=tmp_path / "f.h5")
        differences, compared = recompute(tmp_path / "f.h5", 0)
        assert (differences, compared) == ([], 2)


def test_a_stated_layer(tmp_path: Path) -> None:
    path = tmp_path / "sum.h5"
    cv.stated_layer(
        "SumPool2d",
        lambda x: functional.avg_pool2d(x, 2, divisor_override=1),
        torch.randn(2, 1, 4, 6),
        out=path,
        attributes={"kernel_size": [2, 2]},
        twin="float64",
    )
    assert recompute(path, 1e-6) == ([], 4)
    root = cv.read_fixture(path).root
    assert root is not None
    twin = root.layers[0].reference_f64
    assert twin is not None
    assert np.asarray(twin.outputs[0]).dtype == np.float64


def test_a_stated_layer_of_a_plug_in(tmp_path: Path) -> None:
    scale = torch.tensor([2.0])
    cv.stated_layer(
        "acme.Swish",
        lambda x, beta: x * torch.sigmoid(beta * x),
        torch.randn(3),
        out=tmp_path / "f.h5",
        parameters={"beta": scale},
    )
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.layers[0].name == "swish"
    assert set(root.layers[0].reference.grad_parameters) == {"beta"}


def test_several_cases_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "cases.h5"
    with cv.FixtureFile(path, provenance={"git": None, "why": "a test"}) as file:
        cv.layer(nn.Tanh(), torch.randn(3), out=file, case="tanh")
        cv.layer(nn.Tanh(), torch.randn(3), out=file, case="tanh")
        model = nn.Sequential(nn.Linear(3, 2), nn.Sigmoid())
        with cv.capture(model, file, case="network", quiet=True):
            model(torch.randn(4, 3)).sum().backward()
    fixture = cv.read_fixture(path)
    assert set(fixture.cases) == {"tanh", "tanh@1", "network"}
    assert fixture.cases["network"].loss == "sum"
    assert fixture.provenance is not None
    assert fixture.provenance["why"] == "a test"
    assert "git" not in fixture.provenance
    with pytest.raises(cv.CaptureError, match="case="):
        cv.capture(model, file)


def test_the_twin_answers_for_one_layer_only(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(50, 40), nn.Tanh(), nn.Dropout(0.5), nn.Linear(40, 3))
    with cv.capture(model, tmp_path / "f.h5", twin="float64", quiet=True):
        model(torch.randn(6, 50)).square().mean().backward()
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    layers = {layer.name: layer for layer in root.layers}
    given = np.asarray(layers["0"].reference.outputs[0]).astype(np.float64)
    twin = layers["1"].reference_f64
    assert twin is not None
    np.testing.assert_allclose(np.asarray(twin.outputs[0]), np.tanh(given), rtol=1e-15)
    upstream = np.asarray(layers["1"].reference.grad_outputs[0]).astype(np.float64)
    np.testing.assert_allclose(
        np.asarray(twin.grad_inputs[0]), upstream * (1 - np.tanh(given) ** 2), rtol=1e-13
    )
    dropped = layers["2"].reference_f64
    assert dropped is not None
    mask = np.asarray(layers["2"].auxiliary["mask"])
    seen = np.asarray(layers["1"].reference.outputs[0]).astype(np.float64)
    np.testing.assert_array_equal(np.asarray(dropped.outputs[0]), seen * mask / 0.5)
