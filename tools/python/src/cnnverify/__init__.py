"""Exports what a framework computed, layer by layer, for `cnn-verify` to check.

`capture` and the functions for single layers need torch; it is imported when they are first used.
"""

from typing import TYPE_CHECKING, Any

from .errors import CaptureError, CnnVerifyError, FormatError, SelfCheckError
from .fixture_file import FixtureFile
from .format import read_fixture, write_fixture
from .reports import Report, TensorArrays, TensorRow, differing, read_report

if TYPE_CHECKING:
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
    "capture_training",
    "differing",
    "grid",
    "layer",
    "read_fixture",
    "read_report",
    "stated_layer",
    "write_fixture",
]

_FROM_TORCH = ("canary", "capture", "capture_training", "grid", "layer", "stated_layer")


def __getattr__(name: str) -> Any:
    """Import torch only for those who need it."""
    if name not in _FROM_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import torch as torch_exporter
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError(
            f"cnnverify.{name} needs PyTorch: pip install 'cnnverify[torch]'", name="torch"
        ) from error
    return getattr(torch_exporter, name)
