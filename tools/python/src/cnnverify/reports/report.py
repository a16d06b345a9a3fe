"""The content of a report as plain data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import FormatError
from .arrays import TensorArrays, read_arrays
from .table import Table, text_table

FAILING = frozenset({"differ", "invalid"})
"""Verdicts that say that something is wrong."""

Record = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Run:
    """A fixture, or a pair of files, that was opened."""

    fixture: str
    producer: str | None = None
    provenance: Mapping[str, Any] | None = None
    sha256: str | None = None
    cases: int = 0
    arrays: str | None = None
    """The file that `--arrays` wrote."""
    compared_with: str | None = None
    """The other file, where two were compared."""
    version: str | None = None


@dataclass(frozen=True, eq=False)
class TensorRow:
    """What was found about one tensor; figures are None where nothing was compared.

    `mode` is `isolated` for a layer that was fed the reference's own tensors, `chained` for the
    network run as a whole, `trajectory` behind several steps of training. `record` holds every
    field as it was written, those that this class does not know too.
    """

    fixture: str
    case: str | None
    layer: str
    kind: str
    tensor: str
    against: str
    mode: str
    verdict: str
    shape: tuple[int, ...] | None
    reason: str | None
    max_abs: float | None
    max_rel: float | None
    max_ulp: float | None
    bound_ratio: float | None
    worst_index: tuple[int, ...] | None
    ours: float | None
    reference: float | None
    bound: float | None
    record: Record = field(repr=False)
    report: Report = field(repr=False)

    @property
    def fails(self) -> bool:
        """Whether the tensor differs, or holds what is not finite."""
        return self.verdict in FAILING

    def arrays(self, fixture: str | os.PathLike[str] | None = None) -> TensorArrays:
        """Give the tensor's elements; see `Report.arrays`."""
        return self.report.arrays(self, fixture)


@dataclass(frozen=True, eq=False)
class LayerRow:
    """What was found about one layer."""

    fixture: str
    case: str | None
    layer: str
    kind: str
    verdict: str
    source: str | None
    expected_failure: str | None
    record: Record = field(repr=False)


@dataclass(eq=False)
class Report:
    """Everything that one run of `cnn-verify` reported, in the order in which it happened."""

    path: str
    runs: list[Run] = field(default_factory=list)
    tensors: list[TensorRow] = field(default_factory=list)
    layers: list[LayerRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Why a fixture, or a part of one, could not be used."""
    records: list[Record] = field(default_factory=list)
    """Every line as it was written, for what this class does not know."""
    arrays_path: str | None = None

    @property
    def summary(self) -> Record:
        """The last record: counts of verdicts, `exit`, and `status`.

        Empty where the report was cut off.
        """
        for record in reversed(self.records):
            if record.get("record") == "summary":
                return record
        return {}

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end."""
        return bool(self.summary) and self.summary.get("status", "complete") == "complete"

    @property
    def differing(self) -> list[TensorRow]:
        """The tensors that differ or are invalid, of layers on their own first."""
        failing = [row for row in self.tensors if row.fails]
        return sorted(failing, key=lambda row: row.mode == "chained")

    def of(self, layer: str, case: str | None = None) -> list[TensorRow]:
        """Give the tensors of one layer, in any case or in the one of that name."""
        return [r for r in self.tensors if r.layer == layer and case in (None, r.case)]

    def table(self) -> Any:
        """Give all tensors as a pandas DataFrame, or as a list of dicts where pandas is not.

        A weights or conformance report gives its own records.
        """
        table = self._table()
        try:
            import pandas
        except ImportError:
            return table.rows
        return pandas.DataFrame(table.rows, columns=table.columns)

    def text(self, *, failing: bool = False) -> str:
        """Give the same as lines of text, on request only those tensors that fail."""
        if not self.tensors:
            return text_table(self._table())
        rows = self.differing if failing else self.tensors
        return text_table(
            Table(
                ["case", "layer", "kind", "tensor", "mode", "verdict", "max_abs", "bound_ratio"],
                [dict(row.record) for row in rows],
            )
        )

    def _table(self) -> Table:
        if self.tensors:
            rows = [{k: v for k, v in r.record.items() if k != "record"} for r in self.tensors]
        else:
            rows = [dict(r) for r in self.records if r.get("record") not in ("summary", "run")]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return Table(columns, [{name: row.get(name) for name in columns} for row in rows])

    def arrays(self, row: TensorRow, fixture: str | os.PathLike[str] | None = None) -> TensorArrays:
        """Give the elements of a tensor, to be plotted.

        The reference is read from the fixture, in canonical axes; what `cnn-verify` computed, and
        the bounds, from the file of its option `--arrays`, where it was given and holds the tensor.
        `fixture` says where the fixture is now, if not where it was.
        """
        if any(run.compared_with is not None for run in self.runs):
            raise FormatError("a comparison of two files has no arrays; open both with h5py")
        # Only the run of each layer on its own is in the file.
        alone = row.mode == "isolated" and self.arrays_path is not None
        return read_arrays(
            fixture if fixture is not None else self._found(row.fixture),
            self._found(str(self.arrays_path)) if alone else None,
            case=row.case,
            layer=row.layer,
            kind=row.kind,
            against=row.against,
            tensor=row.tensor,
        )

    def _found(self, path: str) -> str:
        """Find a file that the report names: from here, or beside the report."""
        beside = os.path.join(os.path.dirname(self.path), path)
        same_folder = os.path.join(os.path.dirname(self.path), os.path.basename(path))
        for place in (path, beside, same_folder):
            if os.path.exists(place):
                return place
        return path
