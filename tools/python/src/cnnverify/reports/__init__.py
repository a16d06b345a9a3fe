"""What `cnn-verify` found, read from the file that its option `--json` writes."""

from .arrays import TensorArrays, read_arrays
from .reading import differing, read_report
from .report import LayerRow, Report, Run, TensorRow
from .table import Table

__all__ = [
    "LayerRow",
    "Report",
    "Run",
    "Table",
    "TensorArrays",
    "TensorRow",
    "differing",
    "read_arrays",
    "read_report",
]
