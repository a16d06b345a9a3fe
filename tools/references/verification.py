"""Runs cnn-verify on a file of cases and says what became of each reference tensor."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import cnnverify

FITTING = frozenset({"agree", "warn", "vacuous"})
"""Verdicts on a tensor that was held against its reference and fits."""

_JUDGED = ("output", "grad_input", "grad_parameters", "buffers", "updated_parameters")


@dataclass
class Found:
    """What became of one case."""

    problems: list[str] = field(default_factory=list)
    compared: int = 0
    informative: int = 0
    """Tensors in which an error could have shown."""
    undefined: int = 0
    """Tensors that are NaN at the same places on both sides, without a NaN in the input."""
    is_refused: bool = False
    """Whether the program takes the case for no valid fixture."""

    @property
    def agrees(self) -> bool:
        """Whether everything the case holds was compared and fits."""
        return not self.problems and not self.undefined and self.compared > 0

    @property
    def is_undefined(self) -> bool:
        """Whether all that keeps a case from agreeing is NaN on both sides."""
        return not self.problems and self.undefined > 0


class CommandError(Exception):
    """The command did not do its work."""


@dataclass(frozen=True)
class Command:
    """The program that is judged."""

    path: Path
    precision: str = "float64"

    def kinds(self) -> list[str]:
        """Give the kinds of layers that the program knows."""
        return [line.split()[0] for line in self._run("layers").splitlines() if line.strip()]

    def verify(self, file: cnnverify.FixtureFile) -> dict[str, Found]:
        """Write a file and check it; the findings by the name of the case.

        Every tensor below `reference` must have been compared: a silent gap is a problem too. The
        program refuses a file with an error as a whole: the cases with errors are taken out, and
        the rest is checked again.
        """
        refused: dict[str, Found] = {}
        while file.fixture.cases:
            file.write()
            found = self._verify(Path(file.path))
            wrong = {name: result for name, result in found.items() if result.is_refused}
            refused |= wrong
            if not wrong or len(wrong) == len(found):
                return found | refused
            for name in wrong:
                del file.fixture.cases[name]
        return refused

    def _verify(self, file: Path) -> dict[str, Found]:
        report = self._run(
            "check", str(file), "--json", "-", "--no-chained", "--precision", self.precision
        )
        records = [json.loads(line) for line in report.splitlines() if line.startswith("{")]
        if not records or records[-1]["record"] != "summary":
            raise CommandError(f"{self.path} ended early on {file.name}:\n{report}")
        tensors: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        errors: list[str] = []
        for record in records:
            if record["record"] == "tensor":
                path = f"{record['layer']}/{record['against']}/{record['tensor']}"
                tensors[record["case"]][path] = record
            elif record["record"] == "error":
                errors += record["problems"]
        return {
            case: _judged(
                paths,
                _nans(file, case, paths),
                tensors[case],
                [e for e in errors if f"/cases/{case}/" in e],
            )
            for case, paths in _references(file).items()
        }

    def _run(self, *arguments: str) -> str:
        run = subprocess.run(
            [str(self.path), *arguments], capture_output=True, text=True, check=False
        )
        if run.returncode not in (0, 1, 2):
            raise CommandError(f"{self.path} ended with {run.returncode}: {run.stderr.strip()}")
        return run.stdout


def _references(file: Path) -> dict[str, list[str]]:
    """Give the paths of all tensors of a file that must be compared, by case."""
    with h5py.File(file) as opened:
        return {case: list(_of_case(group)) for case, group in opened["cases"].items()}


def _of_case(group: h5py.Group) -> Iterator[str]:
    """As the report names them: the state of a parameter with the layer that holds it."""
    for name, layer in group["layers"].items():
        yield from (f"{name}/{path}" for path in _datasets(layer))
    for name, layer in group.get("optimizer/reference_state", {}).items():
        for path in _below(layer):
            yield f"{name}/reference/reference_state/{path}"
    if "trajectory" in group:
        for path in _below(group["trajectory/reference"]):
            yield f"/trajectory/reference/{path}"


def _below(group: h5py.Group) -> list[str]:
    paths: list[str] = []

    def visit(path: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            paths.append(path)

    group.visititems(visit)
    return paths


def _datasets(layer: h5py.Group) -> list[str]:
    found = []
    for path in _below(layer):
        parts = path.split("/")
        judged = len(parts) > 1 and parts[1].split(".")[0] in _JUDGED
        if parts[0] in ("reference", "reference_f64") and judged:
            found.append(path)
    return found


def _nans(file: Path, case: str, paths: list[str]) -> dict[str, int]:
    """Count the elements of each reference tensor of a layer that are no numbers."""
    with h5py.File(file) as opened:
        layers = opened["cases"][case]["layers"]
        return {p: int(np.isnan(layers[p][()]).sum()) if p in layers else 0 for p in paths}


def _is_nan_on_both_sides(record: dict[str, Any], nans: int) -> bool:
    """Invalid at places of which each is NaN in the reference, and here at the worst one."""
    sides = [str(record.get(side)).lower() for side in ("ours", "reference")]
    elements = 0 < (record.get("invalid") or 0) <= nans and not record.get("beyond_bound")
    return record["verdict"] == "invalid" and sides == ["nan", "nan"] and elements


def _judged(
    paths: list[str], nans: dict[str, int], tensors: dict[str, dict[str, Any]], errors: list[str]
) -> Found:
    found = Found(problems=list(errors), is_refused=bool(errors))
    for path in paths:
        record = tensors.get(path)
        if record is None:
            found.problems.append(f"{path}: not compared, and no reason given")
        elif record["verdict"] in FITTING:
            found.compared += 1
            found.informative += record["verdict"] != "vacuous"
        elif _is_nan_on_both_sides(record, nans[path]):
            found.undefined += 1
        else:
            found.problems.append(_sentence(path, record))
    return found


def _sentence(path: str, record: dict[str, Any]) -> str:
    parts = [f"{path.partition('/')[2]}: {record['verdict']}"]
    if record.get("reason"):
        parts.append(str(record["reason"]))
    if record.get("worst_index") is not None:
        parts.append(
            f"at {record['worst_index']}: {record['ours']} here, {record['reference']} there, "
            f"bound {record['bound']}"
        )
    if record.get("beyond_bound"):
        parts.append(f"{record['beyond_bound']} of {record['count']} beyond the bound")
    return ", ".join(parts)
