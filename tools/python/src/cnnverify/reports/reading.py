"""Reads a report: one JSON object a line."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from ..errors import FormatError
from .report import LayerRow, Record, Report, Run, TensorRow

SCHEMA = 1
"""Counts breaking changes; a report of a higher one is refused."""

_FIGURES = ("max_abs", "max_rel", "max_ulp", "bound_ratio", "ours", "reference", "bound")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The numbers that JSON lacks, as `cnn-verify` writes them."""


def read_report(
    path: str | os.PathLike[str], arrays: str | os.PathLike[str] | None = None
) -> Report:
    """Read what `check`, `compare` or `weights` wrote with `--json FILE`.

    `arrays` is the file of `check --arrays`, if it is no longer where the report says. A report
    whose last line is missing, because the run was killed, is read as far as it goes.
    """
    report = Report(os.fspath(path))
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            _add(report, _parsed(line, number, len(lines), report.path))
    if not report.records:
        raise FormatError(f"{report.path} holds no report; write one with cnn-verify --json FILE")
    named = next((run.arrays for run in report.runs if run.arrays is not None), None)
    report.arrays_path = os.fspath(arrays) if arrays is not None else named
    return report


def differing(report: Report) -> list[TensorRow]:
    """Give the tensors of a report that differ or are invalid."""
    return report.differing


def _parsed(line: str, number: int, count: int, path: str) -> Record:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        if number == count > 1:
            return {"record": "cut-off"}
        raise FormatError(
            f"{path}, line {number}: no JSON ({error.msg}); is it a report of cnn-verify --json?"
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("record"), str):
        raise FormatError(f"{path}, line {number}: no record; is it a report of cnn-verify --json?")
    schema = record.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise FormatError(f"{path}: written in schema {schema}; this cnnverify reads {SCHEMA}")
    return record


def _add(report: Report, record: Record) -> None:
    sort = record["record"]
    report.records.append(record)
    if sort == "run":
        report.runs.append(_run(record))
    elif sort == "tensor" and "verdict" in record:
        report.tensors.append(_tensor(record, report))
    elif sort == "layer" and "verdict" in record:
        report.layers.append(_layer(record))
    elif sort == "warning":
        report.warnings.append(str(record.get("text", "")))
    elif sort == "note":
        report.notes.append(str(record.get("text", "")))
    elif sort == "error":
        report.errors.extend(str(problem) for problem in record.get("problems", ()))


def _run(record: Record) -> Run:
    try:
        provenance = json.loads(record.get("provenance") or "null")
    except json.JSONDecodeError:
        provenance = None  # free-form: other exporters may write plain text
    return Run(
        fixture=str(record["fixture"]),
        producer=record.get("producer"),
        provenance=provenance if isinstance(provenance, dict) else None,
        sha256=record.get("sha256"),
        cases=int(record.get("cases", 0)),
        arrays=record.get("arrays"),
        compared_with=record.get("compared_with"),
        version=record.get("version"),
    )


def _tensor(record: Record, report: Report) -> TensorRow:
    figures: dict[str, Any] = {name: _number(record.get(name)) for name in _FIGURES}
    return TensorRow(
        fixture=str(record["fixture"]),
        case=record.get("case"),
        layer=str(record["layer"]),
        kind=str(record["kind"]),
        tensor=str(record["tensor"]),
        against=str(record.get("against", "reference")),
        mode=str(record.get("mode", "isolated")),
        verdict=str(record["verdict"]),
        shape=_extents(record.get("shape")),
        reason=record.get("reason"),
        worst_index=_extents(record.get("worst_index")),
        record={name: _number(value) for name, value in record.items()},
        report=report,
        **figures,
    )


def _layer(record: Record) -> LayerRow:
    return LayerRow(
        fixture=str(record["fixture"]),
        case=record.get("case"),
        layer=str(record["layer"]),
        kind=str(record["kind"]),
        verdict=str(record["verdict"]),
        source=record.get("source"),
        expected_failure=record.get("expected_failure"),
        record=record,
    )


def _number(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _extents(value: Any) -> tuple[int, ...] | None:
    return tuple(int(n) for n in value) if value is not None else None
