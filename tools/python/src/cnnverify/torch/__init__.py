"""Capturing from PyTorch."""

from .session import capture
from .single import layer, stated_layer
from .training import capture_training

__all__ = ["capture", "capture_training", "layer", "stated_layer"]
