"""Capturing from PyTorch."""

from .session import capture
from .single import layer, stated_layer

__all__ = ["capture", "layer", "stated_layer"]
