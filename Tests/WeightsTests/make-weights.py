"""Writes small weight files with the tools that people use, and what must be found in them.

    python make-weights.py Fixtures

needs numpy, h5py, torch and safetensors. `expected.json` holds for each file the canonical tensors
as NumPy computes them: layer, parameter, shape, and the SHA-256 of the little-endian bytes, floats
of 16 bits widened to 32 and integers to 64. Chainer and nnabla are imitated from their sources
(chainer/serializers/hdf5.py, nnabla/parameter.py), Caffe's batch normalisation from net.cpp.
"""

import hashlib
import itertools
import json
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import torch
from safetensors.torch import save_file

EXPECTED = {}
SEEDS = itertools.count(1)


def canonical(array):
    array = np.asarray(array)
    if array.dtype == np.float16:
        array = array.astype("<f4")
    elif array.dtype.kind == "f":
        array = array.astype(array.dtype.newbyteorder("<"))
    else:
        array = array.astype("<i8")
    return np.array(array, order="C")


def expect(file, layer, parameter, array):
    array = canonical(array)
    EXPECTED.setdefault(file, []).append(
        {
            "layer": layer,
            "parameter": parameter,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
    )


def random(shape, dtype="f4"):
    return np.random.default_rng(next(SEEDS)).normal(size=shape).astype(dtype)


def names(key):
    return key.rsplit(".", 1) if "." in key else ("", key)


def write_safetensors(folder):
    tensors = {
        "net.f64": torch.from_numpy(random((2, 3), "f8")),
        "net.f32": torch.from_numpy(random((4, 3, 2, 2))),
        "net.f16": torch.from_numpy(random((5,))).half(),
        "net.bf16": torch.from_numpy(random((2, 2))).bfloat16(),
        "net.i64": torch.tensor([1, -2, 2**40]),
        "net.i32": torch.tensor([[1, -2]], dtype=torch.int32),
        "net.i16": torch.tensor([300, -300], dtype=torch.int16),
        "net.i8": torch.tensor([-128, 127], dtype=torch.int8),
        "net.u8": torch.tensor([0, 255], dtype=torch.uint8),
        "net.bool": torch.tensor([True, False]),
        "net.scalar": torch.tensor(2.5),
        "net.empty": torch.zeros(0, 4),
    }
    name = "types.safetensors"
    save_file(tensors, folder / name, metadata={"format": "pt"})
    for key, tensor in tensors.items():
        wide = tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor
        expect(name, *names(key), wide.numpy())


def write_npz(folder):
    arrays = {
        "conv.weight": random((4, 3, 2, 2)),
        "conv.bias": random((4,), ">f4"),
        "fc.weight": np.asfortranarray(random((3, 5), "f8")),
        "fc.half": random((3,), "f2"),
        "fc.cube": np.asfortranarray(random((2, 3, 4))),
        "fc.steps": np.array(7),
        "fc.mask": np.array([[True, False]]),
        "fc.bytes": np.array([[1, 2], [3, 250]], "u1"),
        "fc.none": np.zeros((0, 3), "f4"),
    }
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 16, 2
    np.savez(folder / "zip64.npz", **arrays)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
    for file in ("stored.npz", "deflated.npz", "zip64.npz"):
        for key, array in arrays.items():
            expect(file, *names(key), array)
    np.savez(folder / "refused.npz", good=random((2,)), bad=np.array([{}], dtype=object))


def write_torch(folder):
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(8, 5)
    )
    model(torch.randn(2, 3, 3, 4))
    state = {k: v.numpy() for k, v in model.state_dict().items()}
    with h5py.File(folder / "torch-flat.h5", "w") as file:
        for key, value in state.items():
            file["module." + key] = value
            expect("torch-flat.h5", *names(key), value)
    with h5py.File(folder / "torch-nested.h5", "w") as file:
        for key, value in state.items():
            file["features/" + key.replace(".", "/")] = value
            expect("torch-nested.h5", *names("features." + key), value)
        file["features/9/weight"] = file["features/3/weight"]
        expect("torch-nested.h5", "features.9", "weight", state["3.weight"])
    weight_norm = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 3))
    with h5py.File(folder / "torch-parametrised.h5", "w") as file:
        for key, value in weight_norm.state_dict().items():
            file[key] = value.numpy()


