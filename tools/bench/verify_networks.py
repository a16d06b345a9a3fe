"""Times whole runs of `cnn-verify check` against the script that one would write without it.

The script rebuilds the fixture's network in PyTorch, runs it forward and backward, and compares
every stored tensor with `allclose` (allclose_script.py): in float32 and float64, each in the
faster of the two memory layouts, with huge pages. All programs run in turn on files in the page
cache, from start to exit, with the same number of threads.

The fixtures are exported on the spot, from networks with random weights: LeNet with 64 images of
32×32, the others with 8 of 224×224. With --folder they stay there and serve the next time.

A quotient is formed within each round; the table tells the median of all rounds with the least and
the largest. Peaks of memory are those of all processes of a program, added up, from a run that is
not timed. Ends with 1 where a program fails, or finds a difference in layers fed one by one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import timing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NETWORKS = ("lenet", "resnet18", "mobilenetv2", "vgg16")
PRECISIONS = ("float64", "float32")
SCRIPT = "script"
LAYOUTS = {"NCHW": [], "channels-last": ["--channels-last"]}


def export(network: str, folder: Path) -> Path:
    """Give the fixture of a network, exported unless it is there already."""
    path = folder / f"{network}.h5"
    if not path.exists():
        search = [str(ROOT / "tools/python/src"), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search))}
        command = [sys.executable, str(HERE / "timed_networks.py"), network, str(path)]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
    return path


def ours(options: argparse.Namespace, fixture: Path) -> dict[str, list[str]]:
    """The command lines of ours: layers one by one, then also the network as a whole."""
    lines: dict[str, list[str]] = {}
    for precision in PRECISIONS:
        check = [options.command, "check", str(fixture), "--quiet", "--precision", precision]
        check += ["--threads", str(options.threads)]
        lines[f"cnn-verify {precision}"] = [*check, "--no-chained"]
        lines[f"cnn-verify {precision}, chained too"] = [*check, "--chained"]
    return lines


def theirs(options: argparse.Namespace, fixture: Path, precision: str, layout: str) -> list[str]:
    """The command line of the script."""
    script = [sys.executable, str(HERE / "allclose_script.py"), str(fixture)]
    script += ["--precision", precision, "--threads", str(options.threads)]
    return script + LAYOUTS[layout]


def measure(network: str, fixture: Path, options: argparse.Namespace) -> bool:
    """Time all programs on one fixture and print it; whether all did what they should."""
    # What is not timed: fills the page cache, measures memory, and chooses the script's layout.
    commands = ours(options, fixture)
    first = {name: timing.run(command, watched=True) for name, command in commands.items()}
    timing.run(theirs(options, fixture, "float32", "NCHW"))
    chosen: dict[str, str] = {}
    for precision in PRECISIONS:
        tried = {
            layout: timing.run(theirs(options, fixture, precision, layout), watched=True)
            for layout in LAYOUTS
        }
        layout = min(tried, key=lambda layout: tried[layout].wall)
        chosen[precision] = f"{SCRIPT} {precision}, {layout}"
        first[chosen[precision]] = tried[layout]
        commands[chosen[precision]] = theirs(options, fixture, precision, layout)
    wrong = [name for name, result in first.items() if result.status != 0]
    for name in wrong:
        print(f"{name} ended with {first[name].status}:\n{first[name].output[-2000:]}")
    if wrong:
        return False
    runs = timing.in_turn(commands, options.rounds)
    print(f"\n{network}, {fixture.stat().st_size / 1e6:.0f} MB\n")
    print(timing.table(rows(first, runs, chosen)))
    for name in chosen.values():
        found = json.loads(first[name].output.splitlines()[-1])
        print(f"\nThe {name} finds that {found['differ']} of {found['compared']} tensors differ.")
    sys.stdout.flush()
    return all(result.status == 0 for results in runs.values() for result in results)


def rows(
    first: dict[str, timing.Run], runs: dict[str, list[timing.Run]], chosen: dict[str, str]
) -> list[tuple[str, ...]]:
    """A row for each program, headings first.

    `first` holds the runs whose memory was watched, `chosen` the name of the script in each
    precision.
    """
    headings = [f"{SCRIPT} {p} ÷ this, {what}" for p in chosen for what in ("wall", "memory")]
    table: list[tuple[str, ...]] = [("", "wall s", "CPU s", "peak MB", *headings)]
    for name, results in runs.items():
        cells: list[str] = []
        for script in chosen.values():
            if name in chosen.values():
                cells += ["", ""]
                continue
            walls = [r.wall for r in results]
            cells.append(timing.quotients([r.wall for r in runs[script]], walls))
            cells.append(f"{first[script].peak / first[name].peak:.1f}")
        table.append(
            (
                name,
                timing.spread([r.wall for r in results], 2),
                timing.spread([r.cpu for r in results], 2),
                f"{first[name].peak / 1e6:.0f}",
                *cells,
            )
        )
    return table


def main() -> int:
    """Export the networks, time the programs, and remove the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--network", choices=NETWORKS, action="append", help="all but vgg16, which takes minutes"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--command", default=str(ROOT / ".build/release/cnn-verify"))
    parser.add_argument("--folder", type=Path, help="where the fixtures are kept")
    options = parser.parse_args()
    if shutil.which(options.command) is None:
        print(f"{options.command} is missing: build it with `swift build -c release`.")
        return 2
    if timing.lacks("torch", "h5py"):
        return 2
    # Without huge pages, fresh memory would cost the script more than its arithmetic.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    print(f"{os.cpu_count()} processors, {options.threads} threads, {options.rounds} rounds")
    right = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for network in options.network or NETWORKS[:-1]:
            fixture = export(network, folder)
            right &= measure(network, fixture, options)
            if options.folder is None:
                fixture.unlink()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
