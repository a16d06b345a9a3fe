"""Times what it costs that a plug-in runs in a process of its own: its start, and its calls.

    tools/bench/plugin [--rounds 11] [--only "bench.Convolution f32"]

The start is that of `cnn-verify layers --plugin` over `cnn-verify layers`. A call is held against
the same C function called without the host, on tensors that stay where they are: a convolution to
64 channels and an elementwise layer, both of 8×64×56×56 elements, forward and backward. All run in
turn; a difference or a quotient is formed within each round. Processor time is that of all
processes together. Needs a C compiler: CC, or cc.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import questions
import timing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: A start takes milliseconds: so many in each round.
STARTS = 5
#: Of each round of one call, in milliseconds: time and processor time, here and as a plug-in.
Rounds = list[tuple[float, float, float, float]]


def library(folder: Path, compiler: str) -> Path:
    """Build the plug-in that is timed."""
    path = folder / "libbench.so"
    command = [compiler, "-O3", "-std=c11", "-fPIC", "-shared", "-fvisibility=hidden"]
    command += [f"-I{ROOT / 'Sources/CLayerABI/include'}", "-o", str(path)]
    subprocess.run([*command, str(HERE / "plugin-calls/layers.c")], check=True)
    return path


def starts(command: str, plugin: Path, rounds: int) -> str:
    """What a start costs, as a table."""
    lines = {"without": [command, "layers"], "with": [command, "layers", "--plugin", str(plugin)]}
    runs = timing.interleaved(lines, rounds * STARTS)
    for name, results in runs.items():
        if any(result.status != 0 for result in results):
            raise SystemExit(f"`cnn-verify layers` {name} a plug-in fails:\n{results[0].output}")
    rows: list[tuple[str, ...]] = [("ms", "without a plug-in", "with one", "more")]
    for what, attribute in {"time": "wall", "processor time": "cpu"}.items():
        without, having = (
            [1e3 * getattr(run, attribute) for run in runs[n]] for n in ("without", "with")
        )
        more = [b - a for a, b in zip(without, having, strict=True)]
        rows.append((what, *(timing.spread(values, 1) for values in (without, having, more))))
    return timing.table(rows)


def grouped(lines: Iterable[str]) -> dict[str, Rounds]:
    """The times that `bench-plugin-calls` prints, by what was called."""
    found: dict[str, Rounds] = {}
    for line in lines:
        name, *times = line.split("\t")
        a, b, c, d = map(float, times)
        found.setdefault(name, []).append((a, b, c, d))
    return found


def calls(times: Mapping[str, Rounds]) -> str:
    """What calls cost, as a table."""
    headings = [
        f"{what}{unit}"
        for what in ("time", "processor time")
        for unit in (" here, ms", " as a plug-in, ms", ": plug-in ÷ here")
    ]
    rows: list[tuple[str, ...]] = [("", *headings)]
    for name, rounds in times.items():
        wall, wall_there, cpu, cpu_there = (list(values) for values in zip(*rounds, strict=True))
        cells: list[str] = []
        for here, there in ((wall, wall_there), (cpu, cpu_there)):
            cells += [timing.spread(here, 1), timing.spread(there, 1)]
            cells.append(timing.quotients(there, here, 2))
        rows.append((name, *cells))
    return timing.table(rows)


def main() -> int:
    """Build what is timed, time it, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", default="", help="how the names of timed calls begin")
    parser.add_argument("--command", default=str(ROOT / ".build/release/cnn-verify"))
    options = parser.parse_args()
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        print(f"{compiler} is missing: nothing was timed. Install a C compiler, or name one by CC.")
        return 2
    if shutil.which(options.command) is None:
        print(f"{options.command} is missing: build it with `swift build -c release`.")
        return 2
    product = "bench-plugin-calls"
    build = ["swift", "build", "-c", "release", "--package-path", str(ROOT), "--product", product]
    subprocess.run(build, check=True, stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        plugin = library(Path(folder), compiler)
        print(f"{options.rounds} rounds\n\nA start, {STARTS} in each round\n")
        print(starts(options.command, plugin, options.rounds), flush=True)
        timed = subprocess.run(
            [str(ROOT / f".build/release/{product}"), str(plugin), str(options.rounds)]
            + [options.only] * bool(options.only),
            env={**timing.environment(), **questions.KEPT_PAGES},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if timed.returncode != 0:
        print(f"{product} ended with {timed.returncode}.")
        return 1
    print(f"\nA call, one thread\n\n{calls(grouped(timed.stdout.splitlines()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
