"""Where a case goes: a file of its own, or a `FixtureFile` that collects several."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .fixture_file import FixtureFile
from .format import Case, Fixture, write_fixture
from .provenance import merged

FilePath = str | os.PathLike[str]
Target = FilePath | FixtureFile


def deliver(
    case: Case,
    out: Target,
    *,
    name: str | None,
    producer: str,
    facts: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
    compress: bool = False,
) -> int:
    """Write a case, or add it; the size of the file in bytes, 0 where it is not written yet."""
    if isinstance(out, FixtureFile):
        out.add(name or "", case, producer=producer, provenance=facts)
        return 0
    fixture = Fixture(producer=producer, provenance=merged(dict(facts), changes))
    if name is None:
        fixture.root = case
    else:
        fixture.cases[name] = case
    return write_fixture(fixture, out, compress=compress)


def failed_path(out: FilePath) -> Path:
    """Give the name under which a failed capture is kept."""
    return Path(f"{os.fspath(out)}.failed")


def readable_size(size: int) -> str:
    """Say a number of bytes for people."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{round(size / 1e3)} KB"
