"""Capturing from JAX: plain functions, Flax linen and Flax nnx."""

from .modules import capture_flax
from .session import capture_jax
from .single import layer_jax
from .training import capture_training_flax, capture_training_jax

__all__ = [
    "capture_flax",
    "capture_jax",
    "capture_training_flax",
    "capture_training_jax",
    "layer_jax",
]
