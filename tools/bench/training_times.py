"""Times the forward and backward pass of whole networks beside PyTorch's, in float32 and float64.

    tools/bench/training [--network vgg16] [--dtype f32 f64] [--threads 2] [--rounds 3] [--cpu-time]

No file is involved: both sides draw weights and images, LeNet with 64 images of 32×32, the others
with 8 of 224×224, and repeat one step of training without the update: all outputs, the mean
cross-entropy, the gradients of every layer and parameter, and masks of dropout where there are any.
Ours runs through `Model.forwardAndBackward`, which keeps all outputs and gradients until it
returns; PyTorch keeps what its backward pass needs, and the gradients of the parameters.

Each side is a process of its own. PyTorch runs with huge pages and in the faster of two layouts,
which the first round finds out and which is not counted; ours with huge pages and with memory that
is kept, as the command has it. Both are asked in turn; a quotient is formed within each round.
Peaks of memory are those of the counted rounds. Before anything is timed both sides say how many
parameters they have and how much their convolutions put out; where they disagree it ends with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import timing
from questions import SPINNING, Asked, Program

HERE = Path(__file__).resolve().parent
NETWORKS = ("lenet", "resnet18", "mobilenetv2", "vgg16")
LAYOUTS = ("NCHW", "channels-last")
DTYPES = {"f32": "float32", "f64": "float64"}
#: A first step that takes so many milliseconds is not repeated to choose a layout.
LONG = 1000.0


@dataclass
class Steps:
    """What was measured of one network in one precision, in milliseconds and bytes."""

    layout: str
    own: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    own_peak: int = 0
    peer_peak: int = 0


def peer(network: str, dtype: str, options: argparse.Namespace) -> Asked:
    """PyTorch with a network."""
    command = [sys.executable, str(HERE / "training_peer.py"), network, dtype]
    command += ["--threads", str(options.threads), *["--cpu-time"] * options.cpu_time]
    # Without huge pages fresh memory costs it more than arithmetic.
    return Asked(command, {"THP_MEM_ALLOC_ENABLE": "1"})


def disagreement(ours: Asked, theirs: Asked) -> str:
    """Why the two do not compute the same; empty where they do."""
    for question in ("parameters", "convolved"):
        own, other = ours.ask(question), theirs.ask(question)
        if own != other:
            return f"{question}: {own:.0f} here, {other:.0f} in PyTorch"
    return "" if ours.ask("complete") == 1 else "a parameter has no gradient"


def measure(network: str, dtype: str, options: argparse.Namespace) -> Steps | str:
    """Time both sides of one network in turn, or say why that means nothing."""
    ours = Program("bench-networks", options.threads, options.cpu_time, network, dtype)
    theirs = peer(network, dtype, options)
    try:
        if why := disagreement(ours, theirs):
            return why
        ours.ask("step")
        tried: dict[str, float] = {}
        for layout in LAYOUTS:
            tried[layout] = theirs.ask("step", layout)
            if tried[layout] < LONG:
                tried[layout] = theirs.ask("step", layout)
        found = Steps(min(tried, key=lambda layout: tried[layout]))
        theirs.ask("step", found.layout)
        ours.forget_peak()
        theirs.forget_peak()
        for _ in range(options.rounds):
            found.peer.append(theirs.ask("step", found.layout))
            time.sleep(SPINNING)
            found.own.append(ours.ask("step"))
        found.own_peak, found.peer_peak = ours.peak_memory(), theirs.peak_memory()
        return found
    finally:
        ours.close()
        theirs.close()


def row(network: str, steps: Steps) -> tuple[str, ...]:
    """What is shown of one network."""
    return (
        network,
        timing.spread(steps.own, 1),
        timing.spread(steps.peer, 1),
        steps.layout,
        timing.quotients(steps.peer, steps.own, 2),
        f"{steps.own_peak / 1e6:.0f}",
        f"{steps.peer_peak / 1e6:.0f}",
    )


HEADINGS = (
    "",
    "cnn-verify, ms",
    "PyTorch, ms",
    "its layout",
    "PyTorch ÷ cnn-verify",
    "cnn-verify, peak MB",
    "PyTorch, peak MB",
)


def main() -> int:
    """Time all networks and print a table for each precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=NETWORKS, action="append", help="all by default")
    parser.add_argument("--dtype", nargs="+", choices=tuple(DTYPES), default=list(DTYPES))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu-time", action="store_true", help="processor time; one thread")
    options = parser.parse_args()
    if timing.lacks("torch"):
        return 2
    print(f"{options.threads} threads, {options.rounds} rounds")
    right = True
    for dtype in options.dtype:
        rows: list[tuple[str, ...]] = [HEADINGS]
        wrong: list[str] = []
        for network in options.network or NETWORKS:
            steps = measure(network, dtype, options)
            if isinstance(steps, str):
                wrong.append(f"{network} is not the same network on both sides ({steps}).")
            else:
                rows.append(row(network, steps))
            print(f"{network} {dtype}", file=sys.stderr, flush=True)
        print(f"\n{DTYPES[dtype]}\n\n{timing.table(rows)}")
        for line in wrong:
            print(f"\n{line}")
        sys.stdout.flush()
        right &= not wrong
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
