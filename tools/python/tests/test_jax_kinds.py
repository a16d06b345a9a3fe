"""Every pattern of the JAX exporter alone, in unusual shapes: the file says what it computes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx
from jax import lax

import cnnverify as cv
from cnnverify.format import BFloat16
from recompute import recompute

SEED = 7
Run = Callable[..., Any]


def normal(*shape: int) -> Any:
    generator = np.random.default_rng(sum(shape) + SEED)
    return jnp.asarray(generator.standard_normal(shape), jnp.float32)


LINE, PLANE, SOLID, ROWS = (2, 9, 4), (2, 7, 8, 4), (2, 5, 6, 4, 3), (5, 6)


def convolution(spec: tuple[str, str, str], strides: Any, padding: Any, **more: Any) -> Run:
    def run(params: Any, x: Any) -> Any:
        return lax.conv_general_dilated(
            x, params["w"], strides, padding, dimension_numbers=spec, **more
        )

    return run


def transposed(strides: Any, padding: str, **more: Any) -> Run:
    return lambda params, x: lax.conv_transpose(x, params["w"], strides, padding, **more)


IMAGE = ("NHWC", "HWIO", "NHWC")

CONVOLUTIONS: list[tuple[str, Run, tuple[int, ...], tuple[int, ...]]] = [
    ("Conv2d", convolution(IMAGE, (2, 3), "SAME"), PLANE, (3, 2, 4, 6)),
    (
        "Conv2d",
        convolution(IMAGE, (1, 2), ((1, 0), (2, 3)), rhs_dilation=(2, 1)),
        PLANE,
        (3, 2, 4, 6),
    ),
    ("Conv2d", convolution(IMAGE, (2, 1), "VALID", feature_group_count=2), PLANE, (3, 2, 2, 6)),
    ("Conv2d", convolution(("NCHW", "OIHW", "NCHW"), (2, 1), "SAME"), (2, 4, 7, 8), (6, 4, 3, 2)),
    ("Conv2d", convolution(("CWNH", "IWOH", "NWHC"), (2, 1), "SAME"), (4, 7, 2, 8), (4, 3, 6, 2)),
    (
        "Conv1d",
        convolution(("NHC", "HIO", "NHC"), (2,), "SAME", rhs_dilation=(2,)),
        LINE,
        (3, 4, 5),
    ),
    (
        "Conv3d",
        convolution(("NDHWC", "DHWIO", "NDHWC"), (2, 1, 1), ((1, 1), (0, 0), (2, 2))),
        SOLID,
        (3, 2, 1, 3, 2),
    ),
    ("ConvTranspose2d", transposed((2, 3), "SAME"), PLANE, (3, 2, 4, 6)),
    ("ConvTranspose2d", transposed((2, 1), "VALID", rhs_dilation=(2, 1)), PLANE, (3, 2, 4, 6)),
    ("ConvTranspose2d", transposed((2, 3), "SAME", transpose_kernel=True), PLANE, (3, 2, 6, 4)),
    (
        "ConvTranspose2d",
        convolution(IMAGE, (1, 1), ((1, 2), (0, 1)), lhs_dilation=(2, 2), feature_group_count=2),
        PLANE,
        (3, 2, 2, 6),
    ),
]

FUNCTIONS: list[tuple[str, Run, tuple[tuple[int, ...], ...]]] = [
    *[
        (kind, getattr(jax.nn, name), (PLANE,))
        for kind, name in (
            ("ReLU", "relu"),
            ("SiLU", "silu"),
            ("GELU", "gelu"),
            ("Sigmoid", "sigmoid"),
            ("Softplus", "softplus"),
            ("ELU", "elu"),
            ("SELU", "selu"),
            ("Mish", "mish"),
            ("Softmax", "softmax"),
            ("LogSoftmax", "log_softmax"),
            ("GLU", "glu"),
        )
    ],
    ("GELU", lambda x: jax.nn.gelu(x, approximate=False), (PLANE,)),
    ("LeakyReLU", lambda x: jax.nn.leaky_relu(x, 0.2), (PLANE,)),
    ("Softmax", lambda x: jax.nn.softmax(x, axis=1), (PLANE,)),
    ("ReLU", lambda x: jnp.maximum(x, 0), (PLANE,)),
    ("MatMul", jnp.matmul, ((2, 3, 4), (2, 4, 5))),
    ("MaxPool2d", lambda x: linen.max_pool(x, (3, 2), (2, 2), "SAME"), (PLANE,)),
    ("MaxPool1d", lambda x: linen.max_pool(x, (3,), (2,)), (LINE,)),
    ("AvgPool2d", lambda x: linen.avg_pool(x, (3, 2), (2, 2), "SAME"), (PLANE,)),
    (
        "AvgPool2d",
        lambda x: linen.avg_pool(x, (3, 2), (2, 2), ((1, 0), (0, 1)), count_include_pad=False),
        (PLANE,),
    ),
    (
        "SumPool2d",
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 3, 2, 1), (1, 2, 1, 1), "SAME"),
        (PLANE,),
    ),
    ("Add", jnp.add, (PLANE, (8, 4))),
    ("Mul", jnp.multiply, ((2, 1, 1, 4), PLANE)),
    ("Sub", jnp.subtract, ((6,), ROWS)),
    ("Mul", lambda x: x * x, (ROWS,)),
    ("Scale", lambda x: x * 0.3, (ROWS,)),
    ("Scale", lambda x: x / 4, (ROWS,)),
    ("Scale", lambda x: x / 3, (PLANE,)),
    ("Shift", lambda x: x - 0.7, (ROWS,)),
    ("Sub", lambda x: 1 - x, (ROWS,)),
    ("Power", lambda x: x**3, (ROWS,)),
    ("Exp", jnp.exp, (ROWS,)),
    ("Tanh", jnp.tanh, (ROWS,)),
    ("Mean", lambda x: x.mean((1, 2), keepdims=True), (PLANE,)),
    ("Sum", lambda x: x.sum(0), (PLANE,)),
    ("Flatten", lambda x: x.reshape(2, -1), (PLANE,)),
    ("Permute", lambda x: x.transpose(0, 3, 1, 2), (PLANE,)),
    ("Slice", lambda x: x[:, 1:5:2], (PLANE,)),
    ("Concat", lambda a, b: jnp.concatenate([a, b], 1), (PLANE, (2, 3, 8, 4))),
    ("Split", lambda x: jnp.split(x, 2, 1), ((2, 6, 3),)),
    ("ConstantPad2d", lambda x: jnp.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))), (PLANE,)),
    ("Mul", lambda x: jnp.where(x > 0.3, x, 0.0), (PLANE,)),
    ("Tanh", jax.checkpoint(jnp.tanh), (ROWS,)),
    ("LeakyReLU", lambda x: jnp.where(x > 0, x, 0.3 * x), (ROWS,)),
    ("Hardtanh", jax.nn.hard_tanh, (ROWS,)),
]

MODULES: list[tuple[str, Any, tuple[int, ...]]] = [
    ("Conv2d", linen.Conv(8, (3, 2), strides=(2, 1), feature_group_count=4), PLANE),
    ("ConvTranspose2d", linen.ConvTranspose(5, (3, 2), strides=(2, 2), padding="VALID"), PLANE),
    ("Linear", linen.Dense(5), PLANE),
    ("BatchNorm1d", linen.BatchNorm(False), ROWS),
    ("BatchNorm1d", linen.BatchNorm(False, use_scale=False), LINE),
    ("BatchNorm2d", linen.BatchNorm(True), PLANE),
    ("BatchNorm3d", linen.BatchNorm(False, use_fast_variance=False), SOLID),
    ("LayerNorm", linen.LayerNorm(use_fast_variance=False), PLANE),
    ("GroupNorm", linen.GroupNorm(2), PLANE),
    ("InstanceNorm2d", linen.InstanceNorm(), PLANE),
    ("RMSNorm", linen.RMSNorm(), PLANE),
    ("Dropout", linen.Dropout(0.3, deterministic=False), PLANE),
    ("PReLU", linen.PReLU(), PLANE),
    ("Conv2d", nnx.Conv(4, 5, (3, 2), padding="SAME", rngs=nnx.Rngs(0)), PLANE),
    ("GroupNorm", nnx.GroupNorm(4, 2, rngs=nnx.Rngs(0)), PLANE),
]


def check(path: Path, kind: str, layer: Any, *inputs: Any, params: Any = None) -> None:
    cv.layer_jax(layer, *inputs, params=params, out=path, seed=SEED, twin="float64")
    root = cv.read_fixture(path).root
    assert root is not None
    assert [made.kind for made in root.layers] == [kind]
    assert root.layers[0].reference_f64 is not None
    differences, compared = recompute(path, 2e-5)
    assert differences == []
    assert compared >= (6 if params is not None else 4)


@pytest.mark.parametrize(("kind", "run", "shape", "kernel"), CONVOLUTIONS)
def test_convolutions(
    tmp_path: Path, kind: str, run: Run, shape: tuple[int, ...], kernel: tuple[int, ...]
) -> None:
    check(tmp_path / "f.h5", kind, run, normal(*shape), params={"w": normal(*kernel)})


def test_rows_of_a_table(tmp_path: Path) -> None:
    indices = jnp.asarray([[1, 2, 0], [0, 3, 3]])
    check(tmp_path / "f.h5", "Embedding", linen.Embed(5, 4), indices)


def test_bfloat16(tmp_path: Path) -> None:
    path = tmp_path / "f.h5"
    cv.layer_jax(jax.nn.relu, normal(*ROWS).astype(jnp.bfloat16), out=path)
    root = cv.read_fixture(path).root
    assert root is not None
    assert root.layers[0].kind == "ReLU"
    assert isinstance(root.layers[0].reference.outputs[0], BFloat16)


@pytest.mark.parametrize(("kind", "run", "shapes"), FUNCTIONS)
def test_functions(
    tmp_path: Path, kind: str, run: Run, shapes: tuple[tuple[int, ...], ...]
) -> None:
    check(tmp_path / "f.h5", kind, run, *[normal(*shape) for shape in shapes])


@pytest.mark.parametrize(("kind", "module", "shape"), MODULES)
def test_modules(tmp_path: Path, kind: str, module: Any, shape: tuple[int, ...]) -> None:
    check(tmp_path / "f.h5", kind, module, normal(*shape) + 0.5)
