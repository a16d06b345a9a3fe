"""What the tests of JAX's steps train: a function, and one small network in two styles of Flax."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx

from cnnverify.format import Arranged

RANDOM = np.random.default_rng(41)


def normal(*shape: int) -> Any:
    return jnp.asarray(RANDOM.standard_normal(shape), jnp.float32)


PARAMETERS = {"fc": {"w": normal(4, 3), "b": normal(3)}}
X, Y = normal(5, 4), normal(5, 3)


def loss(params: Any, x: Any, y: Any) -> Any:
    return ((jnp.tanh(x @ params["fc"]["w"] + params["fc"]["b"]) - y) ** 2).mean()


COSINE = optax.cosine_decay_schedule(0.1, 10)


def values(array: Any) -> Any:
    return np.asarray(array.values if isinstance(array, Arranged) else array)


class Normalised(linen.Module):
    @linen.compact
    def __call__(self, x: Any, rate: float = 0.0) -> Any:
        x = linen.BatchNorm(False, momentum=0.9, name="bn")(
            linen.Dense(4, use_bias=False, name="first")(x)
        )
        x = linen.Dropout(rate, deterministic=False)(jnp.tanh(x))
        return linen.Dense(3, name="second")(x)


class Module(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(4, 4, use_bias=False, rngs=rngs)
        self.bn = nnx.BatchNorm(4, momentum=0.9, rngs=rngs)
        self.second = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.second(jnp.tanh(self.bn(self.first(x))))


def squares(scores: Any, y: Any) -> Any:
    return ((scores - y) ** 2).mean()


BATCHES = [(normal(5, 4), normal(5, 3)) for _ in range(4)]
