"""Keras on each of its backends, in a process of its own, judged by an independent hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import cnnverify as cv
from cnnverify.format import Arranged
from conftest import Judge
from recompute import recompute

HERE = Path(__file__).resolve().parent


# TensorFlow is large, and holds h5py back; it is tested where it is installed.
BACKENDS = ["jax", "torch"] + (["tensorflow"] if find_spec("tensorflow") else [])


@pytest.fixture(scope="module", params=BACKENDS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    paths = [str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "KERAS_BACKEND": request.param}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in paths if p)
    run = subprocess.run(
        [sys.executable, str(HERE / "keras_exports.py"), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return folder


def facts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "facts.json").read_text())
    return found


def backend_of(folder: Path) -> str:
    fixture = cv.read_fixture(folder / "hard.h5")
    assert fixture.provenance is not None
    return str(fixture.provenance["backend"])


def test_the_hard_model_agrees(exported: Path) -> None:
    differences, compared = recompute(exported / "hard.h5", 1e-5)
    assert differences == []
    assert compared >= 110
    line = facts(exported)["hard"]
    assert "0 unseen · replay bit-exact 15/15 · neutral in bits · float64 twin ok" in line
    assert "without a kind" not in line
    assert facts(exported)["unchanged"]


def test_the_hard_model_has_every_layer(exported: Path) -> None:
    root = cv.read_fixture(exported / "hard.h5").root
    assert root is not None
    assert root.loss == "loss"
    assert [(x.name, x.kind) for x in root.layers if x.kind != "Permute"] == [
        ("conv1", "Conv2d"),
        ("bn1", "BatchNorm2d"),
        ("relu", "ReLU"),
        ("twice", "Conv2d"),
        ("twice.activation", "ReLU"),
        ("twice@1", "Conv2d"),
        ("twice.activation@1", "ReLU"),
        ("sum", "Add"),
        ("relu@1", "ReLU"),
        ("dropout", "Dropout"),
        ("depthwise", "Conv2d"),
        ("up", "ConvTranspose2d"),
        ("norm", "LayerNorm"),
        ("pool", "MaxPool2d"),
        ("flatten", "Flatten"),
        ("fc", "Linear"),
        ("loss", "CrossEntropyLoss"),
    ]
    layers = {x.name: x for x in root.layers}
    assert layers["twice"].parameters["weight"] is layers["twice@1"].parameters["weight"]
    for name in ("twice", "twice@1"):
        assert layers[name].reference.grad_parameters.keys() == {"weight", "bias"}
    assert layers["bn1"].reference.buffers.keys() == {"running_mean", "running_var"}
    # An even size and a stride of 2: nothing before, one behind; an odd one: one on each side.
    assert list(layers["conv1"].attributes["padding"]) == [1, 0, 1, 1]  # type: ignore[arg-type]


def test_tensors_stand_as_keras_holds_them(exported: Path) -> None:
    with h5py.File(exported / "hard.h5") as file:
        assert file["inputs/image"].attrs["axes"] == b"NHWC"
        assert file["inputs/image"].shape == (3, 9, 8, 3)
        layers = file["layers"]
        assert layers["conv1/parameters/weight"].attrs["axes"] == b"HWIO"
        assert layers["conv1/reference/grad_parameters/weight"].attrs["axes"] == b"HWIO"
        assert layers["up/parameters/weight"].attrs["axes"] == b"HWOI"
        assert layers["fc/parameters/weight"].attrs["axes"] == b"IO"
        assert layers["fc/reference/updated_parameters/weight"].attrs["axes"] == b"IO"
        assert "axes" not in layers["depthwise/parameters/weight"].attrs
        assert layers["depthwise/parameters/weight"].shape == (8, 1, 3, 2)
        assert "axes" not in layers["norm/reference/output"].attrs


@pytest.mark.parametrize("name", ["evaluated", "written", "probabilities", "steps"])
def test_models_agree(exported: Path, name: str) -> None:
    differences, compared = recompute(exported / f"{name}.h5", 1e-5)
    assert differences == []
    assert compared >= 15


@pytest.mark.parametrize("name", ["hard", "steps", "trained"])
def test_cnn_verify_agrees(exported: Path, name: str, judge: Judge) -> None:
    status, verdicts = judge(exported / f"{name}.h5")
    assert status == 0
    stepped = {k: v for k, v in verdicts.items() if "updated_parameters" in k or "_state" in k}
    assert len(stepped) >= 20
    assert set(stepped.values()) == {"agree"}
    rows = [v for k, v in verdicts.items() if "/trajectory" in k]
    assert rows == ["agree"] * (3 * 6 if name == "trained" else 0)


def test_several_steps_are_those_made_by_hand(exported: Path) -> None:
    known = facts(exported)
    assert known["put back"]
    assert ["4 steps of" in line for line in known["trained"]] == [True] * 3
    assert all("neutral in bits" in line for line in known["trained"])
    cases = cv.read_fixture(exported / "trained.h5").cases
    for name, (losses, kernel) in known["by hand"].items():
        trajectory = cases[name].trajectory
        assert trajectory is not None
        assert np.array_equal(np.asarray(trajectory.losses), np.float32(losses)), name
        final = trajectory.parameters["head", "weight"]
        assert isinstance(final, Arranged)
        assert np.array_equal(np.asarray(final.values), np.float32(kernel)), name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adam", "so that eps differs in each step"),
        ("rmsprop", "use epsilon=0"),
        ("schedule", "hyper-parameters changed before step 1"),
        ("dropout", "draws other numbers in each step"),
    ],
)
def test_what_no_trajectory_can_say(exported: Path, name: str, words: str) -> None:
    assert words in facts(exported)["untrained"][name]


def test_single_layers_agree(exported: Path) -> None:
    differences, compared = recompute(exported / "singles.h5", 1e-5)
    assert differences == []
    assert compared >= 300


def test_a_class_is_followed(exported: Path) -> None:
    root = cv.read_fixture(exported / "written.h5").root
    assert root is not None
    layers = {x.name: x for x in root.layers}
    assert {"stem", "silu", "block.inner", "block.inner@1", "block.act@1", "scaled.tanh"} <= set(
        layers
    )
    factor = next(x for x in root.layers if x.kind == "Parameter")
    assert factor.reference.grad_parameters["value"].shape == (4,)
    assert layers["scaled.tanh"].source == "keras_models.py:46"
    assert "without a kind" not in facts(exported)["written"]


def test_tensorflow_differs_where_it_goes_back_to_the_logits(exported: Path) -> None:
    line = facts(exported)["probabilities"]
    if backend_of(exported) == "tensorflow":
        assert "bare run differs by at most" in line
    else:
        assert "neutral in bits" in line


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("conv2d dilated", ["Conv2d", "ReLU"]),
        ("separable", ["Conv2d", "Conv2d", "Tanh"]),
        ("global maximum", ["AdaptiveMaxPool2d", "Flatten"]),
        ("layer norm", ["LayerNorm"]),
        ("dense of rows", ["Linear"]),
        ("batch norm of rows", ["BatchNorm1d"]),
        ("cropping", ["Slice", "Slice"]),
        ("average", ["Add", "Scale"]),
        ("dot", ["Transpose", "MatMul"]),
        ("number minus", ["Neg", "Shift"]),
        ("kl", ["Clip", "Log", "Clip", "KLDivLoss", "Scale"]),
    ],
)
def test_kinds(exported: Path, name: str, kinds: list[str]) -> None:
    assert facts(exported)["singles"][name] == kinds


def test_pytorch_repeats_the_border_of_uneven_pools(exported: Path) -> None:
    kinds = facts(exported)["singles"]["average pool uneven"]
    torch = backend_of(exported) == "torch"
    assert kinds == (["ReplicationPad2d", "AvgPool2d"] if torch else ["AvgPool2d"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mask", "take mask_zero and Masking out of the model"),
        ("half", "build the model with the policy float32"),
        ("branch", "without branches on values"),
        ("lion", "Lion is none of the format's optimizers"),
        ("clipping", "SGD with clipnorm"),
        ("several", "the model has 1 outputs and there are 2 losses"),
        ("single", "keras.GaussianNoise cannot be expressed"),
    ],
)
def test_refusals(exported: Path, name: str, words: str) -> None:
    assert words in facts(exported)["refusals"][name]
    assert facts(exported)["no file"]


def test_what_has_no_kind_keeps_its_name(exported: Path) -> None:
    assert "1 without a kind" in facts(exported)["without a kind"]
    root = cv.read_fixture(exported / "noise.h5").root
    assert root is not None
    (noise,) = (x for x in root.layers if "." in x.kind)
    assert noise.kind == "keras.GaussianNoise"
    assert "no kind" in str(noise.attributes["x_reason"])
    assert noise.reference.grad_inputs.keys() == {0}
    assert any("regularizers" in w for w in facts(exported)["warned"])
