"""`python -m cnnverify`, run as a user runs it, and what each mistake ends with."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import cnnverify as cv
from cnnverify.cli import main
from cnnverify.cli.arguments import TensorSpec, setting, value
from recompute import recompute

REPORTS = Path(__file__).resolve().parent / "reports"
SOURCES = Path(__file__).resolve().parents[1] / "src"

SCRIPT = """
import torch
from torch import nn
from neighbour import CLASSES


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)  # cancelled by the norm
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(4 * 30, CLASSES)

    def forward(self, image, scale=None):
        x = self.drop(torch.relu(self.norm(self.conv(image)))).flatten(1)
        x = self.fc(x)
        return x if scale is None else x * scale


def build():
    return Net()


def pair():
    class Two(Net):
        def forward(self, image):
            y = super().forward(image)
            return y, y * 2
    return Two()


def fails():
    raise RuntimeError("first line\\nsecond line")


def loss(output):
    return output.square().sum()


instance = Net()
number = 5
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(SCRIPT)
    (tmp_path / "neighbour.py").write_text("CLASSES = 5\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    # Each test has a script of its own.
    for name in ("cnnverify_script_net", "neighbour"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def spawned(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnnverify", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        check=False,
    )


TORCH = ("torch", "net.py:build", "--input", "4x3x6x5", "-o", "net.h5")


def test_a_network_from_the_command_line(here: Path) -> None:
    run = spawned(
        *TORCH,
        *("--loss", "CrossEntropyLoss,label_smoothing=0.1", "--seed", "3", "--twin", "float64"),
        *("--optimizer", "SGD,lr=0.1,momentum=0.9"),
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "replay bit-exact 7/7" in run.stdout
    assert "next: cnn-verify check net.h5" in run.stdout
    root = cv.read_fixture("net.h5").root
    assert root is not None
    layers = {layer.kind: layer for layer in root.layers}
    assert layers["CrossEntropyLoss"].attributes["label_smoothing"] == 0.1
    assert layers["Dropout"].training
    assert layers["Conv2d"].source == "net.py:16"
    assert 0 in layers["Conv2d"].reference.grad_inputs
    assert root.optimizer is not None
    assert root.optimizer.attributes["momentum"] == 0.9
    assert layers["Linear"].reference.updated_parameters.keys() == {"weight", "bias"}
    differences, compared = recompute("net.h5", 2e-5)
    assert differences == []
    assert compared >= 28
    facts = cv.read_fixture("net.h5").provenance
    assert facts is not None
    assert facts["seed"] == 3
    assert facts["command"].startswith("python -m cnnverify torch net.py:build --input 4x3x6x5")


def test_the_same_seed_gives_the_same_tensors(here: Path) -> None:
    arrays = []
    for seed in ("1", "1", "2"):
        assert main([*TORCH, "--loss", "MSELoss", "--seed", seed]) == 0
        with h5py.File("net.h5") as file:
            paths = ("inputs/image", "layers/fc/parameters/weight", "layers/drop/auxiliary/mask")
            arrays.append([file[path][()].tobytes() for path in paths])
    assert arrays[0] == arrays[1]
    assert all(a != b for a, b in zip(arrays[0], arrays[2], strict=True))


def test_inputs_by_name_and_without_a_loss(here: Path) -> None:
    np.save("x.npy", np.full((2, 3, 6, 5), 0.5, dtype=np.float32))
    arguments = ["torch", "net.py:instance", "--input", "x.npy", "--input", "scale=5:float32:2..3"]
    assert main([*arguments, "--eval", "--case", "one", "--compress", "-o", "f.h5"]) == 0
    case = cv.read_fixture("f.h5").cases["one"]
    assert (np.asarray(case.inputs["image"]) == 0.5).all()
    scale = np.asarray(case.inputs["scale"])
    assert 2 <= scale.min() < scale.max() <= 3
    kinds = {layer.kind: layer for layer in case.layers}
    assert not kinds["BatchNorm2d"].training
    upstream = np.asarray(kinds["Mul"].reference.grad_outputs[0])
    assert np.ptp(upstream) > 0


def test_a_loss_of_the_script(here: Path) -> None:
    assert main([*TORCH, "--loss", "net.py:loss"]) == 0
    root = cv.read_fixture("net.h5").root
    assert root is not None
    assert root.loss == "sum"


@pytest.mark.parametrize(
    ("loss", "dtype"),
    [("NLLLoss", "int64"), ("BCEWithLogitsLoss", "float32"), ("HuberLoss", "float32")],
)
def test_a_target_that_fits_the_loss(loss: str, dtype: str, here: Path) -> None:
    assert main([*TORCH, "--loss", loss]) == 0
    root = cv.read_fixture("net.h5").root
    assert root is not None
    target = np.asarray(root.layers[-1].reference.inputs.get(1, root.inputs.get("target")))
    assert str(target.dtype) == dtype
    assert len(np.unique(target)) > 1


MISTAKES: list[tuple[list[str], int, str]] = [
    ([], 64, "required: COMMAND"),
    (["torhc"], 64, "invalid choice"),
    (["torch", "net.py:build", "--input", "4x3x6x5"], 64, "-o/--out"),
    ([*TORCH, "--input", "4x3:int64"], 64, "need a range"),
    ([*TORCH, "--input", "4x3:complex64"], 64, "the type is one of"),
    ([*TORCH, "--input", "4xx"], 64, "a shape looks like"),
    ([*TORCH, "--input", "a b=4"], 64, "no name of an argument"),
    ([*TORCH, "--input", "4:float32:3"], 64, "a range looks like"),
    ([*TORCH, "--input", "4:float32:3..1"], 64, "the range is empty"),
    ([*TORCH, "--loss", "CrossEntropyLos"], 64, "did you mean CrossEntropyLoss?"),
    ([*TORCH, "--loss", "MSELoss,margin=1"], 64, "MSELoss: "),
    ([*TORCH, "--loss", "KLDivLoss"], 64, "needs a --target"),
    ([*TORCH, "--target", "4"], 64, "--target needs a --loss"),
    ([*TORCH, "--optimizer", "SDG,lr=1"], 64, "did you mean SGD?"),
    ([*TORCH, "--optimizer", "SGD,lr"], 64, "a setting looks like"),
    (["torch", "net.py:build", "-o", "net.h5"], 64, "--input 4x3x32x32"),
    (["torch", "net.py:number", *TORCH[2:]], 64, "gives int, not an nn.Module"),
    (["torch", "net.py:pair", *TORCH[2:], "--loss", "MSELoss"], 64, "no single tensor"),
    (["torch", "net.py:biuld", *TORCH[2:]], 2, "has no biuld; did you mean build?"),
    (["torch", "absent.py:build", *TORCH[2:]], 2, "there is no file absent.py"),
    (["torch", "net.py", *TORCH[2:]], 2, "net.py:build"),
    (["torch", "broken.py:build", *TORCH[2:]], 2, "broken.py, line 2"),
    (["torch", "net.py:fails", *TORCH[2:]], 2, "RuntimeError: first line (--traceback"),
    (["torch", "net.py:build", "--input", "4x2x6x5", "-o", "net.h5"], 2, "RuntimeError: Given"),
    (["torch", "net.py:build", "--input", "no.npy", "-o", "net.h5"], 2, "no.npy"),
    ([*TORCH[:-1], "absent/net.h5"], 2, "absent"),
    (["grid", "Conv2D", "-o", "net.h5"], 2, "did you mean Conv2d?"),
    (["grid", "Conv2d", "strides=1", "-o", "net.h5"], 2, "did you mean stride?"),
    (["grid", "Conv2d", "stride", "-o", "net.h5"], 64, "a setting looks like"),
    (["grid", "Conv2d", "groups=3", "-o", "net.h5"], 2, "divisible by groups"),
    (["canary", "LSTM", "-o", "net.h5"], 2, "no grid of LSTM"),
    (["report", "absent.json"], 2, "absent.json"),
    (["report", "net.py"], 2, "no JSON"),
]


@pytest.mark.parametrize(("arguments", "status", "message"), MISTAKES)
def test_each_mistake_is_one_clear_message(
    arguments: list[str], status: int, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "broken.py").write_text("x = 1\ny = = 2\n")
    before = sorted(here.iterdir())
    try:
        code: Any = main(arguments)
    except SystemExit as ended:
        code = ended.code
    shown = capsys.readouterr()
    assert code == status
    assert message in shown.err
    assert "Traceback" not in shown.err
    if status == 2:
        assert len(shown.err.splitlines()) == 1
    assert [p for p in sorted(here.iterdir()) if p.name != "__pycache__"] == before


def test_the_status_reaches_the_shell_and_the_trace_is_there_for_the_curious(here: Path) -> None:
    run = spawned("torch", "net.py:fails", *TORCH[2:])
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    run = spawned("--traceback", "torch", "net.py:fails", *TORCH[2:])
    assert run.returncode == 2
    assert re.search(r"net.py\", line \d+, in fails", run.stderr)
    assert spawned("torch").returncode == 64
    help_text = spawned("--help")
    assert help_text.returncode == 0
    for command in ("torch", "keras", "jax", "grid", "canary", "report", "doctor"):
        assert f"\n    {command} " in help_text.stdout


def test_grids_and_canaries(here: Path) -> None:
    run = spawned("grid", "Conv2d", "stride=1,2", "kernel_size=3x2", "groups=1,3", "-o", "g.h5")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        "Conv2d: 2 cases",
        "  2 left out: in_channels must be divisible by groups",
        "next: cnn-verify check g.h5",
    ]
    cases = cv.read_fixture("g.h5").cases
    assert set(cases) == {"stride=1,groups=1", "stride=2,groups=1"}
    assert cases["stride=1,groups=1"].layers[0].parameters["weight"].shape == (8, 4, 3, 2)
    assert main(["canary", "ReLU", "--dtype", "float64", "--seed", "7", "-o", "c.h5"]) == 0
    layer = cv.read_fixture("c.h5").cases["zeros"].layers[0]
    assert np.asarray(layer.reference.inputs[0]).dtype == np.float64
    assert layer.attributes["x_seed"] == 7


def test_a_report_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(REPORTS / "planted.jsonl"), "--failing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[1].split()[:3] == ["conv2", "Conv2d", "grad_parameters/weight"]
    assert "agree 18" in lines[-1]
    assert main(["report", str(REPORTS / "planted.jsonl")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 41


def test_the_doctor_tells_versions_and_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--some-flag")
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["doctor"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["cnnverify"] == cv.__version__
    assert lines["torch"] == torch.__version__
    assert lines["h5py"] == h5py.__version__
    assert "missing" in lines["cnn-verify"]
    assert lines["XLA_FLAGS"] == "--some-flag"
    assert "onednn" in lines["engine"]


# The exporters of other frameworks are theirs to test; here is what they are called with.


def stand_in(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "packages" / name).mkdir(parents=True)
    (folder / "packages" / name / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(folder / "packages")
    monkeypatch.delitem(sys.modules, name, raising=False)


KERAS = (
    "class utils:\n    seed = None\n    @classmethod\n    def set_random_seed(c, n): c.seed = n\n"
)


def test_keras_is_called_with_what_was_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(here, "keras", KERAS, monkeypatch)
    calls: list[tuple[Any, Any]] = []
    monkeypatch.setattr(cv, "capture_keras", lambda *a, **k: calls.append((a, k)), raising=False)
    (here / "k.py").write_text(
        "import keras\ndef build():\n    return ('model', keras.utils.seed)\n"
    )
    common = ["--loss", "mse", "--target", "4:int64:0..9", "--seed", "6", "-o", "k.h5"]
    assert main(["keras", "k.py:build", "--input", "4x8x8x3:float32:0..1", *common]) == 0
    (model, x, y, loss, out), options = calls.pop()
    assert model == ("model", 6)
    assert (loss, out) == ("mse", "k.h5")
    assert x.shape == (4, 8, 8, 3)
    assert 0 <= x.min() < x.max() <= 1
    assert (y.shape, str(y.dtype)) == ((4,), "int64")
    assert (options["training"], options["seed"]) == (True, 6)
    assert "twin" not in options
    two = ["--input", "a=4x2", "--input", "b=4x3", "--twin", "float64", "--eval"]
    assert main(["keras", "k.py:build", *two, *common]) == 0
    (_, x, *_), options = calls.pop()
    assert {name: array.shape for name, array in x.items()} == {"a": (4, 2), "b": (4, 3)}
    assert (options["training"], options["twin"]) == (False, "float64")
    mixed = ["--input", "a=4x2", "--input", "4x3"]
    assert main(["keras", "k.py:build", *mixed, *common]) == 64
    assert main(["keras", "k.py:build", *common]) == 64
    assert calls == []


def test_jax_is_called_with_what_was_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(here, "jax", "", monkeypatch)
    calls: list[tuple[Any, Any]] = []
    monkeypatch.setattr(cv, "capture_jax", lambda *a, **k: calls.append((a, k)), raising=False)
    (here / "j.py").write_text(
        "def loss(p, s, x): return 0\ndef build(): return loss, {'w': 1}, 'state'\n"
        "def wrong(): return 5\n"
    )
    assert main(["jax", "j.py:build", "--input", "4x3", "--case", "c", "-o", "j.h5"]) == 0
    (function, params, state, x), options = calls.pop()
    assert (function.__name__, params, state, x.shape) == ("loss", {"w": 1}, "state", (4, 3))
    assert (options["out"], options["case"], options["seed"]) == ("j.h5", "c", 0)
    assert main(["jax", "j.py:wrong", "-o", "j.h5"]) == 64
    assert main(["jax", "j.py:build", "--input", "x=4x3", "-o", "j.h5"]) == 64


@pytest.mark.parametrize("package", ["keras", "jax", "torch"])
def test_a_missing_framework_is_named(
    package: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = __import__("importlib.util").util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == package else found(name)
    )
    loss = ["--loss", "mse", "--target", "4"] if package == "keras" else []
    assert main([package, "net.py:build", "--input", "4x3", *loss, "-o", "f.h5"]) == 2
    error = capsys.readouterr().err
    assert f"pip install 'cnnverify[{package}]'" in error
    assert len(error.splitlines()) == 1


def test_values() -> None:
    texts = ("2", "-1", "0.5", "3x2", "1.5x2.5", "true", "None", "same", "2x")
    expected = (2, -1, 0.5, (3, 2), (1.5, 2.5), True, None, "same", "2x")
    assert tuple(map(value, texts)) == expected
    assert setting("stride=1,2x1") == ("stride", [1, (2, 1)])
    assert setting("mode=reflect") == ("mode", "reflect")


def test_what_is_drawn() -> None:
    generator = np.random.default_rng(0)
    whole = TensorSpec.parse("ids=7x5:int64:2..4").draw(generator)
    assert set(np.unique(whole)) == {2, 3, 4}
    assert TensorSpec.parse("9:bool").draw(generator).dtype == bool
    real = TensorSpec.parse("2000:float64").draw(generator)
    assert abs(real.mean()) < 0.1
    assert abs(real.std() - 1) < 0.1
    assert TensorSpec.parse("4:float16").draw(generator).dtype == np.float16
