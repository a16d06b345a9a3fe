"""Times the check of all derivatives of a small convolution beside torch.autograd.gradcheck.

    tools/bench/jacobian [--threads 2] [--rounds 10] [--cpu-time]

The convolution has 2 images of 3 channels, 8×8, 4 filters of 3×3 and a bias, padding 1, float64:
496 inputs, 512 outputs, 253,952 derivatives. Ours gives every entry of the Jacobian twice, by the
backward pass with an upstream gradient for each output, and by the definition in dual numbers with
a direction for each input, and compares them. gradcheck does the same with finite differences in
place of dual numbers. Products with random vectors instead of all entries, which is what
`cnn-verify conform` looks at, stand beside gradcheck's `fast_mode=True`.

All run in turn, warm, in processes that are already there. gradcheck is timed on one thread and
on all; the better one counts. --cpu-time with --threads 1 does not see other processes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import timing
from questions import SPINNING, Program

# What slows numerical libraries down if it is left over in the environment.
for variable in [v for v in os.environ if v.startswith(("OPENBLAS_", "MKL_", "OMP_"))]:
    del os.environ[variable]

OURS, PEER = "cnn-verify", "gradcheck"
#: What is checked: the question to our program, and gradcheck's mode.
CHECKS = {"every entry": ("jacobian", False), "products with vectors": ("projections", True)}


class Peer:
    """gradcheck in this process."""

    def __init__(self, cpu_time: bool) -> None:
        import torch

        self.torch = torch
        self.clock = time.process_time if cpu_time else time.perf_counter
        torch.manual_seed(1)
        self.operands = tuple(
            torch.randn(shape, dtype=torch.float64, requires_grad=True)
            for shape in ((2, 3, 8, 8), (4, 3, 3, 3), (4,))
        )

    def time(self, fast: bool, threads: int) -> float:
        """Give the milliseconds of one check."""
        self.torch.set_num_threads(threads)
        start = self.clock()
        self.torch.autograd.gradcheck(
            lambda x, w, b: self.torch.nn.functional.conv2d(x, w, b, padding=1),
            self.operands,
            fast_mode=fast,
        )
        return 1e3 * (self.clock() - start)


def main() -> int:
    """Run both sides in turn and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--cpu-time", action="store_true", help="processor time; one thread")
    options = parser.parse_args()
    if timing.lacks("torch"):
        return 2
    program = Program("bench-jacobian", options.threads, options.cpu_time)
    peer = Peer(options.cpu_time)
    counts = sorted({1, options.threads})
    rows = [("", f"{OURS}, ms", f"{PEER}, ms", f"{PEER} ÷ {OURS}")]
    for name, (question, fast) in CHECKS.items():
        own: list[float] = []
        theirs: dict[int, list[float]] = {threads: [] for threads in counts}
        for number in range(options.rounds + 2):  # the first two warm up
            times = {threads: peer.time(fast, threads) for threads in counts}
            time.sleep(SPINNING)
            mine = program.ask(question)
            if number > 1:
                own.append(mine)
                for threads in counts:
                    theirs[threads].append(times[threads])
        best = min(theirs.values(), key=timing.middle)
        rows.append(
            (
                name,
                timing.spread(own, 2),
                timing.spread(best, 2),
                timing.quotients(best, own),
            )
        )
    print(f"{options.threads} threads, {options.rounds} rounds\n\n{timing.table(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
