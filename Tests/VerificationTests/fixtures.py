"""Writes the committed fixtures of these tests: what HDF5Writer cannot write, or PyTorch computed.

Run with torch 2.13, numpy and h5py; the files have the same bytes each time.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch

FOLDER = Path(__file__).parent / "Fixtures"


def fixture(name: str) -> h5py.File:
    file = h5py.File(FOLDER / f"{name}.h5", "w", libver=("v108", "v110"))
    file.attrs["format"] = "cnn-fixture"
    file.attrs["format_version"] = "1.0"
    return file


def put(group: h5py.Group, path: str, tensor: torch.Tensor) -> None:
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        group[path] = tensor.view(torch.int16).numpy().view(np.uint16)
        group[path].attrs["logical_dtype"] = "bfloat16"
    else:
        group[path] = tensor.numpy()


def record(file: h5py.File, name: str, kind: str, module, x: torch.Tensor, **attributes) -> None:
    """Writes a layer with everything that PyTorch computes of it."""
    layer = file.create_group(f"layers/{name}")
    layer.attrs["type"] = kind
    for key, value in attributes.items():
        layer.attrs[key] = value
    x = x.clone().requires_grad_()
    y = module(x)
    dy = torch.randn(y.shape).to(y.dtype)
    y.backward(dy)
    put(layer, "reference/input", x)
    put(layer, "reference/output", y)
    put(layer, "reference/grad_output", dy)
    put(layer, "reference/grad_input", x.grad)
    for key, parameter in getattr(module, "named_parameters", dict)():
        put(layer, f"parameters/{key}", parameter)
        put(layer, f"reference/grad_parameters/{key}", parameter.grad)


def storage_formats() -> None:
    """Layers computed by PyTorch in each storage format."""
    for name, dtype in [
        ("float16", torch.float16),
        ("bfloat16", torch.bfloat16),
        ("float32", torch.float32),
        ("float64", torch.float64),
    ]:
        torch.manual_seed(7)
        with fixture(name) as file:
            linear = torch.nn.Linear(20, 6).to(dtype)
            record(file, "linear", "Linear", linear, torch.randn(5, 20).to(dtype))
            relu = torch.nn.ReLU()
            record(file, "relu", "ReLU", relu, torch.randn(4, 9).to(dtype))
            # The default slope, 0.01, is no number of any binary format.
            leaky = torch.nn.LeakyReLU()
            record(file, "leaky", "LeakyReLU", leaky, torch.randn(4, 9).to(dtype))


def shortened() -> None:
    """Products of operands rounded to 11 significant bits, as TF32 multiplies."""

    def cut(tensor: torch.Tensor) -> torch.Tensor:
        # Round to 10 stored bits, ties to even, in the bits of the number.
        bits = tensor.detach().numpy().view(np.uint32).astype(np.uint64)
        bits = (bits + 0x0FFF + ((bits >> 13) & 1)) & 0xFFFFE000
        return torch.from_numpy(bits.astype(np.uint32).view(np.float32))

    torch.manual_seed(8)
    x, w, b, dy = torch.randn(5, 20), torch.randn(6, 20), torch.randn(6), torch.randn(5, 6)
    for name, arithmetic in [("tf32", "tf32"), ("tf32-undeclared", None)]:
        with fixture(name) as file:
            if arithmetic:
                file.attrs["arithmetic"] = arithmetic
            layer = file.create_group("layers/linear")
            layer.attrs["type"] = "Linear"
            put(layer, "parameters/weight", w)
            put(layer, "parameters/bias", b)
            put(layer, "reference/input", x)
            put(layer, "reference/output", cut(x) @ cut(w).T + b)
            put(layer, "reference/grad_output", dy)
            put(layer, "reference/grad_input", cut(dy) @ cut(w))
            put(layer, "reference/grad_parameters/weight", cut(dy).T @ cut(x))
            put(layer, "reference/grad_parameters/bias", dy.sum(0))


def normalisation() -> None:
    """Batch normalisation in training, with its state before and after."""
    torch.manual_seed(9)
    with fixture("batchnorm") as file:
        module = torch.nn.BatchNorm2d(3)
        before = {name: buffer.clone() for name, buffer in module.named_buffers()}
        x = torch.randn(4, 3, 5, 5)
        record(file, "norm", "BatchNorm2d", module, x, training=True)
        layer = file["layers/norm"]
        for name, buffer in before.items():
            put(layer, f"buffers/{name}", buffer)
        for name, buffer in module.named_buffers():
            put(layer, f"reference/buffers/{name}", buffer)


def damaged() -> None:
    """Chunks that cannot be inflated: a gradient of one layer, a weight of another."""
    torch.manual_seed(7)
    for name, path in [
        ("damaged-result", "reference/grad_parameters/weight"),
        ("damaged-output", "reference/output"),
        ("damaged-weight", "parameters/weight"),
        ("damaged-upstream", "reference/grad_output"),
    ]:
        with fixture(name) as file:
            record(file, "linear", "Linear", torch.nn.Linear(4, 3), torch.randn(2, 4))
            record(file, "relu", "ReLU", torch.nn.ReLU(), torch.randn(2, 3))
            values = file[f"layers/linear/{path}"][()]
            del file[f"layers/linear/{path}"]
            dataset = file.create_dataset(
                f"layers/linear/{path}", values.shape, "f4", chunks=values.shape, compression=6
            )
            dataset.id.write_direct_chunk((0, 0), b"\x78\x9c" + b"\xff" * 30)
            # The layers are a network too, so that the whole of it is run.
            file["inputs/x"] = file["layers/linear/reference/input"]
            file["layers/linear"].attrs["inputs"] = ["x"]
            file["layers/relu"].attrs["inputs"] = ["linear"]


def huge() -> None:
    """A weight of 2^40 elements of which none was ever written."""
    torch.manual_seed(7)
    with fixture("huge") as file:
        record(file, "linear", "Linear", torch.nn.Linear(4, 3), torch.randn(2, 4))
        record(file, "relu", "ReLU", torch.nn.ReLU(), torch.randn(2, 3))
        del file["layers/linear/parameters/weight"]
        file["layers/linear/parameters"].create_dataset("weight", (1 << 20, 1 << 20), "f4")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for write in [storage_formats, shortened, normalisation, damaged, huge]:
        write()