def write_caffe(folder):
    name = "embarc_cifar10_small.caffemodel.h5"
    with h5py.File(folder / name) as file:
        for layer in ("conv1", "conv2", "conv3", "ip1"):
            expect(name, layer, "weight", file[f"data/{layer}/0"][()])
            expect(name, layer, "bias", file[f"data/{layer}/1"][()])
    name = "caffe-batchnorm.h5"
    mean, variance, factor = random((4,)), random((4,)) ** 2, np.array([999.98236], "f4")
    gamma, beta, slope = random((4,)), random((4,)), random((4,))
    conv = random((4, 2, 1, 1))
    with h5py.File(folder / name, "w") as file:
        file["data/inception/1x1/0"] = conv
        file["data/inception/1x1/bn/0"] = mean
        file["data/inception/1x1/bn/1"] = variance
        file["data/inception/1x1/bn/2"] = factor
        file["data/scale/0"] = gamma
        file["data/scale/1"] = beta
        file["data/prelu/0"] = slope
        file.create_group("data/relu")
        file["diff/scale/0"] = gamma
    expect(name, "inception/1x1", "weight", conv)
    scale = 1 / np.float64(factor[0])
    expect(name, "inception/1x1/bn", "running_mean", (mean.astype("f8") * scale).astype("f4"))
    expect(name, "inception/1x1/bn", "running_var", (variance.astype("f8") * scale).astype("f4"))
    expect(name, "scale", "weight", gamma)
    expect(name, "scale", "bias", beta)
    expect(name, "prelu", "weight", slope)
    with h5py.File(folder / "caffe-solverstate.h5", "w") as file:
        file["history/0"] = mean
        file["iter"] = np.int32(10)
        file["current_step"] = np.int32(0)


def write_chainer(folder):
    name = "chainer.h5"
    conv, bias, linear = random((4, 3, 2, 2)), random((4,)), random((5, 6))
    depthwise, depthwise_bias = random((2, 3, 3, 3)), random((6,))
    gamma, beta, mean, variance = (random((4,)) for _ in range(4))
    with h5py.File(folder / name, "w") as file:

        def save(path, array):
            # DictionarySerializer: arrays are compressed, scalars are not.
            file.create_dataset(path, data=array, compression=4)

        save("conv/W", conv)
        save("conv/b", bias)
        save("blocks/0/W", depthwise)
        save("blocks/0/b", depthwise_bias)
        save("fc/W", linear)
        file["fc/b"] = h5py.Empty("f4")
        save("bn/gamma", gamma)
        save("bn/beta", beta)
        save("bn/avg_mean", mean)
        save("bn/avg_var", variance)
        file["bn/N"] = np.int64(3)
    expect(name, "conv", "weight", conv)
    expect(name, "conv", "bias", bias)
    expect(name, "fc", "weight", linear)
    # links/connection/depthwise_convolution_2d.py: output channel c·M + m has filter W[m, c].
    filters = np.stack([depthwise[m, c][None] for c in range(3) for m in range(2)])
    expect(name, "blocks.0", "weight", filters)
    expect(name, "blocks.0", "bias", depthwise_bias)
    expect(name, "bn", "weight", gamma)
    expect(name, "bn", "bias", beta)
    expect(name, "bn", "running_mean", mean)
    expect(name, "bn", "running_var", variance)


def write_nnabla(folder):
    name = "nnabla.h5"
    conv, affine, mean = random((4, 3, 2, 2)), random((6, 5)), random((1, 4, 1, 1))
    with h5py.File(folder / name, "w") as file:
        for index, (path, array, grad) in enumerate(
            [
                ("conv1/conv/W", conv, True),
                ("block/bn/mean", mean, False),
                ("block/conv/W", conv, True),
                ("fc/affine/W", affine, True),
            ]
        ):
            file[path] = array
            file[path].attrs["need_grad"] = grad
            file[path].attrs["index"] = index
    expect(name, "conv1", "weight", conv)
    expect(name, "block.bn", "running_mean", mean.reshape(4))
    expect(name, "block.conv", "weight", conv)
    expect(name, "fc", "weight", affine.T)


