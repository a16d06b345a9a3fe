"""Steps of an optimiser from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnverify as cv
from cnnverify.cli import main
from conftest import Judge

TORCH = """
from torch import nn

def build():
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
"""

JAX = """
import jax.numpy as jnp
import optax

def loss(params, x, y):
    return ((jnp.tanh(x @ params["fc"]["w"]) - y) ** 2).mean()

def build():
    return loss, {"fc": {"w": jnp.arange(12.0).reshape(4, 3) / 20 - 0.2}}

def clipped(rate=0.1):
    return optax.chain(optax.clip(1.0), optax.sgd(rate))

momentum = optax.sgd(0.1, 0.9)
"""

KERAS = """
class utils:
    def set_random_seed(n): pass

class optimizers:
    class SGD:
        def __init__(self, learning_rate): self.rate = learning_rate
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(TORCH)
    (tmp_path / "j.py").write_text(JAX)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("cnnverify_script_net", "cnnverify_script_j", "cnnverify_script_k"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


NET = ["torch", "net.py:build", "--input", "6x4", "-o", "f.h5", "--loss", "CrossEntropyLoss"]
FUNCTION = ["jax", "j.py:build", "--input", "6x4", "--input", "6x3", "-o", "f.h5"]


def test_several_steps_of_pytorch(here: Path, judge: Judge) -> None:
    assert main([*NET, "--optimizer", "SGD,lr=0.1", "--steps", "3"]) == 0
    root = cv.read_fixture("f.h5").root
    assert root is not None
    assert root.trajectory is not None
    images = [np.asarray(batch["input"]) for batch in root.trajectory.batches]
    assert len(images) == 3
    assert not np.array_equal(images[0], images[1])
    status, verdicts = judge(here / "f.h5")
    assert status == 0
    assert verdicts["/trajectory/loss"] == "agree"


def test_steps_of_jax(here: Path, judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FUNCTION, "--optimizer", "adamw,learning_rate=0.01,weight_decay=0.1"]) == 0
    assert "one step of AdamW" in capsys.readouterr().out
    assert judge(here / "f.h5")[0] == 0
    assert main([*FUNCTION, "--optimizer", "j.py:momentum", "--steps", "3"]) == 0
    assert "3 steps of SGD" in capsys.readouterr().out
    status, verdicts = judge(here / "f.h5")
    assert status == 0
    assert verdicts["/trajectory/parameters/fc/weight"] == "agree"
    assert main([*FUNCTION, "--optimizer", "j.py:clipped,rate=0.2"]) == 2
    assert "clip cannot be expressed by an update" in capsys.readouterr().err


def test_keras_is_called_with_what_was_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "packages" / "keras").mkdir(parents=True)
    (here / "packages" / "keras" / "__init__.py").write_text(KERAS)
    (here / "k.py").write_text("model = 'model'\n")
    monkeypatch.syspath_prepend(here / "packages")
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    calls: list[tuple[Any, Any]] = []
    for name in ("capture_keras", "capture_training_keras"):
        monkeypatch.setattr(cv, name, lambda *a, **k: calls.append((a, k)), raising=False)
    command = ["keras", "k.py:model", "--input", "6x4", "--loss", "mse", "--target", "6x3"]
    command += ["-o", "k.h5", "--optimizer"]
    assert main([*command, "SGD,learning_rate=0.5"]) == 0
    (model, x, y, *_), options = calls.pop()
    assert (model, x.shape, y.shape) == ("model", (6, 4), (6, 3))
    assert options["optimizer"].rate == 0.5
    assert main([*command, "SGD,learning_rate=0.5", "--steps", "4"]) == 0
    (model, loss, batches, optimizer), options = calls.pop()
    assert (model, loss, len(batches), optimizer.rate) == ("model", "mse", 4, 0.5)
    assert options["out"] == "k.h5"
    assert main([*command, "SDG,learning_rate=0.5"]) == 64
    assert main([*command[:-1], "--steps", "4"]) == 64


MISTAKES = [
    ([*NET, "--steps", "3"], "need an --optimizer"),
    ([*NET[:-2], "--optimizer", "SGD,lr=0.1", "--steps", "3"], "a --loss"),
    ([*NET, "--steps", "0"], "a whole number of 1 or more"),
    ([*FUNCTION, "--steps", "3"], "need an --optimizer"),
    ([*FUNCTION, "--optimizer", "adma,learning_rate=1"], "did you mean adam?"),
    ([*FUNCTION, "--optimizer", "adam,lr=1"], "adam: "),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_each_mistake_is_one_clear_message(
    arguments: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: Any = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 64
    assert message in capsys.readouterr().err
    assert not (here / "f.h5").exists()
