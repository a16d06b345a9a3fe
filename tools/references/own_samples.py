"""Samples beside those of PyTorch's module database: kinds it lacks, options it does not try."""

from __future__ import annotations

from own_functions import FUNCTIONS
from own_layers import LAYERS
from own_windows import WINDOWS
from samples import Maker

OWN: dict[str, Maker] = {**FUNCTIONS, **LAYERS, **WINDOWS}
"""By kind."""
