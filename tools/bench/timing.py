"""Times programs against one another: in turn, so that what else the machine does hits all alike.

This module and whoever imports it stay small: a process that is started inherits the peak memory
of the one that starts it, until it has a peak of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Settings of numerical libraries that would slow one side down.
_PREFIXES = ("OPENBLAS_", "MKL_", "OMP_")


@dataclass(frozen=True)
class Run:
    """One run of a program, with all processes that it started and waited for."""

    status: int
    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: int  # bytes of resident memory: of the largest process, or of all of them if watched
    output: str


def environment() -> dict[str, str]:
    """The variables of this process, without those that numerical libraries read."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_PREFIXES)}


def lacks(*modules: str) -> bool:
    """Whether this interpreter lacks one of them, which a line says: then nothing is timed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"Missing in {sys.executable}: {', '.join(missing)}. Nothing was timed; set PYTHON to "
            "an interpreter that has what is missing."
        )
    return bool(missing)


def run(command: Sequence[str], watched: bool = False) -> Run:
    """Run a program and measure it.

    Of a program that is watched, the peaks of all its processes are added up: more than what they
    ever had together, never less. Watching costs a little time.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment()
        )
        peaks = _watch(process.pid) if watched else {}
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        output.seek(0)
        text = output.read().decode(errors="replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Run(process.returncode, wall, cpu, summed(peaks, usage.ru_maxrss * 1024), text)


def summed(peaks: Mapping[int, int], largest: int) -> int:
    """The peaks that were seen, added up, where the largest may have grown after the last look."""
    return sum(peaks.values()) + max(0, largest - max(peaks.values(), default=0))


def _watch(root: int) -> dict[int, int]:
    """Look at a process and its descendants until it ends; the peak of each, in bytes."""
    peaks: dict[int, int] = {}
    while True:
        for process in _family(root):
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{process}/status").read_text()
                for line in status.splitlines():
                    if line.startswith("VmHWM:"):
                        peaks[process] = int(line.split()[1]) * 1024
        if os.waitid(os.P_PID, root, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return peaks
        time.sleep(0.002)


def _family(process: int) -> list[int]:
    """A process and all its descendants."""
    found = [process]
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += _family(int(child))
    return found


def interleaved(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[Run]]:
    """Run all programs in turn, after a round that is not counted and fills the page cache."""
    for command in commands.values():
        run(command)
    return in_turn(commands, rounds)


def in_turn(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[Run]]:
    """Run all programs in turn, all once in every round."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
    return runs


def quotients(theirs: Sequence[float], ours: Sequence[float], digits: int = 1) -> str:
    """How many times as much they take, formed within each round: median, least and largest."""
    return spread([a / b for a, b in zip(theirs, ours, strict=True)], digits)


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def spread(values: Sequence[float], digits: int) -> str:
    """The median and, in brackets, the smallest and the largest."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"  # noqa: RUF001


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first of them the headings, as a table of Markdown."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])
