"""Collects several cases and writes them as one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from .errors import FormatError
from .format import Case, Fixture, fitting_name, write_fixture
from .provenance import merged


class FixtureFile:
    """A file of several cases: `with FixtureFile("layers.h5") as file: layer(..., out=file)`.

    The file is written when the block ends without an error.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        compress: bool = False,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self.compress = compress
        self.changes = provenance
        self.fixture = Fixture()

    def add(
        self,
        name: str,
        case: Case,
        *,
        producer: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a case; the first one's producer and provenance speak for the file."""
        if name in self.fixture.cases:
            raise FormatError(f"there is a case {name!r} already; give each its own name")
        self.fixture.cases[name] = case
        self.fixture.producer = self.fixture.producer or producer
        if self.fixture.provenance is None and provenance is not None:
            facts = {k: v for k, v in provenance.items() if k not in ("self_check", "seed")}
            self.fixture.provenance = facts

    def free_name(self, wanted: str) -> str:
        """Give a case name that is not taken yet."""
        return fitting_name(wanted, self.fixture.cases)

    def write(self) -> int:
        """Write the file now; the number of its bytes."""
        self.fixture.provenance = merged(dict(self.fixture.provenance or {}), self.changes)
        return write_fixture(self.fixture, self.path, compress=self.compress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.write()
