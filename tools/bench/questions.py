"""A program of this package that times something and is asked line by line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import timing

ROOT = Path(__file__).resolve().parents[2]
#: For so many seconds and less the threads of a peer in this process spin before they sleep.
SPINNING = 0.05
# The command keeps its pages, and has them huge: what is timed here is not how fast fresh ones are
# cleared.
KEPT_PAGES = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


class Asked:
    """A program that was started and answers each line with a number."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.command = command
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**timing.environment(), **environment},
        )

    def ask(self, *words: object) -> float:
        """Give the number that it answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        try:
            return float(answer)
        except ValueError:
            question = " ".join(map(str, words))
            raise SystemExit(
                f"{' '.join(self.command)} was asked {question!r} and said {answer.strip()!r}."
            ) from None

    def forget_peak(self) -> None:
        """Let the peak of its memory begin anew with what it has now."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_memory(self) -> int:
        """Give the most bytes of memory that it had since then."""
        return 1024 * resident_peak(Path(f"/proc/{self.process.pid}/status").read_text())

    def close(self) -> None:
        """End it."""
        self.process.communicate()


class Program(Asked):
    """A product of the package, built and started."""

    def __init__(self, product: str, threads: int, cpu_time: bool, *arguments: str) -> None:
        build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
        subprocess.run([*build, "--product", product], check=True, stdout=sys.stderr)
        command = [str(ROOT / f".build/release/{product}"), *arguments, "--threads", str(threads)]
        super().__init__(command + ["--cpu-time"] * cpu_time, KEPT_PAGES)

    def peak(self, dtype: str) -> float:
        """Give the GFLOP/s of fused multiply-adds, in the fastest instruction set."""
        return max(self.ask(dtype, "peak", name) for name in ("avx512", "avx2", "portable"))


def resident_peak(status: str) -> int:
    """The kilobytes after `VmHWM` in the text of /proc/PID/status."""
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) if lines else 0
