"""Runs all benchmarks one after the other and writes a page of their results.

    tools/bench/all [--only verify compare conv jacobian] [--threads 2] [--page FILE]

The page replaces the one of the documentation. On two cores that have nothing else to do it takes
about ten minutes: fewer rounds and smaller files than the programs take by themselves, and no
VGG-16. Ends with 1 where a benchmark fails; its part of the page says so.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shlex
import subprocess
import sys
from pathlib import Path

import machine
import timing

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "Sources/VerifyCommand/VerifyCommand.docc/Benchmarks.md"

#: All convolutions but those of VGG-16.
SHAPES = ["lenet", "resnet", "mobilenet", "odd", "groups"]

#: For each benchmark its program, rounds, other arguments, and what stands above its results.
PARTS = {
    "verify": (
        "verify_networks.py",
        3,
        [],
        """## A whole verification

`cnn-verify check` from start to exit, beside a script that runs the network in PyTorch and compares
every tensor with `allclose`, in the faster of two memory layouts. Without the chained run every
layer is computed from its recorded inputs; the script computes the network once, chained. One step
of training: LeNet with 64 images of 32x32, the others with 8 of 224x224. Peaks of memory are those
of all processes of a program, added up.""",
    ),
    "compare": (
        "compare_files.py",
        3,
        ["--size", "256"],
        """## Two files

`cnn-verify compare` beside `h5diff` and a script of h5py and NumPy, on files of 256 MB in the page
cache.""",
    ),
    "conv": (
        "kernel_times.py",
        3,
        [],
        """## Single convolutions

Beside PyTorch, one call of each, in the faster of its two memory layouts; dX and dW are the
gradients of the input and the weight. A ratio depends on the processor, since a peer may have
faster code for another one; the share of the peak does not.""",
    ),
    "jacobian": (
        "jacobian_times.py",
        10,
        [],
        """## All derivatives of a small convolution

Every entry of the Jacobian by the backward pass and by the definition in dual numbers, compared,
beside `torch.autograd.gradcheck`; and products with random vectors beside its `fast_mode=True`. 2
images of 3 channels, 8x8, 4 filters of 3x3 and a bias, padding 1, float64.""",
    ),
}

#: Beyond this load before the first part, times are those of other programs as well.
BUSY = 0.5

HEAD = """# Benchmarks

How fast the toolkit is beside what others use for the same work, on one machine.

## Overview

`tools/bench/all` made this page and makes it again on your machine. All programs of a part run in
turn: a ratio survives a machine that is busy with other things, a time does not. A number is the
median of all rounds, in brackets or after ± stands how far the rounds lie apart.
"""


def page(date: str, load: float, facts: str, parts: list[str]) -> str:
    """The whole page; `load` is the average number of threads that were busy with other things."""
    state = f"Measured on {date}, at a load of {load:.1f} before the first part."
    if load > BUSY:
        state += (
            "\n\n> Warning: The machine was busy with other things. Do not quote these numbers."
        )
    return "\n".join([HEAD, state, "", facts, "", "\n\n".join(parts), ""])


def section(heading: str, command: str, output: str, status: int) -> str:
    """One part of the page: the results as the program printed them."""
    failure = f"\n\n> Important: It ended with status {status}." if status else ""
    return f"{heading}\n\nBy `{command}`: {output.strip()}{failure}"


def facts(threads: int, command: str) -> str:
    """What the benchmarks run on, as tables."""
    lscpu = subprocess.run(["lscpu"], capture_output=True, text=True, check=True)
    found = machine.processor(lscpu.stdout)
    with Path("/proc/meminfo").open() as lines:
        found["Memory"] = machine.memory(lines)
    tables = [
        timing.table([("", "machine"), *found.items()]),
        timing.table(machine.limits(threads)),
        timing.table(machine.versions(command)),
    ]
    return "\n\n".join(["## Machine and versions", *tables])


def main() -> int:
    """Run the parts and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, help="of every part")
    parser.add_argument("--network", nargs="+", help="those whose verification is timed")
    parser.add_argument(
        "--shapes", nargs="+", default=SHAPES, help="texts in the names of timed convolutions"
    )
    parser.add_argument("--command", default=str(ROOT / ".build/release/cnn-verify"))
    parser.add_argument("--folder", type=Path, help="where exported fixtures are kept")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    load, date = os.getloadavg()[0], datetime.date.today().isoformat()
    text, parts, right = facts(options.threads, options.command), [], True
    for name in options.only:
        program, rounds, arguments, heading = PARTS[name]
        told = ["--rounds", str(options.rounds or rounds), *arguments]
        if name == "verify":
            told += [a for n in options.network or () for a in ("--network", n)]
        if name == "conv":
            told += ["--only", *options.shapes]
        own = list(told)
        if name in ("verify", "conv", "jacobian"):
            own += ["--threads", str(options.threads)]
        if name in ("verify", "compare"):
            own += ["--command", options.command]
        if name == "verify" and options.folder is not None:
            own += ["--folder", str(options.folder)]
        print(f"{name} …", file=sys.stderr, flush=True)
        command = [sys.executable, str(HERE / program), *own]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        right &= result.returncode == 0
        shown = shlex.join([f"tools/bench/{name}", *told])
        parts.append(section(heading, shown, result.stdout, result.returncode))
        # Written after every part: what was measured is not lost where a later part breaks down.
        options.page.parent.mkdir(parents=True, exist_ok=True)
        options.page.write_text(page(date, load, text, parts))
    print(options.page)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
