"""Writes small files in the layout of MATLAB's `save -v7.3`, and what must be found in them.

    python make-matlab.py Fixtures

needs numpy and h5py. MATLAB itself is imitated: the block of 512 bytes with its text, `/#refs#`,
`MATLAB_class`, text as uint16, reversed axes without trailing ones, `MATLAB_empty`. Arrays are
made here in MATLAB's order, filters (H, W, I, O), and `expected-matlab.json` holds the canonical
tensors as NumPy computes them from those: layer, parameter, shape, SHA-256 of the bytes.
"""

import hashlib
import itertools
import json
import sys
from pathlib import Path

import h5py
import numpy as np

EXPECTED = {}
SEEDS = itertools.count(100)


def expect(file, layer, parameter, array):
    array = np.ascontiguousarray(array)
    EXPECTED.setdefault(file, []).append(
        {
            "layer": layer,
            "parameter": parameter,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
    )


def random(*shape, dtype="f4"):
    return np.random.default_rng(next(SEEDS)).normal(size=shape).astype(dtype)


class Records(list):
    """An array of structures of equal fields."""


class Matlab:
    """Writes values as MATLAB does: dict a structure, list a cell array, str text."""

    def __init__(self, path):
        self.path = path
        self.file = h5py.File(path, "w", userblock_size=512)
        self.refs = self.file.create_group("#refs#")
        self.names = ("".join(p) for n in (1, 2) for p in itertools.product("abcdefghij", repeat=n))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2018"
        text += b" HDF5 schema 1.00 ."
        block = text.ljust(116) + bytes(8) + b"\x00\x02IM"
        with open(self.path, "r+b") as file:
            file.write(block)

    def refer(self, value):
        name = next(self.names)
        self.write(self.refs, name, value)
        return self.refs[name].ref

    def references(self, group, name, values):
        column = np.array([[self.refer(value)] for value in values], dtype=h5py.ref_dtype)
        return group.create_dataset(name, data=column)

    def mark(self, made, kind, **more):
        made.attrs["MATLAB_class"] = np.bytes_(kind)
        for key, value in more.items():
            made.attrs[key] = value

    def write(self, group, name, value):
        if isinstance(value, Records):
            made = group.create_group(name)
            for field in value[0]:
                self.references(made, field, [record[field] for record in value])
            self.mark(made, "struct")
        elif isinstance(value, dict):
            made = group.create_group(name)
            for field, content in value.items():
                self.write(made, field, content)
            self.mark(made, "struct")
        elif isinstance(value, list) and value:
            self.mark(self.references(group, name, value), "cell")
        elif isinstance(value, list):
            made = group.create_dataset(name, data=np.zeros(2, "u8"))
            self.mark(made, "cell", MATLAB_empty=np.uint8(1))
        elif isinstance(value, str):
            units = np.frombuffer(value.encode("utf-16-le"), "u2")
            made = group.create_dataset(name, data=units[:, None])
            self.mark(made, "char", MATLAB_int_decode=np.int32(2))
        else:
            self.array(group, name, np.asarray(value))

    def array(self, group, name, array):
        kind = {"f4": "single", "f8": "double", "i4": "int32"}[array.dtype.str[1:]]
        if array.size == 0:
            made = group.create_dataset(name, data=np.array(array.shape, "u8"))
            return self.mark(made, kind, MATLAB_empty=np.uint8(1))
        shape = list(array.shape)
        while len(shape) > 2 and shape[-1] == 1:
            shape.pop()
        shape += [1] * (2 - len(shape))
        # Column-major bytes of an array are row-major ones under reversed extents.
        content = array.reshape(-1, order="F").reshape(shape[::-1])
        packing = {"compression": 3, "chunks": True} if array.size > 64 else {}
        self.mark(group.create_dataset(name, data=content, **packing), kind)


EMPTY = np.zeros((0, 0), "f4")


def conv(name, filters, biases, **more):
    settings = {"stride": np.array([[2.0, 1.0]]), "pad": np.array([[0.0, 1.0, 0.0, 1.0]])}
    return {"type": "conv", "name": name, "weights": [filters, biases], **settings, **more}


def oihw(filters):
    return filters.transpose(3, 2, 0, 1)


def expect_batch_norm(file, layer, gamma, beta, moments):
    expect(file, layer, "weight", gamma.reshape(-1))
    expect(file, layer, "bias", beta.reshape(-1))
    expect(file, layer, "running_mean", moments[:, 0])
    expect(file, layer, "running_var", moments[:, 1] * moments[:, 1])


def write_simple(folder):
    name = "matconvnet-simple.mat"
    filters = {
        "conv1": random(3, 2, 3, 4),  # every axis of another length
        "square": random(3, 3, 3, 3),
        "one out": random(3, 2, 4, 1),  # stored as (4, 2, 3)
        "column": random(5, 1, 1, 1),  # stored as (1, 5)
        "fc": random(1, 1, 6, 5, dtype="f8"),
    }
    biases = {
        "conv1": random(1, 4),
        "square": random(3, 1),
        "one out": random(1, 1),
        "column": EMPTY,
        "fc": random(1, 1, 5, dtype="f8"),
    }
    gamma, beta, moments = random(4, 1), random(1, 4), random(4, 2)
    two = random(2, 1), random(2, 1), random(2, 2)
    transposed, transposed_bias = random(2, 3, 4, 5), random(4, 1)
    unnamed, old, old_bias = random(2, 3, 4, 2), random(2, 1, 3, 4), random(1, 4)
    layers = [conv(key, filters[key], biases[key]) for key in filters]
    layers.insert(
        1,
        {"type": "bnorm", "name": "bn1", "weights": [gamma, beta, moments], "epsilon": 1e-5},
    )
    layers += [
        {"type": "relu", "name": "relu1", "leak": 0.0},
        {
            "type": "pool",
            "name": "pool1",
            "method": "max",
            "pool": np.array([[2.0, 3.0]]),
            "weights": [],
        },
        {"type": "bnorm", "name": "bn2", "weights": list(two)},
        {
            "type": "convt",
            "name": "up",
            "weights": [transposed, transposed_bias],
            "upsample": 2.0,
        },
        {"type": "conv", "weights": [unnamed, EMPTY]},
        {"type": "conv", "name": "alt", "filters": old, "biases": old_bias},
        {"type": "softmaxloss", "name": "Verlust λ"},
    ]
    with Matlab(folder / name) as file:
        meta = {"classes": ["cat", "dog"], "averageImage": random(2, 2, 3)}
        file.write(file.file, "net", {"layers": layers, "meta": meta})
    for key, kernel in filters.items():
        expect(name, key, "weight", oihw(kernel))
        if biases[key].size:
            expect(name, key, "bias", biases[key].reshape(-1))
    expect_batch_norm(name, "bn1", gamma, beta, moments)
    expect_batch_norm(name, "bn2", *two)
    # vl_nnconvt: (H, W, out, in).
    expect(name, "up", "weight", transposed.transpose(3, 2, 0, 1))
    expect(name, "up", "bias", transposed_bias.reshape(-1))
    expect(name, "layer11", "weight", oihw(unnamed))
    expect(name, "alt", "weight", oihw(old))
    expect(name, "alt", "bias", old_bias.reshape(-1))


def write_dag(folder):
    name = "matconvnet-dag.mat"
    filters, bias, up = random(3, 2, 3, 4), random(4, 1), random(2, 3, 2, 4)
    gamma, beta, moments = random(4, 1), random(4, 1), random(4, 2)
    values = {
        "conv1f": filters,
        "conv1b": bias,
        "bn1m": gamma,
        "bn1b": beta,
        "bn1x": moments,
        "upf": up,
        "spare": random(3, 1),
    }
    params = Records({"name": key, "value": values[key], "weightDecay": 1.0} for key in values)

    def layer(key, kind, names, **block):
        return {"name": key, "type": kind, "inputs": ["x"], "params": names, "block": block}

    layers = Records(
        [
            layer(
                "conv1",
                "dagnn.Conv",
                ["conv1f", "conv1b"],
                stride=np.array([[1.0, 2.0]]),
                dilate=1.0,
            ),
            layer("bn1", "dagnn.BatchNorm", ["bn1m", "bn1b", "bn1x"], epsilon=1e-4),
            layer("relu1", "dagnn.ReLU", [], leak=0.0),
            layer("up", "dagnn.ConvTranspose", ["upf"], upsample=2.0),
            layer("twin", "dagnn.Conv", ["conv1f"], stride=1.0),
        ]
    )
    # save('net.mat', '-struct', 's', '-v7.3'): the fields are the file's variables.
    with Matlab(folder / name) as file:
        for key, value in {"layers": layers, "params": params, "meta": {}}.items():
            file.write(file.file, key, value)
    expect(name, "conv1", "weight", oihw(filters))
    expect(name, "conv1", "bias", bias.reshape(-1))
    expect_batch_norm(name, "bn1", gamma, beta, moments)
    expect(name, "up", "weight", up.transpose(3, 2, 0, 1))
    expect(name, "twin", "weight", oihw(filters))


def write_single_dag(folder):
    """Arrays of one structure are plain structures."""
    name = "matconvnet-dag-one.mat"
    filters = random(2, 3, 1, 2)
    block = {"stride": 1.0}
    with Matlab(folder / name) as file:
        layer = {"name": "c", "type": "dagnn.Conv", "params": ["f"], "block": block}
        file.write(file.file, "net", {"layers": layer, "params": {"name": "f", "value": filters}})
    expect(name, "c", "weight", oihw(filters))


def write_broken(folder):
    good = random(2, 2, 1, 2)
    layers = [
        conv("good", good, EMPTY),
        "no structure",
        {"name": "typeless", "weights": [good]},
        {"type": "conv", "name": "no cells", "weights": good},
        {"type": "conv", "name": "dangling", "weights": [good, EMPTY]},
        {"type": "conv", "name": "text", "weights": ["words", EMPTY]},
        {"type": "conv", "name": "integers", "weights": [np.ones((2, 2), "i4"), EMPTY]},
        {"type": "conv", "name": "five", "weights": [random(2, 2, 1, 2, 2), EMPTY]},
        {"type": "conv", "name": "matrix", "weights": [EMPTY, random(2, 2)]},
        {"type": "conv", "name": "structure", "weights": [{"x": good}, EMPTY]},
        {"type": "conv", "name": "three", "weights": [good, EMPTY, EMPTY]},
        {"type": "custom", "name": "custom", "weights": [good]},
        {"type": "bnorm", "name": "rows", "weights": [good[:1, 0, 0], EMPTY, random(2, 3)]},
        {"type": "bnorm", "name": "no moments", "weights": [EMPTY, EMPTY]},
    ]
    with Matlab(folder / "matlab-broken.mat") as file:
        file.write(file.file, "layers", layers)
        cells = file.file[file.file[file.file["layers"][4, 0]]["weights"].name]
        raw = cells[()]
        raw[1, 0] = file.file.ref
        cells[...] = raw
        # An address at which no object is.
        place = cells.id.get_offset() + 8
    with open(folder / "matlab-broken.mat", "r+b") as file:
        file.seek(place)
        file.write((0x7777).to_bytes(8, "little"))
    expect("matlab-broken.mat", "good", "weight", oihw(good))
    expect("matlab-broken.mat", "rows", "weight", good[:1, 0, 0].reshape(-1))


def write_refused(folder):
    with Matlab(folder / "matlab-objects.mat") as file:
        made = file.file.create_dataset("net", data=np.array([[0xDD000000, 2, 1, 1, 1, 1]], "u4"))
        file.mark(made, "DAGNetwork", MATLAB_object_decode=np.int32(3))
        file.mark(file.references(file.file, "#subsystem#/MCOS", [1.0]), "FileWrapper__")
    with Matlab(folder / "matlab-plain.mat") as file:
        file.write(file.file, "w", random(2, 3))
    with Matlab(folder / "matlab-two.mat") as file:
        for name in ("first", "second"):
            file.write(file.file, name, {"layers": [conv("c", random(1, 2), EMPTY)]})
    with Matlab(folder / "matlab-params.mat") as file:
        file.write(file.file, "params", {"name": "f", "value": random(2, 2)})


def main(folder):
    write_simple(folder)
    write_dag(folder)
    write_single_dag(folder)
    write_broken(folder)
    write_refused(folder)
    (folder / "expected-matlab.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


main(Path(sys.argv[1]))
