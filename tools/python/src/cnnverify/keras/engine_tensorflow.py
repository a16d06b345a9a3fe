"""Keras on TensorFlow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .engines import Function, Tensor, unchanged


class TensorFlowEngine:
    """Eager TensorFlow under a gradient tape."""

    name = "tensorflow"

    def differentiate(
        self, function: Function, leaves: Sequence[Tensor], upstream: Sequence[Tensor | None]
    ) -> tuple[list[Tensor], list[Tensor | None], Any]:
        """Run forward and backward with `tf.GradientTape`."""
        own = [tf.identity(leaf) for leaf in leaves]
        with tf.GradientTape() as tape:
            for leaf in own:
                tape.watch(leaf)
            outputs, beside = function(own)
        given: Sequence[Tensor | None] = upstream or [tf.ones_like(outputs[0])]
        pairs = [(o, g) for o, g in zip(outputs, given, strict=True) if g is not None]
        gradients: list[Tensor | None] = [None] * len(own)
        if pairs and own:
            found = tape.gradient(
                [o for o, _ in pairs], own, output_gradients=[g for _, g in pairs]
            )
            # The gradient of a table is a list of its rows.
            gradients = [None if g is None else tf.convert_to_tensor(g) for g in found]
        return list(outputs), gradients, beside

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor."""
        return isinstance(value, tf.Tensor)

    def random_state(self) -> Any:
        """Keras' layers draw from their own seeds."""
        return None

    def restored_random(self, state: Any) -> contextlib.AbstractContextManager[None]:
        """Keras' layers draw from their own seeds."""
        return unchanged()

    def settled(self) -> contextlib.AbstractContextManager[None]:
        """Leave TensorFlow's determinism alone, for it cannot be taken back; a replay tells."""
        return unchanged()

    def wide(self) -> contextlib.AbstractContextManager[None]:
        """TensorFlow always has float64."""
        return unchanged()

    def producer(self) -> str:
        """Name the version of TensorFlow."""
        return f"tensorflow {tf.__version__}"

    def flags(self) -> dict[str, Any]:
        """Give the flags that choose an engine."""
        return {
            "device": "gpu" if tf.config.list_physical_devices("GPU") else "cpu",
            "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
            "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
            "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        }
