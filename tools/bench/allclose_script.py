"""What one would write without this project: a fixture's network in PyTorch, and `allclose`.

    allclose_script.py FIXTURE [--precision float32] [--channels-last] [--threads 2]

Runs the whole network forward and backward, and compares each stored output, gradient and buffer
with a tolerance. It knows the kinds of `timed_networks.py` and reads every tensor when it needs it.
Prints how many tensors were compared and how many of them differ.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import h5py
import torch
from torch import Tensor
from torch.nn import functional

RTOL, ATOL = 1e-3, 1e-5


class Layer:
    """A layer of the file: its settings, its tensors, and what was computed for it."""

    def __init__(self, group: Any, options: argparse.Namespace) -> None:
        self.group, self.options = group, options
        self.settings = {k: plain(v) for k, v in group.attrs.items()}
        self.sources: list[str] = self.settings["inputs"]
        self.parameters = {
            name: self.tensor(f"parameters/{name}").requires_grad_()
            for name in group.get("parameters", ())
        }
        self.buffers = {name: self.tensor(f"buffers/{name}") for name in group.get("buffers", ())}

    def tensor(self, name: str) -> Tensor:
        """Read a tensor of the layer."""
        return read(self.group[name], self.options)

    def run(self, inputs: list[Tensor]) -> Tensor:
        """Compute the output and keep what a comparison needs, gradients included."""
        # A view of its own for each consumer: its gradient is that of this edge alone.
        self.edges = [x.view_as(x) if x.requires_grad else x for x in inputs]
        self.output = self.apply(self.edges[0], self.edges[-1])
        for tensor in (*self.edges, self.output):
            if tensor.requires_grad:
                tensor.retain_grad()
        return self.output

    def apply(self, x: Tensor, last: Tensor) -> Tensor:
        """Compute the output; a kind with two inputs takes the last one too."""
        s, p, b = self.settings, self.parameters, self.buffers
        match s["type"]:
            case "Conv2d":
                strides = (s["stride"], s["padding"], s["dilation"], s["groups"])
                return functional.conv2d(x, p["weight"], p.get("bias"), *strides)
            case "BatchNorm2d":
                mean, variance = b["running_mean"], b["running_var"]
                rates = (s["training"], s["momentum"], s["eps"])
                return functional.batch_norm(x, mean, variance, p["weight"], p["bias"], *rates)
            case "Linear":
                return functional.linear(x, p["weight"], p["bias"])
            case "MaxPool2d":
                return functional.max_pool2d(x, s["kernel_size"], s["stride"], s["padding"])
            case "AvgPool2d":
                return functional.avg_pool2d(x, s["kernel_size"], s["stride"], s["padding"])
            case "AdaptiveAvgPool2d":
                return functional.adaptive_avg_pool2d(x, s["output_size"])
            case "Flatten":
                return x.flatten(s["start_dim"], s["end_dim"])
            case "ReLU":
                return functional.relu(x)
            case "ReLU6":
                return functional.relu6(x)
            case "Tanh":
                return torch.tanh(x)
            case "Dropout":
                dropped: Tensor = x * self.tensor("auxiliary/mask") / (1 - s["p"])
                return dropped
            case "Add":
                return x + last
            case "CrossEntropyLoss":
                return functional.cross_entropy(x, last)
            case kind:
                sys.exit(f"this script does not know {kind}")

    def results(self) -> dict[str, Tensor | None]:
        """Everything that was computed, under the names of the file."""
        found: dict[str, Tensor | None] = {"output": self.output.detach()}
        for k, edge in enumerate(self.edges):
            found["grad_input" if len(self.edges) == 1 else f"grad_input.{k}"] = edge.grad
        found |= {f"grad_parameters/{name}": p.grad for name, p in self.parameters.items()}
        found |= {f"buffers/{name}": b for name, b in self.buffers.items() if b.is_floating_point()}
        return found

    def compare(self) -> list[bool]:
        """Tell for each stored tensor that was computed whether it is close."""
        reference = self.group["reference"]
        return [
            torch.allclose(tensor, read(reference[name], self.options), rtol=RTOL, atol=ATOL)
            for name, tensor in self.results().items()
            if tensor is not None and name in reference
        ]


def plain(value: Any) -> Any:
    """Give an attribute as PyTorch takes it."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.decode() if isinstance(value, bytes) else value


def read(dataset: Any, options: argparse.Namespace) -> Tensor:
    """Read a dataset; floating-point numbers in the precision that is asked for."""
    tensor = torch.as_tensor(dataset[()])
    if tensor.is_floating_point() or tensor.dtype == torch.bool:
        tensor = tensor.to(getattr(torch, options.precision))
    if options.channels_last and tensor.ndim == 4:
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    return tensor


def main() -> None:
    """Compute and compare everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fixture")
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with h5py.File(options.fixture) as file:
        layers = {name: Layer(group, options) for name, group in file["layers"].items()}
        values = {name: read(dataset, options) for name, dataset in file["inputs"].items()}
        for name, layer in sorted(layers.items(), key=lambda pair: pair[1].settings["index"]):
            values[name] = layer.run([values[source] for source in layer.sources])
        values[name].backward()
        close = [verdict for layer in layers.values() for verdict in layer.compare()]
    print(json.dumps({"compared": len(close), "differ": close.count(False)}))


if __name__ == "__main__":
    main()
