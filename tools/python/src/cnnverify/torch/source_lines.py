"""Finds the user's own line that called an operation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

_LIBRARY = (
    str(Path(torch.__file__).parent) + os.sep,
    str(Path(__file__).parent.parent) + os.sep,
)


def calling_line() -> str | None:
    """Give `file.py:42` of the first frame outside torch and this package."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARY) and not file.startswith("<"):
            return f"{os.path.basename(file)}:{frame.f_lineno}"
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None
