"""Capturing from Keras, on TensorFlow, PyTorch or JAX."""

from .session import capture_keras
from .single import layer_keras
from .training import capture_training_keras

__all__ = ["capture_keras", "capture_training_keras", "layer_keras"]
