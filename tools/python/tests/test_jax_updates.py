"""Steps of optax: recognised, proved, exported, and judged by cnn-verify."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from flax.training.train_state import TrainState

import cnnverify as cv
from cnnverify.format import Case
from cnnverify.jax import updates
from cnnverify.jax.optax_rules import rule_of
from conftest import Judge
from jax_training import (
    BATCHES,
    COSINE,
    PARAMETERS,
    Module,
    Normalised,
    X,
    Y,
    loss,
    normal,
    squares,
    values,
)


def climbing(*parts: Any) -> Any:
    return optax.chain(*parts, optax.scale(-1.0))


INJECTED = optax.inject_hyperparams(optax.adamw)
RULES: list[tuple[str, Any, str, dict[str, Any]]] = [
    ("sgd", optax.sgd(0.1), "SGD", {"lr": 0.1, "weight_decay": 0.0}),
    ("momentum", optax.sgd(0.1, 0.9), "SGD", {"momentum": 0.9, "nesterov": False}),
    ("nesterov", optax.sgd(0.1, 0.9, nesterov=True), "SGD", {"momentum": 0.9, "nesterov": True}),
    ("no momentum", optax.sgd(0.1, 0.0), "SGD", {"lr": 0.1}),
    (
        "decayed",
        optax.chain(optax.add_decayed_weights(0.01), optax.sgd(0.1, 0.9)),
        "SGD",
        {"weight_decay": 0.01},
    ),
    (
        "decayed behind",
        optax.chain(optax.scale(2.0), optax.add_decayed_weights(0.01), optax.scale(-0.1)),
        "SGD",
        {"weight_decay": 0.005, "lr": 0.2},
    ),
    ("rate in front", optax.chain(optax.scale(-0.1), optax.trace(0.9)), "SGD", {"lr": 0.1}),
    ("climbing", climbing(optax.sgd(0.1, 0.9)), "SGD", {"lr": 0.1, "maximize": True}),
    ("adam", optax.adam(0.01), "Adam", {"betas": [0.9, 0.999], "eps": 1e-8, "capturable": True}),
    ("adam of decayed", optax.chain(optax.add_decayed_weights(0.1), optax.adam(0.01)), "Adam", {}),
    ("adam inside", optax.adam(0.01, eps_root=1e-3), "Adam", {"lr": 0.01}),
    ("adam climbing", climbing(optax.adam(0.01)), "Adam", {"maximize": True}),
    ("adamw", optax.adamw(COSINE, weight_decay=0.1), "AdamW", {"weight_decay": 0.1, "lr": 0.1}),
    (
        "adamw climbing",
        optax.chain(optax.scale(-1.0), optax.adamw(0.01, weight_decay=0.1)),
        "AdamW",
        {"weight_decay": 0.1, "maximize": True},
    ),
    ("adamw injected", INJECTED(optax.linear_schedule(0.1, 0.2, 5)), "AdamW", {}),
    ("amsgrad", optax.amsgrad(0.01, eps_root=1e-4), "Adam", {"amsgrad": True}),
    ("rmsprop", optax.rmsprop(0.01), "RMSprop", {"alpha": 0.9, "eps": 0.0}),
    (
        "rmsprop centred",
        optax.rmsprop(0.01, eps=1e-3, centered=True, momentum=0.5, initial_scale=1.0),
        "RMSprop",
        {"centered": True, "momentum": 0.5, "x_epsilon_inside_root": 1e-3},
    ),
    ("rmsprop outside", optax.rmsprop(0.01, eps_in_sqrt=False), "RMSprop", {"eps": 1e-8}),
    (
        "rmsprop climbing",
        climbing(optax.rmsprop(0.01, eps_in_sqrt=False, centered=True, momentum=0.5)),
        "RMSprop",
        {"maximize": True},
    ),
    (
        "rmsprop corrected",
        optax.rmsprop(0.01, bias_correction=True, eps_in_sqrt=False),
        "Adam",
        {"betas": [0.0, 0.9]},
    ),
    ("rmsprop corrected inside", optax.rmsprop(0.01, bias_correction=True, eps=0.1), "Adam", {}),
    ("adagrad", optax.adagrad(0.1), "Adagrad", {"eps": 0.0, "lr": 0.1}),
    (
        "adagrad from 0",
        optax.named_chain(("a", optax.adagrad(0.1, 0.0, 1e-3))),
        "Adagrad",
        {"x_epsilon_inside_root": 1e-3},
    ),
]


@pytest.mark.parametrize(("optimizer", "kind", "settings"), [r[1:] for r in RULES])
def test_a_rule_is_recognised_and_proved(
    optimizer: Any, kind: str, settings: dict[str, Any]
) -> None:
    stepper = updates.Stepper(optimizer, PARAMETERS)
    for number in range(3):
        gradients = jax.tree_util.tree_map(lambda p: normal(*p.shape), PARAMETERS)
        made = stepper.step(gradients)
        assert made.problems == []
        assert made.rule.kind == kind
        if number == 0:
            for name, value in settings.items():
                assert made.rule.settings[name] == pytest.approx(value), name
        if made.rule.taken is not None:
            assert made.taken == number
        stepper.go_on(made)


def warmed(optimizer: Any, params: Any, steps: int) -> tuple[Any, Any]:
    """Train as anybody would; equation by equation, as what is exported."""
    state = optimizer.init(params)
    with jax.disable_jit():
        for _ in range(steps):
            gradients = jax.grad(loss)(params, X, Y)
            changes, state = optimizer.update(gradients, state, params)
            params = optax.apply_updates(params, changes)
    return params, state


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optax") / "steps.h5"
    with cv.FixtureFile(path) as file:
        for name, optimizer, _, _ in RULES:
            for steps in (0, 2):
                params, state = warmed(optimizer, PARAMETERS, steps)
                before = jax.tree_util.tree_map(np.array, (params, state))
                cv.capture_jax(
                    loss,
                    params,
                    X,
                    Y,
                    out=file,
                    case=f"{name} {steps}",
                    optimizer=optimizer,
                    optimizer_state=state if steps else None,
                    quiet=True,
                    self_check=steps > 0,
                )
                equal = jax.tree_util.tree_map(np.array_equal, before, (params, state))
                assert jax.tree_util.tree_all(equal)
    return path


def test_cnn_verify_agrees_with_every_step(exported: Path, judge: Judge) -> None:
    status, verdicts = judge(exported)
    assert status == 0
    stepped = {k: v for k, v in verdicts.items() if "updated_parameters" in k}
    assert len(stepped) == 2 * 2 * len(RULES)
    states = {k: v for k, v in verdicts.items() if "reference_state" in k}
    assert len(states) >= 2 * len(RULES)
    assert {*stepped.values(), *states.values()} == {"agree"}


def test_a_plain_run_has_the_same_bits(exported: Path) -> None:
    cases = cv.read_fixture(exported).cases
    for name, optimizer, _, _ in RULES:
        for steps in (0, 2):
            plain, _ = warmed(optimizer, PARAMETERS, steps + 1)
            layer = cases[f"{name} {steps}"].layers[0]
            updated = layer.reference.updated_parameters
            assert np.array_equal(values(updated["weight"]), np.asarray(plain["fc"]["w"])), name
            assert np.array_equal(values(updated["bias"]), np.asarray(plain["fc"]["b"])), name
            assert updated["weight"].axes == "IO"  # type: ignore[union-attr]


@pytest.mark.parametrize("place", ["updated_parameters/weight", "state/fc/bias/exp_avg_sq"])
def test_a_planted_error_is_found(place: str, tmp_path: Path, judge: Judge) -> None:
    path = tmp_path / "f.h5"
    params, state = warmed(optax.adam(0.01), PARAMETERS, 2)
    cv.capture_jax(
        loss,
        params,
        X,
        Y,
        out=path,
        optimizer=optax.adam(0.01),
        optimizer_state=state,
        quiet=True,
        self_check=False,
    )
    assert judge(path)[0] == 0
    with h5py.File(path, "r+") as file:
        inner = f"layers/fc/reference/{place}" if "updated" in place else f"optimizer/{place}"
        # One element: by a hundredth of what Adam moves it, or a tenth of what it remembers.
        planted = file[inner][()]
        planted.reshape(-1)[1] += 1e-4 if "updated" in place else 0.1 * planted.max()
        file[inner][...] = planted
    status, verdicts = judge(path)
    assert status == 1
    wrong = {k for k, v in verdicts.items() if v == "differ"}
    layer = "updated_parameters/weight" if "updated" in place else "updated_parameters/bias"
    assert f"fc/{layer}" in wrong
    assert len(wrong) == (1 if "updated" in place else 2)


def test_a_rule_that_does_not_hold_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is read from optax's functions is proved: here something else is read."""

    def wrong(blocks: Any) -> Any:
        rule = rule_of(blocks)
        rule.settings["eps"] = 1e-3
        return rule

    monkeypatch.setattr(updates, "rule_of", wrong)
    with pytest.raises(cv.SelfCheckError, match="Adam: the framework and the format's rule"):
        cv.capture_jax(loss, PARAMETERS, X, Y, out=tmp_path / "f.h5", optimizer=optax.adam(0.01))
    assert not (tmp_path / "f.h5").exists()


