"""Capturing from Keras, on TensorFlow, PyTorch or JAX."""

from .session import capture_keras
from .single import layer_keras

__all__ = ["capture_keras", "layer_keras"]
