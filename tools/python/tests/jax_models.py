"""One model, written three times: plain functions, Flax linen, Flax nnx.

A residual addition, a functional ReLU, a module called twice, batch normalisation in training,
dropout, strided SAME padding, depthwise and transposed convolutions.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx

BATCH, ROWS, COLUMNS, CHANNELS, CLASSES = 3, 7, 10, 4, 5
LAYOUT = ("NHWC", "HWIO", "NHWC")


def images(seed: int = 0) -> Any:
    generator = np.random.default_rng(seed)
    return jnp.asarray(generator.standard_normal((BATCH, ROWS, COLUMNS, 2)), jnp.float32)


def labels() -> Any:
    return jnp.asarray([4, 0, 2])


def plain_parameters(seed: int = 1) -> dict[str, Any]:
    generator = np.random.default_rng(seed)

    def normal(*shape: int) -> Any:
        return jnp.asarray(0.4 * generator.standard_normal(shape), jnp.float32)

    c = CHANNELS
    return {
        "stem": {"kernel": normal(3, 2, 2, c)},
        "bn": {"scale": 1 + normal(c), "bias": normal(c)},
        "twice": {"kernel": normal(3, 3, c, c), "bias": normal(c)},
        "depthwise": {"kernel": normal(3, 3, 1, 2 * c)},
        "up": {"kernel": normal(3, 2, 2 * c, 3), "bias": normal(3)},
        "head": {"kernel": normal(3, CLASSES), "bias": normal(CLASSES)},
    }


def plain_state() -> dict[str, Any]:
    return {"mean": jnp.zeros(CHANNELS), "var": jnp.ones(CHANNELS)}


def convolve(x: Any, layer: Any, strides: Any = (1, 1), groups: int = 1) -> Any:
    y = jax.lax.conv_general_dilated(
        x, layer["kernel"], strides, "SAME", dimension_numbers=LAYOUT, feature_group_count=groups
    )
    return y + layer["bias"] if "bias" in layer else y


def plain_loss(params: Any, state: Any, x: Any, y: Any, key: Any) -> Any:
    h = convolve(x, params["stem"], (2, 2))
    mean = jnp.mean(h, (0, 1, 2))
    var = jnp.var(h, (0, 1, 2))
    new = {
        "mean": 0.9 * state["mean"] + 0.1 * mean,
        "var": 0.9 * state["var"] + 0.1 * var,
    }
    h = (h - mean) / jnp.sqrt(var + 1e-5) * params["bn"]["scale"] + params["bn"]["bias"]
    h = jax.nn.relu(h)
    h = h + convolve(jax.nn.relu(convolve(h, params["twice"])), params["twice"])
    kept = jax.random.bernoulli(key, 0.75, h.shape)
    h = jnp.where(kept, h / 0.75, 0.0)
    h = convolve(h, params["depthwise"], groups=CHANNELS)
    h = jax.lax.conv_transpose(h, params["up"]["kernel"], (2, 3), "SAME", dimension_numbers=LAYOUT)
    h = jax.nn.relu(h + params["up"]["bias"])
    scores = h.mean((1, 2)) @ params["head"]["kernel"] + params["head"]["bias"]
    chosen = jax.nn.log_softmax(scores)[jnp.arange(BATCH), y]
    return -chosen.mean(), new


def cross_entropy(scores: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels()).mean()


class Linen(linen.Module):
    @linen.compact
    def __call__(self, x: Any, train: bool = True) -> Any:
        h = linen.Conv(CHANNELS, (3, 2), (2, 2), use_bias=False, name="stem")(x)
        h = linen.relu(linen.BatchNorm(not train, momentum=0.9, name="bn")(h))
        twice = linen.Conv(CHANNELS, (3, 3), name="twice")
        h = h + twice(linen.relu(twice(h)))
        h = linen.Dropout(0.25, deterministic=not train)(h)
        h = linen.Conv(
            2 * CHANNELS, (3, 3), feature_group_count=CHANNELS, use_bias=False, name="depthwise"
        )(h)
        h = linen.relu(linen.ConvTranspose(3, (3, 2), (2, 3), name="up")(h))
        return linen.Dense(CLASSES, name="head")(h.mean((1, 2)))


class Nnx(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        c = CHANNELS
        self.stem = nnx.Conv(2, c, (3, 2), (2, 2), use_bias=False, rngs=rngs)
        self.bn = nnx.BatchNorm(c, momentum=0.9, rngs=rngs)
        self.twice = nnx.Conv(c, c, (3, 3), rngs=rngs)
        self.drop = nnx.Dropout(0.25, rngs=rngs)
        self.depthwise = nnx.Conv(
            c, 2 * c, (3, 3), feature_group_count=c, use_bias=False, rngs=rngs
        )
        self.up = nnx.ConvTranspose(2 * c, 3, (3, 2), (2, 3), rngs=rngs)
        self.head = nnx.Linear(3, CLASSES, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        h = nnx.relu(self.bn(self.stem(x)))
        h = self.drop(h + self.twice(nnx.relu(self.twice(h))))
        h = nnx.relu(self.up(self.depthwise(h)))
        return self.head(h.mean((1, 2)))