def mine() -> Any:
    return optax.GradientTransformation(lambda p: (), lambda g, s, p=None: (g, s))


REFUSED: list[tuple[Any, str]] = [
    (
        optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1)),
        "clip_by_global_norm .*gradients",
    ),
    (optax.adamw(0.1, mask={"fc": {"w": True, "b": False}}), "masked .*one set of hyper-param"),
    (optax.MultiSteps(optax.sgd(0.1), 2), "MultiSteps.update .*several steps"),
    (optax.nadam(0.1), "NAdam"),
    (optax.lion(0.1), "scale_by_lion .*no such rule"),
    (optax.lamb(0.1), "trust_ratio .*LAMB"),
    (mine(), r"test_jax_updates.mine.* cannot be expressed"),
    (optax.adam(0.1, mu_dtype=jnp.bfloat16), "keeps exp_avg as bfloat16"),
    (optax.rmsprop(0.1, momentum=0.9, nesterov=True), "rmsprop with nesterov=True"),
    (optax.rmsprop(0.1, centered=True, bias_correction=True), "centered and bias_correction"),
    (optax.chain(optax.rmsprop(0.1), optax.add_decayed_weights(-0.1)), "only AdamW has it"),
    (optax.chain(optax.trace(0.9), optax.add_decayed_weights(0.1), optax.scale(-1.0)), "in front"),
    (optax.chain(optax.trace(0.9), optax.sgd(0.1, 0.9)), "two traces"),
    (optax.chain(optax.sgd(0.1), optax.adam(0.1)), "behind a trace or a scaling"),
    (optax.chain(optax.adam(0.1), optax.rmsprop(0.1)), "scale_by_adam and scale_by_rms"),
    (optax.chain(optax.add_decayed_weights(-0.1), optax.sgd(0.1)), "pushes away from zero"),
    (optax.chain(optax.adam(0.1), optax.trace(0.9)), "a trace behind it"),
    ("sgd", "str is no optimizer"),
]


