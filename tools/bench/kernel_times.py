"""Times convolutions beside PyTorch's: forward, dX, dW, in float32 and float64.

    tools/bench/conv [--threads 2] [--rounds 5] [--dtype f32 f64] [--only TEXT] [--cpu-time]

Needs torch in the Python that runs it (PYTHON=... tools/bench/conv, or the one on PATH). Every
shape is timed in turn on both sides in each round; a ratio is the peer's median time over ours, so
that more is better for us. The peer is the faster of NCHW and channels-last, its gradients come
from aten::convolution_backward one at a time, and huge pages are on. --cpu-time with --threads 1
does not see other processes.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIRECTIONS = ("fwd", "dX", "dW")

# name, N, C, H, W, O, kernel, stride, padding, groups
SHAPES: list[tuple[str, tuple[int, ...]]] = [
    ("lenet conv1", (64, 1, 28, 28, 6, 5, 1, 2, 1)),
    ("lenet conv2", (64, 6, 14, 14, 16, 5, 1, 0, 1)),
    ("lenet conv3", (64, 16, 5, 5, 120, 5, 1, 0, 1)),
    ("resnet conv1 7x7 s2", (8, 3, 224, 224, 64, 7, 2, 3, 1)),
    ("resnet18 layer1 3x3", (8, 64, 56, 56, 64, 3, 1, 1, 1)),
    ("resnet18 layer2 3x3 s2", (8, 64, 56, 56, 128, 3, 2, 1, 1)),
    ("resnet18 layer2 1x1 s2", (8, 64, 56, 56, 128, 1, 2, 0, 1)),
    ("resnet18 layer2 3x3", (8, 128, 28, 28, 128, 3, 1, 1, 1)),
    ("resnet18 layer3 3x3 s2", (8, 128, 28, 28, 256, 3, 2, 1, 1)),
    ("resnet18 layer3 1x1 s2", (8, 128, 28, 28, 256, 1, 2, 0, 1)),
    ("resnet18 layer3 3x3", (8, 256, 14, 14, 256, 3, 1, 1, 1)),
    ("resnet18 layer4 3x3 s2", (8, 256, 14, 14, 512, 3, 2, 1, 1)),
    ("resnet18 layer4 1x1 s2", (8, 256, 14, 14, 512, 1, 2, 0, 1)),
    ("resnet18 layer4 3x3", (8, 512, 7, 7, 512, 3, 1, 1, 1)),
    ("resnet50 64-64 1x1", (8, 64, 56, 56, 64, 1, 1, 0, 1)),
    ("resnet50 64-256 1x1", (8, 64, 56, 56, 256, 1, 1, 0, 1)),
    ("resnet50 256-64 1x1", (8, 256, 56, 56, 64, 1, 1, 0, 1)),
    ("resnet50 128 3x3 s2", (8, 128, 56, 56, 128, 3, 2, 1, 1)),
    ("resnet50 128-512 1x1", (8, 128, 28, 28, 512, 1, 1, 0, 1)),
    ("resnet50 512-128 1x1", (8, 512, 28, 28, 128, 1, 1, 0, 1)),
    ("resnet50 256-512 1x1 s2", (8, 256, 56, 56, 512, 1, 2, 0, 1)),
    ("resnet50 256-1024 1x1", (8, 256, 14, 14, 1024, 1, 1, 0, 1)),
    ("resnet50 1024-256 1x1", (8, 1024, 14, 14, 256, 1, 1, 0, 1)),
    ("resnet50 512-2048 1x1", (8, 512, 7, 7, 2048, 1, 1, 0, 1)),
    ("resnet50 2048-512 1x1", (8, 2048, 7, 7, 512, 1, 1, 0, 1)),
    ("vgg16 conv1_1", (8, 3, 224, 224, 64, 3, 1, 1, 1)),
    ("vgg16 conv1_2", (8, 64, 224, 224, 64, 3, 1, 1, 1)),
    ("vgg16 conv2_1", (8, 64, 112, 112, 128, 3, 1, 1, 1)),
    ("vgg16 conv2_2", (8, 128, 112, 112, 128, 3, 1, 1, 1)),
    ("vgg16 conv3_1", (8, 128, 56, 56, 256, 3, 1, 1, 1)),
    ("vgg16 conv3_2", (8, 256, 56, 56, 256, 3, 1, 1, 1)),
    ("vgg16 conv4_1", (8, 256, 28, 28, 512, 3, 1, 1, 1)),
    ("vgg16 conv4_2", (8, 512, 28, 28, 512, 3, 1, 1, 1)),
    ("vgg16 conv5", (8, 512, 14, 14, 512, 3, 1, 1, 1)),
    ("mobilenet conv1 s2", (8, 3, 224, 224, 32, 3, 2, 1, 1)),
    ("mobilenet dw 32", (8, 32, 112, 112, 32, 3, 1, 1, 32)),
    ("mobilenet dw 96 s2", (8, 96, 112, 112, 96, 3, 2, 1, 96)),
    ("mobilenet dw 144", (8, 144, 56, 56, 144, 3, 1, 1, 144)),
    ("mobilenet dw 144 s2", (8, 144, 56, 56, 144, 3, 2, 1, 144)),
    ("mobilenet dw 192", (8, 192, 28, 28, 192, 3, 1, 1, 192)),
    ("mobilenet dw 384", (8, 384, 14, 14, 384, 3, 1, 1, 384)),
    ("mobilenet dw 576 s2", (8, 576, 14, 14, 576, 3, 2, 1, 576)),
    ("mobilenet dw 960", (8, 960, 7, 7, 960, 3, 1, 1, 960)),
    ("mobilenet 16-96 1x1", (8, 16, 112, 112, 96, 1, 1, 0, 1)),
    ("mobilenet 144-24 1x1", (8, 144, 56, 56, 24, 1, 1, 0, 1)),
    ("mobilenet 64-384 1x1", (8, 64, 14, 14, 384, 1, 1, 0, 1)),
    ("mobilenet 960-160 1x1", (8, 960, 7, 7, 160, 1, 1, 0, 1)),
    ("odd 17-23 5x5 s3", (8, 17, 37, 41, 23, 5, 3, 1, 1)),
    ("odd 3-5 3x3", (8, 3, 33, 31, 5, 3, 1, 1, 1)),
    ("odd 7-13 3x3", (8, 7, 19, 23, 13, 3, 1, 2, 1)),
    ("32 groups of 4", (8, 128, 56, 56, 128, 3, 1, 1, 32)),
    ("2 groups, 96-256 5x5", (8, 96, 27, 27, 256, 5, 1, 2, 2)),
]

# What halves every number of OpenBLAS and NumPy if it is left over in the environment.
for variable in [v for v in os.environ if v.startswith(("OPENBLAS_", "MKL_", "OMP_"))]:
    del os.environ[variable]
# The command keeps its pages (mallopt): what is timed here is not how fast fresh ones are cleared.
KEPT_PAGES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_ARENA_MAX": "1"}
# Without huge pages the peer's large outputs cost more in page faults than in arithmetic.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


class Ours:
    """The program that times our kernels, asked line by line."""

    def __init__(self, threads: int, cpu_time: bool) -> None:
        build = ["swift", "build", "-c", "release", "--package-path", str(ROOT)]
        subprocess.run([*build, "--product", "bench-kernels"], check=True, stdout=sys.stderr)
        command = [str(ROOT / ".build/release/bench-kernels"), "--threads", str(threads)]
        self.process = subprocess.Popen(
            command + ["--cpu-time"] * cpu_time,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **KEPT_PAGES},
        )

    def time(self, dtype: str, direction: str, sizes: tuple[int, ...]) -> float:
        """Give the milliseconds of one call."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(dtype, direction, *sizes, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())


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
        """Time one call, warm: at least twice, and until 3 ms are over."""
        call()
        calls, start = 0, self.clock()
        while True:
            call()
            calls += 1
            elapsed = self.clock() - start
            if elapsed > 0.003 and calls > 1:
                return 1e3 * elapsed / calls


