"""The step of PyTorch that `training_times.py` times: a program that is asked line by line.

    training_peer.py NETWORK f32|f64 [--threads 2] [--cpu-time]

Answers `parameters` with their number, `convolved` with the number of elements that all
convolutions put out, and `step NCHW` or `step channels-last` with the milliseconds of one forward
and backward pass.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import torch
from timed_networks import NETWORKS
from torch import Tensor, nn
from torch.nn import functional

LAYOUTS = {"NCHW": torch.contiguous_format, "channels-last": torch.channels_last}
#: Steps are repeated until so many seconds are over, as ours are.
ENOUGH = 0.1


class Step:
    """A network with random weights, a batch, and what a step does with them."""

    def __init__(self, name: str, dtype: torch.dtype, clock: Callable[[], float]) -> None:
        torch.manual_seed(1)
        make, shape, classes = NETWORKS[name]
        self.model = make().to(dtype).train()
        self.images = torch.randn(shape, dtype=dtype)
        self.labels = torch.randint(0, classes, shape[:1])
        self.layout = "NCHW"
        self.clock = clock

    def run(self) -> None:
        """Compute all outputs and all gradients; those of the step before are let go first."""
        self.model.zero_grad(set_to_none=True)
        functional.cross_entropy(self.model(self.images), self.labels).backward()

    def time(self, layout: str) -> float:
        """Give the milliseconds of one step, with weights and images in a layout."""
        if layout != self.layout:
            # The stubs of torch know no call with a layout alone.
            self.model.to(memory_format=LAYOUTS[layout])  # type: ignore[call-overload]
            self.images = self.images.contiguous(memory_format=LAYOUTS[layout])
            self.layout = layout
        steps, start = 0, self.clock()
        while True:
            self.run()
            steps += 1
            elapsed = self.clock() - start
            if elapsed > ENOUGH:
                return 1e3 * elapsed / steps

    def parameters(self) -> int:
        """The number of trainable elements."""
        return sum(p.numel() for p in self.model.parameters())

    def convolved(self) -> int:
        """The elements that all convolutions put out."""
        counts: list[int] = []

        def count(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            counts.append(output.numel())

        hooks = [
            module.register_forward_hook(count)
            for module in self.model.modules()
            if isinstance(module, nn.Conv2d)
        ]
        with torch.no_grad():
            self.model(self.images)
        for hook in hooks:
            hook.remove()
        return sum(counts)


def main() -> None:
    """Answer until there are no questions left."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("dtype", choices=("f32", "f64"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    kind = torch.float32 if options.dtype == "f32" else torch.float64
    clock = time.process_time if options.cpu_time else time.perf_counter
    step = Step(options.network, kind, clock)
    for line in sys.stdin:
        match line.split():
            case ["parameters"]:
                print(step.parameters(), flush=True)
            case ["convolved"]:
                print(step.convolved(), flush=True)
            case ["step", layout]:
                print(step.time(layout), flush=True)
            case _:
                print(f"not understood: {line}", flush=True)


if __name__ == "__main__":
    main()