@pytest.mark.parametrize(("optimizer", "reason"), REFUSED)
def test_what_cannot_be_said_is_refused(optimizer: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError, match=reason):
        cv.capture_jax(
            loss,
            PARAMETERS,
            X,
            Y,
            out=tmp_path / "f.h5",
            optimizer=optimizer,
            self_check=False,
            quiet=True,
        )
    assert not (tmp_path / "f.h5").exists()


def test_parameters_that_a_file_cannot_step(tmp_path: Path) -> None:
    def attempt(params: Any, fn: Callable[..., Any]) -> Case:
        cv.capture_jax(
            fn,
            params,
            X,
            out=tmp_path / "f.h5",
            optimizer=optax.adamw(0.1),
            quiet=True,
            self_check=False,
        )
        root = cv.read_fixture(tmp_path / "f.h5").root
        assert root is not None
        return root

    # Used twice in one form: one update, with the first use.
    square = {"w": normal(4, 4)}
    case = attempt(square, lambda p, x: jnp.tanh(jnp.tanh(x @ p["w"]) @ p["w"]).sum())
    updated = [bool(x.reference.updated_parameters) for x in case.layers if x.kind == "Linear"]
    assert updated == [True, False]
    with pytest.raises(cv.CaptureError, match="w is used in forms that the file holds apart"):
        attempt(square, lambda p, x: (x @ p["w"]).sum() + (p["w"] ** 2).sum())
    with pytest.raises(cv.CaptureError, match="moves idle, which no layer"):
        attempt(square | {"idle": normal(2)}, lambda p, x: jnp.tanh(x @ p["w"]).sum())


def test_flax_holds_parameters_and_state_together(tmp_path: Path, judge: Judge) -> None:
    module = Module(nnx.Rngs(0))
    optimizer = nnx.Optimizer(module, optax.adam(0.01), wrt=nnx.Param)
    with jax.disable_jit():
        for x, y in BATCHES[:2]:
            optimizer.update(module, nnx.grad(lambda m, x=x, y=y: squares(m(x), y))(module))
        x, y = BATCHES[2]
        capture = tmp_path / "nnx.h5"
        cv.capture_jax(
            lambda m, x, y: squares(m(x), y),
            module,
            x,
            y,
            out=capture,
            optimizer=optimizer,
            quiet=True,
        )
        optimizer.update(module, nnx.grad(lambda m: squares(m(x), y))(module))
    root = cv.read_fixture(capture).root
    assert root is not None
    assert root.optimizer is not None
    assert root.optimizer.step == 2
    layers = {layer.name: layer for layer in root.layers}
    after = layers["first"].reference.updated_parameters["weight"]
    assert np.array_equal(values(after), np.asarray(module.first.kernel[...]))
    assert judge(capture)[0] == 0
    other = nnx.Optimizer(module, optax.sgd(0.01), wrt=nnx.BatchStat)
    with pytest.raises(cv.CaptureError, match=r"wrt=.*nnx\.Param"):
        cv.capture_flax(module, None, x, jnp.sum, tmp_path / "f.h5", optimizer=other)

    net = Normalised()
    variables = net.init(jax.random.key(0), x)
    state = TrainState.create(apply_fn=net.apply, params=variables["params"], tx=optax.sgd(0.1))
    linen_file = tmp_path / "linen.h5"
    cv.capture_flax(
        net, variables, x, lambda s: squares(s, y), linen_file, optimizer=state, quiet=True
    )
    assert judge(linen_file)[0] == 0
    with pytest.raises(cv.CaptureError, match="TrainState has a state"):
        cv.capture_flax(net, variables, x, jnp.sum, "f", optimizer=state, optimizer_state=())
