"""Times convolutions beside PyTorch's: forward, dX, dW, in float32 and float64.

    tools/bench/conv [--threads 2] [--rounds 5] [--dtype f32 f64] [--only TEXT] [--cpu-time]

Needs torch in the Python that runs it (PYTHON=... tools/bench/conv, or the one on PATH). Every
shape is timed in turn on both sides in each round; a ratio is the peer's median time over ours, so
that more is better for us. The peer is the faster of NCHW and channels-last, its gradients come
from aten::convolution_backward one at a time, and huge pages are on. --cpu-time with --threads 1
does not see other processes. The peak is the rate of fused multiply-adds from registers and the
first-level cache, measured in the same run: a ratio depends on the processor, as the instructions
that a peer chooses do, the share of the peak says what is left.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

import timing
from convolution_shapes import POINTWISE, RESNET18, SHAPES, flops
from questions import SPINNING, Program

DIRECTIONS = ("fwd", "dX", "dW")
#: Milliseconds of ours and of the peer in each round, by shape, type and direction.
Times = dict[tuple[str, str, str], tuple[list[float], list[float]]]

#: A call of so many seconds is not repeated; ours is not either.
LONG = 0.1

# What halves every number of OpenBLAS and NumPy if it is left over in the environment.
for variable in [v for v in os.environ if v.startswith(("OPENBLAS_", "MKL_", "OMP_"))]:
    del os.environ[variable]
# Without huge pages the peer's large outputs cost more in page faults than in arithmetic.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


class Peer:
    """PyTorch in this process."""

    def __init__(self, threads: int, cpu_time: bool) -> None:
        import torch

        torch.set_num_threads(threads)
        self.torch = torch
        self.clock = time.process_time if cpu_time else time.perf_counter

    def time(self, dtype: str, sizes: tuple[int, ...]) -> dict[str, float]:
        """Give the milliseconds of one call in each direction, in the faster layout."""
        torch = self.torch
        kind = torch.float32 if dtype == "f32" else torch.float64
        n, c, height, width, o, kernel, stride, padding, groups = sizes
        best: dict[str, float] = {}
        for layout in (torch.contiguous_format, torch.channels_last):
            with torch.no_grad():
                x = torch.rand(n, c, height, width, dtype=kind).sub_(0.5)
                w = torch.rand(o, c // groups, kernel, kernel, dtype=kind).sub_(0.5)
                x, w = (t.contiguous(memory_format=layout) for t in (x, w))
                forward = partial(torch.conv2d, x, w, None, stride, padding, 1, groups)
                dy = torch.rand_like(forward()).contiguous(memory_format=layout)
                backward = partial(
                    torch.ops.aten.convolution_backward, dy, x, w, None, (stride,) * 2,
                    (padding,) * 2, (1, 1), False, (0, 0), groups,
                )  # fmt: skip
                calls: dict[str, Callable[[], object]] = {
                    "fwd": forward,
                    "dX": partial(backward, [True, False, False]),
                    "dW": partial(backward, [False, True, False]),
                }
                for name, call in calls.items():
                    best[name] = min(best.get(name, math.inf), self.one(call))
        return best

    def one(self, call: Callable[[], object]) -> float:
        """Time one call, warm: at least twice, and until 3 ms are over; a long one counts at once.

        The round that is not counted has warmed up what a long one needs.
        """
        first = self.clock()
        call()
        calls, start = 0, self.clock()
        if start - first > LONG:
            return 1e3 * (start - first)
        while True:
            call()
            calls += 1
            elapsed = self.clock() - start
            if elapsed > 0.003 and calls > 1:
                return 1e3 * elapsed / calls


def main() -> int:
    """Run both sides in turn and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", nargs="+", choices=("f32", "f64"), default=["f32", "f64"])
    parser.add_argument("--only", nargs="+", help="shapes whose name contains one of these")
    parser.add_argument("--cpu-time", action="store_true", help="processor time; one thread")
    options = parser.parse_args()
    if timing.lacks("torch"):
        return 2
    names = [name for name, _ in SHAPES if any(text in name for text in options.only or [""])]
    shapes = {name: sizes for name, sizes in SHAPES if name in names}
    program = Program("bench-kernels", options.threads, options.cpu_time)
    peer = Peer(options.threads, options.cpu_time)
    times: Times = {}
    peaks: dict[str, list[float]] = {dtype: [] for dtype in options.dtype}
    for round_number in range(options.rounds + 1):  # the first one warms up
        for dtype in options.dtype:
            peaks[dtype].append(program.peak(dtype))
        for name, sizes in shapes.items():
            for dtype in options.dtype:
                theirs = peer.time(dtype, sizes)
                time.sleep(SPINNING)
                for direction in DIRECTIONS:
                    own = program.ask(dtype, direction, *sizes)
                    if round_number:
                        pair = times.setdefault((name, dtype, direction), ([], []))
                        pair[0].append(own)
                        pair[1].append(theirs[direction])
        print(f"round {round_number} of {options.rounds}", file=sys.stderr, flush=True)
    print(f"{options.threads} threads, {options.rounds} rounds")
    for dtype in options.dtype:
        print("\n" + report(shapes, dtype, times, max(peaks[dtype])))
    return 0


def report(shapes: Mapping[str, tuple[int, ...]], dtype: str, times: Times, peak: float) -> str:
    """A row for each shape, and what all of them come to; `peak` in GFLOP/s."""
    columns = ("ms", "% of peak", "peer ÷ ours")
    headings = [f"{direction}, {what}" for direction in DIRECTIONS for what in columns]
    rows = [("", *headings)]
    ratios: list[float] = []
    for name, sizes in shapes.items():
        cells: list[str] = []
        for direction in DIRECTIONS:
            own, peer = times[name, dtype, direction]
            rate = flops(sizes) / statistics.median(own) / 1e6
            pairs = [b / a for a, b in zip(own, peer, strict=True)]
            ratios.append(statistics.median(peer) / statistics.median(own))
            spread = (max(pairs) - min(pairs)) / 2
            cells.append(f"{statistics.median(own):.3f}")
            cells.append(f"{100 * rate / peak:.0f}")
            cells.append(f"{ratios[-1]:.2f} ± {spread:.2f}")
        rows.append((name, *cells))
    mean = math.exp(statistics.fmean(math.log(r) for r in ratios))
    share = sum(r >= 1 for r in ratios) / len(ratios)
    lines = [f"{dtype}, peak {peak:.0f} GFLOP/s\n", timing.table(rows), ""]
    lines.append(
        f"{dtype}: geometric mean {mean:.2f}; {share:.0%} of {len(ratios)} are as fast as the peer "
        f"or faster; slowest {min(ratios):.2f}"
    )
    for title, counts in {"ResNet-18": RESNET18, "1x1 stride 1": POINTWISE}.items():
        if counts.keys() <= shapes.keys():
            lines.append(f"{dtype}: all of {title} together {together(counts, dtype, times):.2f}")
    return "\n".join(lines)


def together(counts: Mapping[str, int], dtype: str, times: Times) -> float:
    """The peer's time over ours for several shapes, each counted so often, in all directions."""
    own, peer = (
        sum(
            count * statistics.median(times[name, dtype, direction][side])
            for name, count in counts.items()
            for direction in DIRECTIONS
        )
        for side in (0, 1)
    )
    return peer / own


if __name__ == "__main__":
    sys.exit(main())
