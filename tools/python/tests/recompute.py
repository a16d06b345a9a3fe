"""An independent reading of a fixture: every layer again in float64 by torch.nn, from the file.

Knows nothing of the exporter; only the format's own words.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from other_orders import canonical, padded, pair, plain

TWIN_TOLERANCE = 1e-11
"""Of the largest element: both sides are float64 and read the same float32 values."""

RESERVED = {"type", "inputs", "index", "training", "source", "expected_failure"}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": lambda *t: sum(t[1:], t[0]),
    "Sub": lambda a, b: a - b,
    "Mul": lambda *t: functools_product(t),
    "Div": lambda a, b: a / b,
    "Concat": lambda *t, dim=0: torch.cat(t, dim),
    "Split": lambda t, split_sizes, dim=0: torch.split(t, split_sizes, dim),
    "Reshape": lambda t, shape: t.reshape(shape),
    "Permute": lambda t, dims: t.permute(dims),
    "Transpose": lambda t, dim0, dim1: t.transpose(dim0, dim1),
    "Squeeze": lambda t, dim=None: t.squeeze() if dim is None else t.squeeze(dim),
    "Unsqueeze": lambda t, dim: t.unsqueeze(dim),
    "Slice": lambda t, dim=0, start=0, stop=None, step=1: t[
        (slice(None),) * dim + (slice(start, stop, step),)
    ],
    "Mean": lambda t, dims=None, keepdim=False: t.mean(dims, keepdim),
    "Sum": lambda t, dims=None, keepdim=False: t.sum(dims, keepdim),
    "MatMul": lambda a, b: a @ b,
    "Scale": lambda t, factor: t * factor,
    "Shift": lambda t, offset: t + offset,
    "Clip": lambda t, min=None, max=None: t.clamp(min, max),
    "Power": lambda t, exponent: t**exponent,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Abs": torch.abs,
    "Neg": torch.neg,
}


def functools_product(tensors: tuple[Tensor, ...]) -> Tensor:
    result = tensors[0]
    for tensor in tensors[1:]:
        result = result * tensor
    return result


@dataclass
class Difference:
    layer: str
    tensor: str
    error: float


class Reading:
    """One case of a file."""

    def __init__(self, group: h5py.Group) -> None:
        self.group = group
        self.compared = 0
        self.unknown: list[str] = []

    def differences(self, tolerance: float) -> Iterator[Difference]:
        for name, layer in self.group["layers"].items():
            yield from self.layer_differences(name, layer, tolerance)

    def layer_differences(self, name: str, layer: h5py.Group, tolerance: float) -> Iterator[Any]:
        attributes = {k: plain(v) for k, v in layer.attrs.items()}
        kind = attributes["type"]
        if "." in kind:
            self.unknown.append(name)
            return
        inputs = self.inputs_of(layer, attributes)
        parameters = {k: wide(canonical(d)) for k, d in layer.get("parameters", {}).items()}
        leaves = [*inputs, *parameters.values()]
        for number, leaf in enumerate(leaves):
            is_parameter = number >= len(inputs)
            if is_parameter or read(layer["reference"], "grad_input", number) is not None:
                leaf.requires_grad_()
        outputs, buffers = self.run(kind, layer, attributes, inputs, parameters)
        reference = layer["reference"]
        found: dict[str, Tensor] = {**numbered("output", outputs)}
        found |= {f"buffers/{k}": v for k, v in buffers.items()}
        gradients = [read(reference, "grad_output", k) for k in range(len(outputs))]
        pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None]
        pairs = [(o, g) for o, g in pairs if o.requires_grad]
        if pairs:
            grads = torch.autograd.grad(
                [o for o, _ in pairs],
                [leaf for leaf in leaves if leaf.requires_grad],
                [wide(g).reshape(o.shape) for o, g in pairs],
                allow_unused=True,
            )
            by_leaf = dict(zip([id(x) for x in leaves if x.requires_grad], grads, strict=True))
            found |= {
                key: by_leaf[id(x)]
                for key, x in numbered("grad_input", inputs).items()
                if by_leaf.get(id(x)) is not None
            }
            found |= {f"grad_parameters/{k}": by_leaf[id(p)] for k, p in parameters.items()}
        yield from self.compare(name, kind, reference, found, tolerance)
        twin = layer.get("reference_f64")
        if twin is not None and not any(key.startswith("input") for key in twin):
            yield from self.compare(f"{name} (twin)", kind, twin, found, TWIN_TOLERANCE)

    def compare(
        self,
        name: str,
        kind: str,
        reference: h5py.Group,
        found: dict[str, Tensor],
        tolerance: float,
    ) -> Iterator[Difference]:
        for key, mine in found.items():
            stem, _, number = key.partition(".")
            stored = reference.get(key)
            if stored is None and number == "0":
                stored = reference.get(stem)
            if stored is None:
                continue
            self.compared += 1
            other = wide(canonical(stored)).reshape(mine.shape).double()
            scale = max(1e-30, float(mine.detach().abs().max()) if mine.numel() else 1.0)
            equal = torch.nan_to_num((mine.detach() - other).abs(), nan=0.0, posinf=0.0)
            error = float(equal.max()) / scale if mine.numel() else 0.0
            if not error <= tolerance:
                yield Difference(name, key, error)

    def inputs_of(self, layer: h5py.Group, attributes: dict[str, Any]) -> list[Tensor]:
        names = attributes.get("inputs")
        own = [read(layer["reference"], "input", k) for k in range(9)]
        if own[0] is not None:
            stand_alone = "input" in layer["reference"]
            return [wide(v) for v in (own[:1] if stand_alone else own) if v is not None]
        if names is None:
            return []
        return [wide(self.produced(n)) for n in ([names] if isinstance(names, str) else names)]

    def produced(self, name: str) -> Any:
        if name in self.group.get("inputs", {}):
            return canonical(self.group["inputs"][name])
        if name in self.group["layers"]:
            return read(self.group["layers"][name]["reference"], "output", 0)
        producer, _, number = name.rpartition(":")
        return read(self.group["layers"][producer]["reference"], "output", int(number))

    def run(
        self,
        kind: str,
        layer: h5py.Group,
        attributes: dict[str, Any],
        inputs: list[Tensor],
        parameters: dict[str, Tensor],
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        h = {k: v for k, v in attributes.items() if k not in RESERVED and not k.startswith("x_")}
        auxiliary = {k: wide(canonical(d)) for k, d in layer.get("auxiliary", {}).items()}
        buffers = {k: wide(canonical(d)) for k, d in layer.get("buffers", {}).items()}
        training = bool(attributes.get("training", False))
        if kind == "Parameter":
            return [parameters["value"] * 1], {}
        if kind in FUNCTIONS:
            result = FUNCTIONS[kind](*inputs, **h)
            return ([result] if isinstance(result, Tensor) else list(result)), {}
        if kind in CHANCE:
            return [CHANCE[kind](inputs[0], h, auxiliary, training)], {}
        if kind.startswith("Dropout"):
            return [dropped(inputs[0], h["p"], auxiliary.get("mask"), training)], {}
        if kind == "Conv2d":
            return [convolved(inputs[0], h, **parameters)], {}
        if kind.startswith("ConvTranspose") and np.size(h.get("padding", 0)) > int(kind[-2]):
            return [cropped(kind, inputs[0], h, parameters)], {}
        if kind.endswith("Pool2d") and len(np.atleast_1d(h.get("padding", 0))) == 4:
            return [pooled(kind, inputs[0], h)], {}
        if kind == "SumPool2d":
            h["divisor_override"] = 1
            kind = "AvgPool2d"
        return through_module(kind, h, inputs, parameters, buffers, auxiliary, training)


def through_module(
    kind: str,
    h: dict[str, Any],
    inputs: list[Tensor],
    parameters: dict[str, Tensor],
    buffers: dict[str, Tensor],
    auxiliary: dict[str, Tensor],
    training: bool,
) -> tuple[list[Tensor], dict[str, Tensor]]:
    cls = getattr(nn, kind)
    unbiased = h.pop("unbiased_running_variance", True)
    none = {k: (None if v == "none" and k == "momentum" else v) for k, v in h.items()}
    weight = parameters.get("weight")
    sizes: tuple[Any, ...] = ()
    if kind == "Linear" and weight is not None:
        sizes = (weight.shape[1], weight.shape[0])
        none["bias"] = "bias" in parameters
    if kind in ("Conv1d", "Conv3d") and np.size(h.get("padding", 0)) == 2 * int(kind[-2]):
        inputs, none["padding"] = [padded(inputs[0], h["padding"])], 0
    if kind in ("Conv1d", "Conv3d") and weight is not None:
        groups = int(h.get("groups", 1))
        sizes = (weight.shape[1] * groups, weight.shape[0], tuple(weight.shape[2:]))
        none["bias"] = "bias" in parameters
    if kind == "Bilinear" and weight is not None:
        sizes = (weight.shape[1], weight.shape[2], weight.shape[0])
        none["bias"] = "bias" in parameters
    if kind == "Embedding" and weight is not None:
        sizes = tuple(weight.shape)
    if kind == "PReLU" and weight is not None:
        sizes = (weight.numel(),)
    if kind in ("LayerNorm", "RMSNorm"):
        none["elementwise_affine"] = bool(parameters)
    if kind == "LayerNorm":
        none["bias"] = "bias" in parameters
    if kind.startswith("ConvTranspose") and weight is not None:
        sizes = (
            weight.shape[0],
            weight.shape[1] * int(h.get("groups", 1)),
            tuple(weight.shape[2:]),
        )
        none["bias"] = "bias" in parameters
    if kind.startswith(("BatchNorm", "InstanceNorm")):
        sizes = (inputs[0].shape[1],)
        none |= {"affine": bool(parameters), "track_running_stats": "running_mean" in buffers}
    if kind == "GroupNorm":
        none |= {"num_channels": inputs[0].shape[1], "affine": bool(parameters)}
    if kind == "Upsample":
        none = {k: tuple(v) if isinstance(v, list) else v for k, v in none.items()}
    if kind.startswith("Adaptive"):
        size: Any = none["output_size"]
        none["output_size"] = (
            size if isinstance(size, int) else [None if s < 0 else s for s in size]
        )
    module = cls(*sizes, **none, **auxiliary).double().train(training)
    if kind.endswith("Loss"):
        indices = [x.long() if x.dtype == torch.int32 else x for x in inputs]
        return [module(*indices)], {}
    state = {**parameters, **{k: v.clone() for k, v in buffers.items()}}
    result = torch.func.functional_call(module, state, tuple(inputs))
    if not unbiased and training:
        count = inputs[0].numel() / inputs[0].shape[1]
        kept = buffers["running_var"] * (1 - h.get("momentum", 0.1))
        state["running_var"] = kept + (state["running_var"] - kept) * (count - 1) / count
    return [result], {k: v for k, v in state.items() if k in buffers and training}


def convolved(x: Tensor, h: dict[str, Any], weight: Tensor, bias: Tensor | None = None) -> Tensor:
    stride, dilation = pair(h.get("stride", 1)), pair(h.get("dilation", 1))
    padding = h.get("padding", 0)
    if isinstance(padding, str):
        reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        four = [r // 2 for r in reach] + [r - r // 2 for r in reach]
        padding = four if padding == "same" else [0] * 4
    padding = pair(padding) * 2 if np.size(padding) < 4 else list(padding)
    mode = {"zeros": "constant"}.get(h.get("padding_mode", "zeros"), h.get("padding_mode"))
    widths = [padding[1], padding[3], padding[0], padding[2]]
    x = functional.pad(x, widths, mode=mode or "constant")
    return functional.conv2d(x, weight, bias, stride, 0, dilation, h.get("groups", 1))


def cropped(kind: str, x: Tensor, h: dict[str, Any], parameters: dict[str, Tensor]) -> Tensor:
    """A transposed convolution whole, then cut by its own number of cells at each end."""
    cut = h["padding"]
    count = len(cut) // 2
    whole = through_module(kind, {**h, "padding": 0}, [x], parameters, {}, {}, False)[0][0]
    for axis in range(count):
        length = whole.shape[2 + axis] - cut[axis] - cut[count + axis]
        whole = whole.narrow(2 + axis, cut[axis], length)
    return whole


def pooled(kind: str, x: Tensor, h: dict[str, Any]) -> Tensor:
    top, left, bottom, right = h["padding"]
    widths = [left, right, top, bottom]
    kernel, stride = pair(h["kernel_size"]), pair(h["stride"])
    if kind == "MaxPool2d":
        wide_x = functional.pad(x, widths, value=float("-inf"))
        return functional.max_pool2d(wide_x, kernel, stride, 0, pair(h.get("dilation", 1)))
    windows = (
        functional.pad(x, widths).unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])
    )
    total = windows.sum((-1, -2))
    if kind == "SumPool2d":
        return total
    if h.get("count_include_pad", True):
        return total / (kernel[0] * kernel[1])
    ones = functional.pad(torch.ones_like(x), widths)
    counts = ones.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1]).sum((-1, -2))
    return total / counts


def alpha_dropped(x: Tensor, h: dict[str, Any], auxiliary: dict[str, Tensor], on: bool) -> Tensor:
    if not on:
        return x * 1
    # Klambauer et al. 2017, section "alpha dropout": dropped elements become -lambda alpha, then an
    # affine map restores mean 0 and variance 1.
    low, q = -1.7580993408473766, 1 - h["p"]
    if q == 0:
        return x * 0
    a = (q + low**2 * q * (1 - q)) ** -0.5
    mask = auxiliary["mask"].double()
    return a * (x * mask + low * (1 - mask)) - a * low * (1 - q)


def randomly_leaky(
    x: Tensor, h: dict[str, Any], auxiliary: dict[str, Tensor], training: bool
) -> Tensor:
    drawn = training and h["lower"] < h["upper"]
    slope = auxiliary["noise"] if drawn else (h["lower"] + h["upper"]) / 2
    return torch.where(x > 0, x, x * slope)


CHANCE = {
    "AlphaDropout": alpha_dropped,
    "FeatureAlphaDropout": alpha_dropped,
    "RReLU": randomly_leaky,
}


def dropped(x: Tensor, p: float, mask: Tensor | None, training: bool) -> Tensor:
    if not training or mask is None:
        return x * 1
    return x * 0 if p == 1 else x * mask / (1 - p)


def numbered(name: str, tensors: list[Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{k}": t for k, t in enumerate(tensors)}


def read(group: h5py.Group, name: str, number: int) -> Any:
    if f"{name}.{number}" in group:
        return canonical(group[f"{name}.{number}"])
    return canonical(group[name]) if number == 0 and name in group else None


def wide(value: Any) -> Tensor:
    tensor = torch.as_tensor(np.asarray(value))
    if tensor.is_floating_point():
        return tensor.double()
    return tensor.long() if tensor.dtype == torch.int32 else tensor


def recompute(path: str | os.PathLike[str], tolerance: float) -> tuple[list[Difference], int]:
    """All differences of a file, and how many tensors were compared."""
    differences: list[Difference] = []
    compared = 0
    with h5py.File(path) as file:
        cases = list(file["cases"].items()) if "cases" in file else [("", file)]
        for title, group in cases:
            reading = Reading(group)
            for difference in reading.differences(tolerance):
                difference.layer = f"{title}/{difference.layer}"
                differences.append(difference)
            compared += reading.compared
    return differences, compared
