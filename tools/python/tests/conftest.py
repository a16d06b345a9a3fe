"""What holds for all tests: how JAX compiles, and the program that judges what was exported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# A test runs hundreds of operations once each: compiling them is all that takes time, and how well
# they are optimised is none of its business.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

ROOT = Path(__file__).resolve().parents[3]

Judge = Callable[[Path], tuple[int, dict[str, Any]]]
"""From a fixture to the status of `cnn-verify check` and the verdicts, by layer and tensor."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the program, so that the rest can run while it is being built."""
    for item in items:
        if "judge" in getattr(item, "fixturenames", ()):
            item.add_marker("judged")


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Run `cnn-verify`: the one of `CNN_VERIFY`, the release build, or the one on the path."""
    built = ROOT / ".build/release/cnn-verify"
    program = os.environ.get("CNN_VERIFY") or (built if built.exists() else None)
    program = program or shutil.which("cnn-verify")
    if program is None:
        pytest.fail("no cnn-verify to judge with: swift build -c release, or set CNN_VERIFY")

    def check(path: Path) -> tuple[int, dict[str, Any]]:
        run = subprocess.run(
            [program, "check", str(path), "--json", "-"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode in (0, 1), f"{run.stdout[-3000:]}{run.stderr}"
        verdicts = {}
        for record in map(json.loads, run.stdout.splitlines()):
            if record.get("record") == "tensor" and record["mode"] != "chained":
                place = "/".join(
                    str(record[key]) for key in ("case", "layer", "tensor") if record.get(key)
                )
                verdicts[place] = record["verdict"]
        return run.returncode, verdicts

    return check
