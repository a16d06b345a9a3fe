"""A program of this package that times something and is asked line by line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: For so many seconds and less the threads of a peer in this process spin before they sleep.
SPINNING = 0.05
# The command keeps its pages (mallopt): what is timed here is not how fast fresh ones are cleared.
KEPT_PAGES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_ARENA_MAX": "1"}


class Program:
    """A product of the package, built and started."""

    def __init__(self, product: str, threads: int, cpu_time: bool) -> None:
        build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
        subprocess.run([*build, "--product", product], check=True, stdout=sys.stderr)
        command = [str(ROOT / f".build/release/{product}"), "--threads", str(threads)]
        self.process = subprocess.Popen(
            command + ["--cpu-time"] * cpu_time,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **KEPT_PAGES},
        )

    def ask(self, *words: object) -> float:
        """Give the number that it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def peak(self, dtype: str) -> float:
        """Give the GFLOP/s of fused multiply-adds, in the fastest instruction set."""
        return max(self.ask(dtype, "peak", name) for name in ("avx512", "avx2", "portable"))

    def close(self) -> None:
        """End it."""
        self.process.communicate()
