"""Times programs against one another: in turn, so that what else the machine does hits all alike.

This module and whoever imports it stay small: a process that is started inherits the peak memory
of the one that starts it, until it has a peak of its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Settings of numerical libraries that would slow one side down.
_PREFIXES = ("OPENBLAS_", "MKL_", "OMP_")


@dataclass(frozen=True)
class Run:
    """One run of a program, with all processes that it started and waited for."""

    status: int
    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: int  # bytes of resident memory of the largest process


def run(command: Sequence[str]) -> Run:
    """Run a program and measure it; what it prints is dropped."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_PREFIXES)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(process.returncode, wall, cpu, usage.ru_maxrss * 1024)


def interleaved(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[Run]]:
    """Run all programs in turn, after a round that is not counted and fills the page cache."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            result = run(command)
            if number > 0:
                runs[name].append(result)
    return runs


def spread(values: Sequence[float], digits: int) -> str:
    """The median and, in brackets, the smallest and the largest."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"  # noqa: RUF001


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first of them the headings, in columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
