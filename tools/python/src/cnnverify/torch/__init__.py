"""Capturing from PyTorch."""

from .grids import canary, grid
from .session import capture
from .single import layer, stated_layer
from .training import capture_training

__all__ = ["canary", "capture", "capture_training", "grid", "layer", "stated_layer"]
