"""The user's own line that made an equation."""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import Any

_LIBRARIES = ("jax", "flax", "optax", "chex", "haiku", "equinox")


@cache
def _library_paths() -> tuple[str, ...]:
    found = [importlib.util.find_spec(name) for name in _LIBRARIES]
    origins = [spec.origin for spec in found if spec is not None and spec.origin is not None]
    own = str(Path(__file__).parent.parent) + os.sep
    return (*(str(Path(origin).parent) + os.sep for origin in origins), own)


def user_line(source_info: Any) -> str | None:
    """Give `file.py:42` of the innermost frame outside JAX, its libraries and this package."""
    traceback = getattr(source_info, "traceback", None)
    if traceback is None:
        return None
    for frame in traceback.frames:
        file = frame.file_name
        if not file.startswith("<") and not file.startswith(_library_paths()):
            return f"{os.path.basename(file)}:{frame.line_num}"
    return None