def write_bfloat16(folder):
    """The three ways in which HDF5 files carry bfloat16, besides the fixture format's."""
    name = "bfloat16.h5"
    values = torch.from_numpy(random((3, 2))).bfloat16()
    bits = values.view(torch.int16).numpy().view("u2")
    with h5py.File(folder / name, "w") as file:
        kind = h5py.h5t.create(h5py.h5t.OPAQUE, 2)
        space = h5py.h5s.create_simple((3, 2))
        made = h5py.h5d.create(file.id, b"opaque.weight", kind, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, bits.view("V2"), mtype=kind)
        file["opaque.weight"].attrs["dtype"] = "bfloat16"
        file["half.weight"] = bits
        file["half.weight"].attrs["dtype"] = "bfloat16"
        custom = h5py.h5t.IEEE_F16LE.copy()
        custom.set_fields(15, 7, 8, 0, 7)
        custom.set_ebias(127)
        made = h5py.h5d.create(file.id, b"custom.weight", custom, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, values.float().numpy(), mtype=h5py.h5t.NATIVE_FLOAT)
        made = h5py.h5d.create(file.id, b"raw.weight", kind, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, bits.view("V2"), mtype=kind)
    for layer in ("opaque", "half", "custom"):
        expect(name, layer, "weight", values.float().numpy())


def write_references(folder):
    with h5py.File(folder / "references.h5", "w", userblock_size=512) as file:
        array = file.create_dataset("#refs#/b", data=np.arange(4, dtype="f4"))
        group = file.create_group("#refs#/c")
        group["weights"] = np.ones(2)
        kind = h5py.ref_dtype
        file.create_dataset("net/layers", data=np.array([[array.ref, group.ref]], dtype=kind))
        file.create_dataset(
            "net/chunked",
            data=np.array([group.ref, array.ref, file.ref], dtype=kind),
            chunks=(2,),
            compression="gzip",
        )
        file.create_dataset("net/null", shape=(1,), dtype=kind)[0] = h5py.Reference()


def write_mapped(folder):
    name = "mapped.h5"
    kernel, dense, column = random((2, 3, 4, 5)), random((24, 5)), random((3, 4, 6))
    with h5py.File(folder / name, "w") as file:
        file["net/k"] = kernel
        file["dense w"] = dense
        file["julia"] = column
        file["other"] = random((2,))
    entries = [
        {
            "source": "/net/k",
            "layer": "conv",
            "parameter": "weight",
            "permute": [3, 2, 0, 1],
            "flip": [2, 3],
        },
        {
            "source": "/dense w",
            "layer": "fc",
            "parameter": "weight",
            "reshape": [2, 3, 4, -1],
            "permute": [3, 2, 0, 1],
            "scale": 0.5,
            "final_reshape": [5, 24],
        },
        {
            "source": "/julia",
            "layer": "seq",
            "parameter": "mean",
            "role": "buffer",
            "reverse_axes": True,
        },
    ]
    document = {"format": "cnn-weights-map", "format_version": "1.0", "tensors": entries}
    (folder / "mapped.json").write_text(json.dumps(document, indent=1) + "\n")
    expect(name, "conv", "weight", kernel.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1])
    flattened = dense.reshape(2, 3, 4, 5).transpose(3, 2, 0, 1).reshape(5, 24)
    expect(name, "fc", "weight", flattened * np.float32(0.5))
    expect(name, "seq", "mean", column.T)


def main(folder):
    write_safetensors(folder)
    write_npz(folder)
    write_torch(folder)
    write_caffe(folder)
    write_chainer(folder)
    write_nnabla(folder)
    write_bfloat16(folder)
    write_references(folder)
    write_mapped(folder)
    (folder / "expected.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


main(Path(sys.argv[1]))
