"""Several steps of JAX in one file: as made by hand, judged by cnn-verify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import cnnverify as cv
from conftest import Judge
from jax_training import BATCHES, COSINE, PARAMETERS, Module, Normalised, loss, squares, values

TRAINED: list[tuple[str, Any]] = [
    ("sgd", optax.sgd(0.1, 0.9, nesterov=True)),
    ("adagrad", optax.adagrad(0.1)),
    ("rmsprop", optax.rmsprop(0.01, eps_in_sqrt=False, centered=True, momentum=0.5)),
    ("adam", optax.adam(0.1, b1=0.5, b2=0.75)),
]


def test_several_steps(tmp_path: Path, judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.h5"
    net = Normalised()
    variables = net.init(jax.random.key(0), BATCHES[0][0])
    with cv.FixtureFile(path) as file:
        for name, optimizer in TRAINED:
            cv.capture_training_flax(
                net, variables, squares, BATCHES, optimizer, out=file, case=name
            )
        module = Module(nnx.Rngs(0))
        begin = jax.tree_util.tree_leaves(nnx.state(module))
        cv.capture_training_jax(
            lambda m, x, y: squares(m(x), y),
            module,
            BATCHES,
            nnx.Optimizer(module, optax.sgd(0.1), wrt=nnx.Param),
            out=file,
            case="nnx",
        )
        same = map(np.array_equal, begin, jax.tree_util.tree_leaves(nnx.state(module)))
        assert all(same)
        state = optax.adagrad(0.1).update(PARAMETERS, optax.adagrad(0.1).init(PARAMETERS))[1]
        cv.capture_training_jax(
            loss,
            PARAMETERS,
            BATCHES,
            optax.adagrad(0.1),
            optimizer_state=state,
            out=file,
            case="plain",
        )
    assert "4 steps of SGD" in capsys.readouterr().out
    status, verdicts = judge(path)
    assert status == 0
    rows = {k: v for k, v in verdicts.items() if "/trajectory" in k}
    assert len(rows) == 5 * 6 + 3
    assert set(rows.values()) == {"agree"}

    cases = cv.read_fixture(path).cases
    for name, optimizer in TRAINED:
        params, losses = train(net, variables, optimizer)
        trajectory = cases[name].trajectory
        assert trajectory is not None
        assert np.array_equal(np.asarray(trajectory.losses), np.asarray(losses))
        final = trajectory.parameters["second", "weight"]
        assert np.array_equal(values(final), np.asarray(params["second"]["kernel"]))
        for given, (x, y) in zip(trajectory.batches, BATCHES, strict=True):
            assert np.array_equal(values(given["x"]), x)
            assert np.array_equal(values(given["y"]), y)


def train(net: Any, variables: Any, optimizer: Any) -> tuple[Any, list[Any]]:
    """Train as anybody would."""
    params, statistics = variables["params"], variables["batch_stats"]
    state, losses = optimizer.init(params), []
    with jax.disable_jit():
        for x, y in BATCHES:

            def objective(p: Any, held: Any = statistics, x: Any = x, y: Any = y) -> Any:
                every = {"params": p, "batch_stats": held}
                scores, new = net.apply(every, x, mutable=["batch_stats"])
                return squares(scores, y), new["batch_stats"]

            (value, statistics), gradients = jax.value_and_grad(objective, has_aux=True)(params)
            changes, state = optimizer.update(gradients, state, params)
            params = optax.apply_updates(params, changes)
            losses.append(value)
    return params, losses


def test_a_wrong_trajectory_is_found(tmp_path: Path, judge: Judge) -> None:
    path = tmp_path / "f.h5"
    cv.capture_training_jax(
        loss, PARAMETERS, BATCHES, optax.sgd(0.1), out=path, quiet=True, self_check=False
    )
    with h5py.File(path, "r+") as file:
        final = file["trajectory/reference/parameters/fc/bias"]
        final[0] += 1e-4
    status, verdicts = judge(path)
    assert status == 1
    wrong = [k for k, v in verdicts.items() if v == "differ"]
    assert wrong == ["/trajectory/parameters/fc/bias"]


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        (optax.sgd(COSINE), "hyper-parameters changed before step 1"),
        (optax.rmsprop(0.1), "use eps_in_sqrt=False"),
        (optax.adam(0.1), "jax_enable_x64"),
        (optax.amsgrad(0.1, 0.5, 0.75), "maximum of corrected moments"),
        (None, "needs an optimizer"),
    ],
)
def test_what_no_trajectory_can_say(optimizer: Any, reason: str, tmp_path: Path) -> None:
    out, settings = tmp_path / "f.h5", {"self_check": False, "quiet": True}
    with pytest.raises(cv.CaptureError, match=reason):
        cv.capture_training_jax(loss, PARAMETERS, BATCHES, optimizer, out=out, **settings)  # type: ignore[arg-type]
    with pytest.raises(cv.CaptureError, match="at least one batch"):
        cv.capture_training_jax(loss, PARAMETERS, [], optimizer, out=out)
    assert not out.exists()


def test_dropout_makes_no_trajectory(tmp_path: Path) -> None:
    net = Normalised()
    x = BATCHES[0][0]
    variables = net.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, x)
    with pytest.raises(cv.CaptureError, match="draws other numbers"):
        cv.capture_training_flax(
            net,
            variables,
            squares,
            BATCHES,
            optax.sgd(0.1),
            out=tmp_path / "f.h5",
            rngs=0,
            method_arguments={"rate": 0.5},
            self_check=False,
        )


def test_adam_in_float64(tmp_path: Path, judge: Judge) -> None:
    path = tmp_path / "f.h5"
    with jax.enable_x64(True):
        params, batches = jax.tree_util.tree_map(
            lambda a: jnp.asarray(a, jnp.float64), (PARAMETERS, BATCHES)
        )
        cv.capture_training_jax(loss, params, batches, optax.adamw(0.1), out=path, quiet=True)
    root = cv.read_fixture(path).root
    assert root is not None
    assert root.optimizer is not None
    assert "capturable" not in root.optimizer.attributes
    status, verdicts = judge(path)
    assert status == 0
    assert verdicts["/trajectory/parameters/fc/weight"] == "agree"
