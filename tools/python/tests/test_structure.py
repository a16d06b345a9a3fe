"""Names, wiring, sharing, masks, buffers: what a captured network looks like in the file."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnnverify as cv
from cnnverify.format import Case, Layer
from models import (
    Dropping,
    Free,
    Frozen,
    InPlace,
    Normalised,
    Plain,
    Shared,
    TensorTwice,
    Tied,
    UnusedOutput,
)
from recompute import recompute


def capture(model: nn.Module, path: Path, x: Tensor | None = None) -> Case:
    torch.manual_seed(1)
    x = torch.randn(3, 2, 5, 6) if x is None else x
    with cv.capture(model, path, quiet=True):
        functional.cross_entropy(model(x), torch.tensor([0, 2, 1])).backward()
    root = cv.read_fixture(path).root
    assert root is not None
    return root


def named(case: Case, name: str) -> Layer:
    return next(layer for layer in case.layers if layer.name == name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "f.h5"


def test_plain_network(path: Path) -> None:
    case = capture(Plain(), path)
    assert [(x.name, x.kind, x.inputs) for x in case.layers] == [
        ("conv", "Conv2d", ["x"]),
        ("relu", "ReLU", ["conv"]),
        ("flatten", "Flatten", ["relu"]),
        ("fc", "Linear", ["flatten"]),
        ("cross_entropy", "CrossEntropyLoss", ["fc", "target"]),
    ]
    assert [x.index for x in case.layers] == [0, 1, 2, 3, 4]
    assert set(case.inputs) == {"x", "target"}
    target = case.inputs["target"]
    assert isinstance(target, np.ndarray)
    assert target.dtype == np.int64
    assert case.loss == "cross_entropy"
    loss = named(case, "cross_entropy")
    assert loss.reference.grad_outputs[0] == 1
    assert set(loss.reference.grad_inputs) == {0}
    assert named(case, "conv").reference.grad_inputs == {}
    assert named(case, "relu").source is not None
    assert str(named(case, "relu").source).startswith("models.py:")


def test_a_shared_module_is_two_layers_with_one_weight(path: Path) -> None:
    case = capture(Shared(), path)
    first, second = named(case, "twice"), named(case, "twice@1")
    assert first.parameters["weight"] is second.parameters["weight"]
    assert first.reference.grad_parameters["weight"] is not None
    with h5py.File(path) as file:
        one = file["layers/twice/parameters/weight"]
        assert one == file["layers/twice@1/parameters/weight"]
    assert [x.name for x in case.layers if x.kind == "ReLU"] == ["relu", "relu@1", "relu@2"]


def test_gradients_of_applications_add_up(path: Path) -> None:
    model = Shared()
    case = capture(model, path)
    parts = [named(case, n).reference.grad_parameters["weight"] for n in ("twice", "twice@1")]
    total = model.twice.weight.grad
    assert total is not None
    sums = np.asarray(parts[0]) + np.asarray(parts[1])
    np.testing.assert_allclose(sums, total.numpy(), rtol=1e-5, atol=1e-7)


def test_tied_parameters_are_one_object(path: Path) -> None:
    case = capture(Tied(), path)
    assert named(case, "a").parameters["weight"] is named(case, "b").parameters["weight"]


def test_in_place_operations_keep_both_values(path: Path) -> None:
    case = capture(InPlace(), path)
    conv, scale = named(case, "conv"), named(case, "mul")
    before, after = conv.reference.outputs[0], scale.reference.outputs[0]
    assert scale.kind == "Scale"
    assert scale.attributes["factor"] == 0.5
    np.testing.assert_array_equal(np.asarray(after), np.asarray(before) * np.float32(0.5))


def test_each_edge_has_its_own_gradient(path: Path) -> None:
    case = capture(TensorTwice(), path)
    product = named(case, "mul")
    assert product.inputs == ["conv", "conv"]
    left, right = product.reference.grad_inputs[0], product.reference.grad_inputs[1]
    np.testing.assert_array_equal(np.asarray(left), np.asarray(right))
    conv = np.asarray(named(case, "conv").reference.grad_outputs[0])
    concatenated = np.asarray(named(case, "cat").reference.grad_inputs[1])
    np.testing.assert_allclose(
        np.asarray(left) + np.asarray(right) + concatenated, conv, rtol=1e-5, atol=1e-7
    )
    assert named(case, "getitem").kind == "Slice"


def test_an_output_that_does_not_reach_the_loss_has_zeros(path: Path) -> None:
    case = capture(UnusedOutput(), path)
    split = named(case, "split")
    assert split.attributes == {"dim": 1, "split_sizes": [4, 4]}
    assert named(case, "flatten").inputs == ["split:0"]
    assert not np.asarray(split.reference.grad_outputs[1]).any()
    assert np.asarray(split.reference.grad_outputs[0]).any()
    assert {"conv", "conv@1"} <= {x.name for x in case.layers}


def test_dropout_masks(path: Path) -> None:
    case = capture(Dropping(), path)
    channels, elements = named(case, "drop"), named(case, "dropout")
    assert channels.kind == "Dropout2d"
    assert channels.auxiliary["mask"].shape == (3, 4, 1, 1)
    for layer, p in ((channels, 0.5), (elements, 0.3)):
        assert layer.training is True
        given = named(case, str((layer.inputs or [""])[0])).reference.outputs[0]
        mask = np.asarray(layer.auxiliary["mask"])
        assert set(np.unique(mask)) == {0, 1}
        expected = np.asarray(given) * mask / np.float32(1 - p)
        np.testing.assert_allclose(np.asarray(layer.reference.outputs[0]), expected, rtol=1e-6)


def test_batch_normalisation_state(path: Path) -> None:
    model = Normalised()
    case = capture(model, path)
    first, second = named(case, "bn"), named(case, "bn@1")
    assert first.training is True
    assert np.asarray(first.buffers["running_mean"]).tolist() == [0.0] * 4
    np.testing.assert_array_equal(
        np.asarray(first.reference.buffers["running_var"]),
        np.asarray(second.buffers["running_var"]),
    )
    np.testing.assert_array_equal(
        np.asarray(second.reference.buffers["running_mean"]), model.bn.running_mean
    )
    assert np.asarray(second.reference.buffers["num_batches_tracked"]) == 2


def test_frozen_parameters_have_no_gradient(path: Path) -> None:
    case = capture(Frozen(), path)
    assert named(case, "conv").reference.grad_parameters == {}
    assert set(named(case, "fc").reference.grad_parameters) == {"weight"}


def test_free_parameters_buffers_and_constants(path: Path) -> None:
    model = Free()
    case = capture(model, path)
    gamma = named(case, "gamma")
    assert gamma.kind == "Parameter"
    assert gamma.inputs is None
    assert named(case, "mul").inputs == ["conv", "gamma"]
    assert model.gamma.grad is not None
    np.testing.assert_array_equal(
        np.asarray(gamma.reference.grad_parameters["value"]), model.gamma.grad
    )
    assert named(case, "add").inputs == ["mul", "offset"]
    assert named(case, "div").inputs == ["add", "const_0"]
    assert [x.kind for x in case.layers if x.name.startswith("rsub")] == ["Neg", "Shift"]


def test_a_penalty_on_the_parameters_is_part_of_the_network(path: Path) -> None:
    model = Plain()
    torch.manual_seed(1)
    with cv.capture(model, path, twin="float64", quiet=True):
        scores = model(torch.randn(3, 2, 5, 6))
        accuracy = (scores.argmax(1) == torch.tensor([0, 2, 1])).float().mean().item()
        penalty = torch.stack([p.pow(2).sum() for p in model.parameters()]).sum()
        (functional.cross_entropy(scores, torch.tensor([0, 2, 1])) + 0.01 * penalty).backward()
    assert 0 <= accuracy <= 1
    case = cv.read_fixture(path).root
    assert case is not None
    assert case.loss == "add"
    weight = named(case, "conv.weight")
    assert weight.kind == "Parameter"
    assert weight.parameters["value"] is named(case, "conv").parameters["weight"]
    parts = [weight.reference.grad_parameters["value"]]
    parts.append(named(case, "conv").reference.grad_parameters["weight"])
    total = model.conv.weight.grad
    assert total is not None
    summed = np.asarray(parts[0]) + np.asarray(parts[1])
    np.testing.assert_allclose(summed, total.numpy(), rtol=1e-5, atol=1e-7)
    differences, _ = recompute(path, 2e-5)
    assert differences == []


def test_awkward_names(path: Path) -> None:
    model = nn.Sequential()
    model.add_module("größe Nr 1", nn.Conv2d(2, 1, 3))
    model.add_module("a/b:c", nn.Flatten())
    model.add_module("x", nn.Linear(12, 3))
    model.add_module("x_proj", nn.Linear(3, 3))
    case = capture(model, path)
    assert [x.name for x in case.layers[:4]] == ["größe Nr 1", "a_b_c", "x", "_x_proj"]
    assert case.layers[1].attributes["x_original_name"] == "a/b:c"
    assert case.layers[0].inputs == ["input"]


def test_an_input_never_takes_the_name_of_a_layer(path: Path) -> None:
    class Clashing(Plain):
        def forward(self, conv: Tensor) -> Tensor:
            return super().forward(conv)

    case = capture(Clashing(), path)
    assert set(case.inputs) == {"conv@1", "target"}
    assert case.layers[0].inputs == ["conv@1"]


def test_equal_data_makes_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    files = []
    for name in ("a.h5", "b.h5"):
        torch.manual_seed(3)
        capture(Shared(), tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


def test_read_back_and_written_again_is_equal(tmp_path: Path) -> None:
    for kind in (Shared, UnusedOutput, Free, Normalised):
        capture(kind(), tmp_path / "a.h5")
        cv.write_fixture(cv.read_fixture(tmp_path / "a.h5"), tmp_path / "b.h5")
        assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_printed_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = Free()
    with cv.capture(model, path, twin="float64"):
        functional.cross_entropy(
            torch.cumsum(model(torch.randn(3, 2, 5, 6)), 1), torch.tensor([0, 2, 1])
        ).backward()
    line = capsys.readouterr().out
    for words in ("11 layers", "0 unseen", "1 without a kind", "1 constants", "twin ok"):
        assert words in line
    assert f"next: cnn-verify check {path}" in line


def test_provenance(path: Path) -> None:
    capture(Plain(), path)
    facts = cv.read_fixture(path).provenance
    assert facts is not None
    assert facts["self_check"]["replay"] == "5/5"
    assert facts["self_check"]["neutrality"] == "bit-exact"
    assert facts["engine"]["onednn"] in (True, False)
    assert facts["framework"] == f"torch {torch.__version__}"
