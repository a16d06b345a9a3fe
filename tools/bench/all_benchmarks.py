"""Runs all benchmarks one after the other and writes a page of their results.

    tools/bench/all [--only verify training compare conv jacobian plugin] [--page FILE]

The page replaces the one of the documentation. On two cores that have nothing else to do it takes
below twenty minutes: fewer rounds and smaller files than the programs take by themselves, and no
fixture of VGG-16. `--rounds 1 --network lenet --shapes lenet --size 16` takes two. A part whose
peer is not installed says so on the page; ends with 1 where that or anything else went wrong.
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

#: For each benchmark its program, rounds, other arguments, and what stands above its results.
PARTS: dict[str, tuple[str, int, list[str], str]] = {
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
    "training": (
        "training_times.py",
        3,
        [],
        """## Forward and backward passes of whole networks

`Model.forwardAndBackward` beside PyTorch in the faster of two memory layouts, with huge pages on
both sides: one step of training without the update, with random weights, and without any file.
LeNet with 64 images of 32x32, the others with 8 of 224x224. Ours returns the outputs and gradients
of all layers and has them in memory at once; PyTorch keeps the gradients of the parameters.""",
    ),
    "compare": (
        "compare_files.py",
        3,
        [],
        """## Two files

`cnn-verify compare` beside `h5diff` and a script of h5py and NumPy, on files in the page cache that
are equal, where every number is a little off (close), or where one in 30,000 is (sparse).""",
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
    "plugin": (
        "plugin_costs.py",
        5,
        [],
        """## What a plug-in costs

A plug-in runs in a process of its own. Its start is held against the command without it, a call
against the same C function in the process that calls it, on tensors that stay where they are: a 3x3
convolution to 64 channels, and y = 2x, both of 8x64x56x56 elements.""",
    ),
}

#: Beyond this load before the first part, times are those of other programs as well.
BUSY = 0.5

HEAD = """# Benchmarks

How fast the toolkit is beside what others use for the same work, on one machine.

## Overview

`tools/bench/all` made this page and makes it again on your machine. All programs of a part run in
turn: a ratio survives a machine that is busy with other things, a time does not. A number is the
median of all rounds, in brackets or after ± stands how far the rounds lie apart. Which limits of
the machine stand behind the numbers: <doc:WhereTheTimeGoes>.
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


def built() -> str:
    """The command, built from these sources."""
    build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
    subprocess.run([*build, "--product", "cnn-verify"], check=True, stdout=sys.stderr)
    return str(ROOT / ".build/release/cnn-verify")


def chosen(name: str, options: argparse.Namespace) -> list[str]:
    """The arguments of a part that say what is timed; they stand on the page."""
    if name in ("verify", "training"):
        return [a for network in options.network or () for a in ("--network", network)]
    if name == "compare":
        return ["--size", str(options.size)]
    return ["--only", *options.shapes] if name == "conv" and options.shapes else []


def settings(name: str, options: argparse.Namespace) -> list[str]:
    """The arguments of a part that say with what and where."""
    given: list[str] = []
    if name in ("verify", "training", "conv", "jacobian"):
        given += ["--threads", str(options.threads)]
    if name in ("verify", "compare", "plugin"):
        given += ["--command", options.command]
    if name == "verify" and options.folder is not None:
        given += ["--folder", str(options.folder)]
    return given


def main() -> int:
    """Run the parts and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, help="of every part")
    parser.add_argument("--network", nargs="+", help="those that are verified and trained")
    parser.add_argument("--shapes", nargs="+", help="texts in the names of timed convolutions")
    parser.add_argument("--size", type=int, default=256, help="megabytes of a compared file")
    parser.add_argument("--command", help="what is timed, built where it is not named")
    parser.add_argument("--folder", type=Path, help="where exported fixtures are kept")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    options.command = options.command or built()
    load, date = os.getloadavg()[0], datetime.date.today().isoformat()
    text, parts, right = facts(options.threads, options.command), [], True
    for name in options.only:
        program, rounds, arguments, heading = PARTS[name]
        told = ["--rounds", str(options.rounds or rounds), *arguments, *chosen(name, options)]
        own = [*told, *settings(name, options)]
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
