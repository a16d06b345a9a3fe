"""Keras on JAX."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp

from .engines import Function, Tensor, unchanged, without_narrowing


class JaxEngine:
    """Operation by operation, not compiled as a whole: each runs as it would in a replay."""

    name = "jax"

    def differentiate(
        self, function: Function, leaves: Sequence[Tensor], upstream: Sequence[Tensor | None]
    ) -> tuple[list[Tensor], list[Tensor | None], Any]:
        """Run forward and backward with `jax.vjp`."""
        outputs, pullback, beside = jax.vjp(function, list(leaves), has_aux=True)
        if upstream:
            given = [
                jnp.zeros_like(o) if g is None else g
                for o, g in zip(outputs, upstream, strict=True)
            ]
        else:
            given = [jnp.ones_like(outputs[0])]
        (gradients,) = pullback(given)
        return outputs, list(gradients), beside

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is an array, traced or not."""
        return isinstance(value, jax.Array)

    def random_state(self) -> Any:
        """JAX has no state of its own."""
        return None

    def restored_random(self, state: Any) -> contextlib.AbstractContextManager[None]:
        """JAX has no state of its own."""
        return unchanged()

    @contextlib.contextmanager
    def settled(self) -> Iterator[None]:
        """Multiply matrices in full precision."""
        with jax.default_matmul_precision("highest"):
            yield

    @contextlib.contextmanager
    def wide(self) -> Iterator[None]:
        """Without `jax_enable_x64`, float64 silently becomes float32."""
        with jax.enable_x64(True), without_narrowing():
            yield

    def producer(self) -> str:
        """Name the version of JAX."""
        return f"jax {jax.__version__}"

    def flags(self) -> dict[str, Any]:
        """Give the flags of XLA."""
        return {
            "device": jax.default_backend(),
            "jaxlib": version("jaxlib"),
            "xla_flags": os.environ.get("XLA_FLAGS", ""),
            "matmul_precision": "highest",
            "compiled": "operation by operation",
        }
