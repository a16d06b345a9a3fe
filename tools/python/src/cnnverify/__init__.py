"""Exports what a framework computed, layer by layer, for `cnn-verify` to check.

`capture` and the functions for single layers need torch, those with `keras` in their name Keras,
those with `jax` or `flax` JAX; each is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import CaptureError, CnnVerifyError, FormatError, SelfCheckError
from .fixture_file import FixtureFile
from .format import read_fixture, write_fixture
from .reports import Report, TensorArrays, TensorRow, differing, read_report

if TYPE_CHECKING:
    from .jax import (
        capture_flax,
        capture_jax,
        capture_training_flax,
        capture_training_jax,
        layer_jax,
    )
    from .keras import capture_keras, capture_training_keras, layer_keras
    from .torch import canary, capture, capture_training, grid, layer, stated_layer

__version__ = "0.1.0"

__all__ = [
    "CaptureError",
    "CnnVerifyError",
    "FixtureFile",
    "FormatError",
    "Report",
    "SelfCheckError",
    "TensorArrays",
    "TensorRow",
    "canary",
    "capture",
    "capture_flax",
    "capture_jax",
    "capture_keras",
    "capture_training",
    "capture_training_flax",
    "capture_training_jax",
    "capture_training_keras",
    "differing",
    "grid",
    "layer",
    "layer_jax",
    "layer_keras",
    "read_fixture",
    "read_report",
    "stated_layer",
    "write_fixture",
]

_HOMES = {
    "canary": ("torch", "PyTorch"),
    "capture": ("torch", "PyTorch"),
    "capture_training": ("torch", "PyTorch"),
    "grid": ("torch", "PyTorch"),
    "layer": ("torch", "PyTorch"),
    "stated_layer": ("torch", "PyTorch"),
    "capture_flax": ("jax", "JAX"),
    "capture_jax": ("jax", "JAX"),
    "capture_training_flax": ("jax", "JAX"),
    "capture_training_jax": ("jax", "JAX"),
    "layer_jax": ("jax", "JAX"),
    "capture_keras": ("keras", "Keras"),
    "capture_training_keras": ("keras", "Keras"),
    "layer_keras": ("keras", "Keras"),
}
"""The framework that each function needs, as a package and as people call it."""


def __getattr__(name: str) -> Any:
    """Import a framework only for those who need it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    package, title = _HOMES[name]
    try:
        exporter = import_module(f".{package}", __name__)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ModuleNotFoundError(
            f"cnnverify.{name} needs {title}: pip install 'cnnverify[{package}]'", name=package
        ) from error
    return getattr(exporter, name)
