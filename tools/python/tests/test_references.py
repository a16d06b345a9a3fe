"""The reference programs must see what goes wrong: a program that lies is caught."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

import h5py
import pytest
import torch
from torch import nn

import cnnverify as cv
from verification import Command, CommandError

LIAR = """#!{python}
import h5py, json, sys
sys.path.insert(0, {here!r})
from lies import lie
arguments = sys.argv[1:]
if arguments == ["layers"]:
    print("ReLU  (standard)")
    sys.exit(0)
with h5py.File(arguments[1]) as file:
    records = []
    for case, group in file["cases"].items():
        for path in ("output", "grad_input"):
            records.append(dict(record="tensor", case=case, layer="relu", tensor=path,
                                against="reference", verdict="agree"))
    for record in lie(records):
        print(json.dumps(record))
"""


def judged(lie: str, tmp_path: Path) -> dict[str, Any]:
    program = tmp_path / "liar"
    program.write_text(LIAR.format(python=sys.executable, here=str(tmp_path)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "lies.py").write_text(f"def lie(records):\n    {lie}\n")
    file = cv.FixtureFile(tmp_path / "f.h5")
    for case in ("one", "two"):
        cv.layer(nn.ReLU(), torch.randn(3), out=file, case=case)
    return dict(Command(program).verify(file))


SUMMARY = "[dict(record='summary')]"


def test_what_agrees(tmp_path: Path) -> None:
    found = judged(f"return records + {SUMMARY}", tmp_path)
    assert [result.agrees for result in found.values()] == [True, True]
    assert found["one"].compared == found["one"].informative == 2


@pytest.mark.parametrize(
    ("lie", "problem"),
    [
        ("records[1]['verdict'] = 'differ'", "differ"),
        ("records[1]['verdict'] = 'invalid'", "invalid"),
        ("records[1].update(verdict='not-compared', reason='why')", "why"),
        ("del records[1]", "no reason given"),
        ("records[1]['verdict'] = 'a word of tomorrow'", "tomorrow"),
    ],
)
def test_what_does_not(lie: str, problem: str, tmp_path: Path) -> None:
    found = judged(f"{lie}; return records + {SUMMARY}", tmp_path)
    assert not found["one"].agrees
    assert problem in found["one"].problems[0]
    assert found["two"].agrees


def test_a_refused_case_does_not_hide_the_others(tmp_path: Path) -> None:
    lie = (
        "error = dict(record='error', problems=['`/cases/one/layers/relu` is wrong']); "
        f"return ([error] if records[0]['case'] == 'one' else records) + {SUMMARY}"
    )
    found = judged(lie, tmp_path)
    assert found["one"].problems[0] == "`/cases/one/layers/relu` is wrong"
    assert found["two"].agrees
    with h5py.File(tmp_path / "f.h5") as file:
        assert list(file["cases"]) == ["two"]


def test_a_program_that_ends_early(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="ended early"):
        judged("return records", tmp_path)
    with pytest.raises(CommandError, match="ended with 3"):
        judged("sys = __import__('sys'); sys.exit(3)", tmp_path)


def test_nothing_compared_is_no_agreement(tmp_path: Path) -> None:
    found = judged(f"return {SUMMARY}", tmp_path)
    assert not any(result.agrees for result in found.values())
    assert json.dumps([result.problems for result in found.values()]).count("no reason") == 4


def test_nan_on_both_sides_is_no_agreement_and_no_difference(tmp_path: Path) -> None:
    nan = "records[0].update(verdict='invalid', ours='NaN', reference='NaN', invalid=1)"
    found = judged(f"{nan}; return records + {SUMMARY}", tmp_path)
    # The reference holds no NaN at all, so that the program's claim is a problem.
    assert not found["one"].agrees
    assert not found["one"].is_undefined
    assert found["one"].problems