def main() -> None:
    """Run both sides in turn and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dtype", nargs="+", choices=("f32", "f64"), default=["f32", "f64"])
    parser.add_argument("--only", default="", help="shapes whose name contains this")
    parser.add_argument("--cpu-time", action="store_true", help="processor time; one thread")
    options = parser.parse_args()
    shapes = [shape for shape in SHAPES if options.only in shape[0]]
    ours, peer = Ours(options.threads, options.cpu_time), Peer(options.threads, options.cpu_time)
    times: dict[tuple[str, str, str, str], list[float]] = {}
    for round_number in range(options.rounds + 1):  # the first one warms up
        for name, sizes in shapes:
            for dtype in options.dtype:
                theirs = peer.time(dtype, sizes)
                for direction in DIRECTIONS:
                    own = ours.time(dtype, direction, sizes)
                    if round_number:
                        times.setdefault((name, dtype, direction, "own"), []).append(own)
                        times.setdefault((name, dtype, direction, "peer"), []).append(
                            theirs[direction]
                        )
        print(f"round {round_number} of {options.rounds}", file=sys.stderr, flush=True)
    report(shapes, options.dtype, times)


def report(
    shapes: list[tuple[str, tuple[int, ...]]],
    dtypes: list[str],
    times: dict[tuple[str, str, str, str], list[float]],
) -> None:
    """Print a row for each shape, and what all of them come to."""
    for dtype in dtypes:
        print(f"\n{dtype}: our time in ms, and the peer's over ours ± spread over the rounds")
        print(f"{'shape':26}" + "".join(f"{d:>28}" for d in DIRECTIONS))
        ratios: list[float] = []
        for name, sizes in shapes:
            row = f"{name:26}"
            for direction in DIRECTIONS:
                own = times[name, dtype, direction, "own"]
                peer = times[name, dtype, direction, "peer"]
                ratio = statistics.median(peer) / statistics.median(own)
                pairs = [b / a for a, b in zip(own, peer, strict=True)]
                spread = (max(pairs) - min(pairs)) / 2
                rate = flops(sizes) / statistics.median(own) / 1e6
                row += f"{statistics.median(own):9.3f} {rate:5.0f} GF {ratio:5.2f}±{spread:4.2f}"
                ratios.append(ratio)
            print(row)
        mean = math.exp(statistics.fmean(math.log(r) for r in ratios))
        share = sum(r >= 1 for r in ratios) / len(ratios)
        print(
            f"{dtype}: geometric mean {mean:.2f}; {share:.0%} of {len(ratios)} are as fast as the "
            f"peer or faster; slowest {min(ratios):.2f}"
        )


def flops(sizes: tuple[int, ...]) -> float:
    """Give the multiplications and additions of one direction."""
    n, c, height, width, o, kernel, stride, padding, groups = sizes
    rows, columns = ((e + 2 * padding - kernel) // stride + 1 for e in (height, width))
    return 2.0 * n * o * rows * columns * (c // groups) * kernel**2


if __name__ == "__main__":
    main()
