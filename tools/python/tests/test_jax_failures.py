"""What the JAX exporter must not get wrong in silence: refused, or kept without a kind."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cnnverify as cv
from cnnverify.format import Case
from cnnverify.jax import execution

X = jnp.asarray(np.random.default_rng(3).standard_normal((3, 4)), jnp.float32)
W = {"layer": {"w": jnp.asarray(np.random.default_rng(4).standard_normal((4, 4)), jnp.float32)}}


def captured(path: Path, loss: Any, *inputs: Any) -> Case:
    cv.capture_jax(loss, W, *inputs, out=path, twin="float64", quiet=True)
    root = cv.read_fixture(path).root
    assert root is not None
    return root


@jax.custom_vjp
def clipped(x: Any) -> Any:
    return x * 1.5


clipped.defvjp(lambda x: (x * 1.5, None), lambda _, g: (jnp.clip(g, -0.1, 0.1),))


def test_a_function_with_its_own_derivative_is_one_layer(tmp_path: Path) -> None:
    case = captured(tmp_path / "f.h5", lambda p, x: clipped(x @ p["layer"]["w"]).sum(), X)
    own = next(x for x in case.layers if x.kind == "jax.custom_vjp_call")
    sent = np.asarray(own.reference.grad_inputs[0])
    np.testing.assert_allclose(sent, np.full((3, 4), 0.1), rtol=1e-6)
    assert "x_reason" in own.attributes
    linear = next(x for x in case.layers if x.kind == "Linear")
    np.testing.assert_array_equal(np.asarray(linear.reference.grad_outputs[0]), sent)


def test_scan_and_unknown_functions_are_layers_without_a_kind(tmp_path: Path) -> None:
    def loss(p: Any, x: Any) -> Any:
        def step(h: Any, row: Any) -> Any:
            h = jnp.tanh(h @ p["layer"]["w"] + row)
            return h, h

        h, _ = jax.lax.scan(step, jnp.zeros(4), x)
        return jnp.sin(jnp.cumsum(h)).sum()

    case = captured(tmp_path / "f.h5", loss, X)
    kinds = {layer.kind: layer for layer in case.layers}
    assert {"jax.scan", "jax.cumsum", "jax.sin", "Parameter"} <= kinds.keys()
    found = np.asarray(kinds["Parameter"].reference.grad_parameters["value"])
    expected = jax.grad(loss)(W, X)["layer"]["w"]
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5, atol=1e-7)


def test_a_loop_without_reverse_derivative_is_refused(tmp_path: Path) -> None:
    def loss(p: Any, x: Any) -> Any:
        y = x @ p["layer"]["w"]
        return jax.lax.while_loop(lambda h: h.sum() < 9, lambda h: h + 1, y).sum()

    with pytest.raises(cv.CaptureError, match=r"while .*test_jax_failures\.py:\d+"):
        captured(tmp_path / "f.h5", loss, X)
    assert not (tmp_path / "f.h5").exists()


def test_a_loss_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError, match="one floating number"):
        captured(tmp_path / "f.h5", lambda p, x: x @ p["layer"]["w"], X)
    with pytest.raises(cv.CaptureError, match="nothing to differentiate"):
        captured(tmp_path / "f.h5", lambda p, x: jnp.zeros(()), X)


def test_an_impure_function_fails_the_self_check(tmp_path: Path) -> None:
    calls = []

    def loss(p: Any, x: Any) -> Any:
        calls.append(1)
        return (x @ p["layer"]["w"]).sum() * len(calls)

    with pytest.raises(cv.SelfCheckError, match="no file was written"):
        captured(tmp_path / "f.h5", loss, X)
    assert not (tmp_path / "f.h5").exists()
    with pytest.warns(UserWarning, match="self-check"):
        cv.capture_jax(loss, W, X, out=tmp_path / "f.h5", self_check="warn", quiet=True)


def test_infinite_gradients_are_told(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="NaN or infinite"):
        captured(tmp_path / "f.h5", lambda p, x: jnp.sqrt(x @ p["layer"]["w"] * 0).sum(), X)


def test_a_maximum_of_equal_numbers_is_no_relu(tmp_path: Path) -> None:
    def loss(p: Any, x: Any) -> Any:
        return jnp.maximum(x @ p["layer"]["w"], 0).sum()

    kinds = [layer.kind for layer in captured(tmp_path / "f.h5", loss, X * 0).layers]
    assert "jax.max" in kinds
    kinds = [layer.kind for layer in captured(tmp_path / "f.h5", loss, X).layers]
    assert "ReLU" in kinds


def test_a_detached_mean_is_no_normalisation(tmp_path: Path) -> None:
    def loss(p: Any, x: Any, detach: bool) -> Any:
        h = x @ p["layer"]["w"]
        mean = h.mean(-1, keepdims=True)
        mean = jax.lax.stop_gradient(mean) if detach else mean
        spread = jnp.sqrt(((h - mean) ** 2).mean(-1, keepdims=True) + 1e-3)
        return (((h - mean) / spread) ** 3).sum()

    wrong = captured(tmp_path / "f.h5", lambda p, x: loss(p, x, True), X)
    assert "LayerNorm" not in [layer.kind for layer in wrong.layers]
    right = captured(tmp_path / "f.h5", lambda p, x: loss(p, x, False), X)
    assert "LayerNorm" in [layer.kind for layer in right.layers]


def test_a_name_alone_makes_no_activation(tmp_path: Path) -> None:
    @jax.jit
    def silu(x: Any) -> Any:
        return x * jax.nn.sigmoid(1.1 * x)

    case = captured(tmp_path / "f.h5", lambda p, x: silu(x @ p["layer"]["w"]).sum(), X)
    assert {"Scale", "Sigmoid", "Mul"} <= {layer.kind for layer in case.layers}
    assert "SiLU" not in {layer.kind for layer in case.layers}


def test_a_single_layer_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(cv.CaptureError, match="takes one operation"):
        cv.layer_jax(lambda x: jnp.exp(jnp.tanh(x)), X, out=tmp_path / "f.h5")
    with pytest.raises(cv.CaptureError, match=r"jax\.sin cannot be expressed"):
        cv.layer_jax(jnp.sin, X, out=tmp_path / "f.h5")


def test_parameters_of_equations_turn_into_what_primitives_take() -> None:
    closed = jax.make_jaxpr(jax.nn.relu)(X)
    equation = closed.jaxpr.eqns[0]
    assert equation.primitive.name == "custom_jvp_call"
    (result,) = execution.bind(equation.primitive, [X], equation.params)
    np.testing.assert_array_equal(np.asarray(result), np.maximum(np.asarray(X), 0))


def test_the_twin_is_made_in_float64_without_the_switch(tmp_path: Path) -> None:
    case = captured(tmp_path / "f.h5", lambda p, x: (x @ p["layer"]["w"]).sum(), X)
    assert not jax.config.jax_enable_x64
    linear = case.layers[0]
    assert linear.reference_f64 is not None
    wide = linear.reference_f64.outputs[0]
    assert isinstance(wide, np.ndarray)
    assert wide.dtype == np.float64
    exact = np.asarray(X, np.float64) @ np.asarray(W["layer"]["w"], np.float64)
    np.testing.assert_allclose(wide, exact, rtol=1e-14)
