"""One file for each part of the format."""

from __future__ import annotations

import h5py
import numpy as np
from writing import conv, count, fixture, layer, store, text, whole_conv


def minimal() -> None:
    with fixture("good/minimal", libver=None) as f:
        layer = whole_conv(f, "conv1", stride=[2, 2], padding=[1, 1])
        layer.attrs["type"] = "Conv2d"


def network() -> None:
    with fixture("good/network", libver=None) as f:
        f.attrs["format_version"] = "1.7"
        f.attrs["producer"] = "by hand"
        f.attrs["provenance"] = '{"seed": 1}'
        f.attrs["arithmetic"] = "tf32"
        f.attrs["loss"] = "loss"
        f.attrs["x_note"] = "ignored"
        f.attrs["author"] = "ignored too"
        f.create_group("notes").attrs["colour"] = "blue"
        f.create_group("optimizer").attrs["type"] = "SGD"
        store(f, "inputs/image", count(2, 2, 4, 4))
        store(f, "inputs/target", np.array([[0.0] * 12] * 2, "<f4"))
        store(f, "inputs/x_other", count(3))
        layers = f.create_group("layers")
        layers.create_group("x_draft")
        store(f, "inputs/tokens", np.array([[1, 2], [0, 3]], "<i8"))

        # The names sort in another order than the layers are computed.
        one = layer(f, "z.0.conv", "Conv2d", inputs=["image"], index=0, source="model.py:42")
        store(one, "parameters/weight", count(3, 2, 3, 3))
        store(one, "parameters/bias", count(3))
        store(one, "reference/output.0", count(2, 3, 2, 2))
        relu = layer(f, "relu", "ReLU", inputs="z.0.conv", index=1, expected_failure="a reason")
        store(relu, "reference/output", count(2, 3, 2, 2))
        store(relu, "reference_f64/output", count(2, 3, 2, 2, dtype="<f8"))
        store(relu, "reference_f64/grad_output", count(2, 3, 2, 2, dtype="<f8"))
        store(relu, "reference/grad_output", count(2, 3, 2, 2))
        # One module called twice: by a hard link, and by name.
        again = layer(f, "again", "Conv2d", inputs=["image"], index=2)
        again["parameters/weight"] = one["parameters/weight"]
        again["parameters/bias"] = one["parameters/bias"]
        # Or the whole group by a hard link.
        layer(f, "grouped", "Conv2d", inputs=["image"])["parameters"] = one["parameters"]
        byname = layer(
            f, "byname", "Conv2d", inputs=["image"], index=3, shares_parameters_with="z.0.conv"
        )
        store(byname, "reference/grad_parameters/weight", count(3, 2, 3, 3))
        # Fan-out: relu feeds three.
        layer(f, "add", "Add", inputs=["relu", "again", "byname"], index=4)
        split = layer(f, "split", "Split", inputs=["relu"], split_sizes=[1, 2], dim=1, index=5)
        store(split, "reference/output.0", count(2, 1, 2, 2))
        store(split, "reference/output.1", count(2, 2, 2, 2))
        # Two layers that look alike, é composed and decomposed.
        layer(f, "caf\u00e9", "ReLU", inputs=["split:1"], index=6)
        layer(f, "cafe\u0301", "ReLU", inputs=["split:0"], index=7)
        layer(f, "next.composed", "ReLU", inputs=["caf\u00e9"])
        layer(f, "next.decomposed", "ReLU", inputs=["cafe\u0301"])
        strange = layer(f, "strange", "torch.nn.LSTM", inputs=["add"], hidden_size=5, index=8)
        store(strange, "parameters/weight_ih_l0", count(20, 3))
        store(strange, "reference/output", count(2, 12))
        strange.attrs["x_arguments"] = "{}"
        scale = layer(f, "scale", "Parameter", index=9)
        store(scale, "parameters/value", count(12))
        layer(f, "scaled", "Add", inputs=["strange:0", "scale"], index=10)
        drop = layer(f, "drop", "Dropout", inputs=["scaled"], training=True, p=0.25, index=11)
        store(drop, "auxiliary/mask", np.array([[True] * 12]))
        embedding = layer(f, "embedding", "Embedding")
        embedding.attrs["inputs"] = ["tokens"]  # as h5py writes it: variable length
        store(embedding, "parameters/weight", count(4, 3))
        loss = layer(f, "loss", "MSELoss", inputs=["drop", "target"], index=12)
        store(loss, "reference/output", np.array([4.0], "<f4"))
        store(loss, "x_extra", count(1))


def cases() -> None:
    with fixture("good/cases") as f:
        f.attrs["producer"] = "root"
        f.attrs["arithmetic"] = "ieee"
        for name in ["first", "second", "x_third"]:
            case = f.require_group("cases").create_group(name)
            conv(case, "conv")
        f["cases/second"].attrs["producer"] = "own"
        f["cases/second"].attrs["arithmetic"] = "bf16"
        f["cases/second"].attrs["colour"] = "ignored"
        store(f, "cases/second/other/thing", count(1))


def axes() -> None:
    """Each dataset in another order, beside the same one in canonical order as `x_…`."""
    with fixture("good/axes") as f:

        def put(path: str, canonical: str, stored: str, *shape: int) -> None:
            values = count(*shape)
            order = [canonical.index(letter) for letter in stored]
            store(f, path, values.transpose(order)).attrs["axes"] = stored
            store(f, "expected/" + path.replace("/", "|"), values)

        one = layer(f, "conv", "Conv2d")
        put("layers/conv/parameters/weight", "OIHW", "HWIO", 3, 2, 3, 2)
        store(one, "parameters/bias", count(3))
        one["parameters/bias"].attrs["axes"] = "O"
        put("layers/conv/reference/input", "NCHW", "NHWC", 2, 2, 5, 4)
        put("layers/conv/reference/output", "NCHW", "HWCN", 2, 3, 3, 3)
        put("layers/conv/reference/grad_output", "NCHW", "CHWN", 2, 3, 3, 3)
        put("layers/conv/reference/grad_parameters/weight", "OIHW", "HWOI", 3, 2, 3, 2)
        put("layers/conv/reference/updated_parameters/weight", "OIHW", "IHWO", 3, 2, 3, 2)
        put("layers/conv/reference_f64/input", "NCHW", "WHCN", 2, 2, 5, 4)
        layer(f, "up", "ConvTranspose2d")
        put("layers/up/parameters/weight", "IOHW", "HWOI", 2, 3, 3, 2)
        put("layers/up/reference/input", "NCHW", "NHWC", 1, 2, 2, 2)
        layer(f, "linear", "Linear")
        put("layers/linear/parameters/weight", "OI", "IO", 3, 4)
        put("layers/linear/reference/input", "NC", "CN", 2, 4)
        layer(f, "line", "ReLU")
        put("layers/line/reference/input", "NCL", "NLC", 2, 3, 4)
        put("layers/line/reference/output", "NCW", "WNC", 2, 3, 4)
        layer(f, "volume", "ReLU")
        put("layers/volume/reference/input", "NCDHW", "NDHWC", 2, 3, 2, 2, 2)
        layer(f, "norm", "BatchNorm2d")
        put("layers/norm/reference/input", "NCHW", "NCHW", 2, 3, 2, 2)
        store(f, "layers/norm/buffers/running_mean", count(3))
        f["layers/norm/buffers/running_mean"].attrs["axes"] = "C"
        store(f, "layers/norm/buffers/running_var", count(3))


def storage() -> None:
    with fixture("good/storage", userblock_size=512) as f:
        padded = h5py.h5t.C_S1.copy()
        padded.set_size(8)
        padded.set_strpad(h5py.h5t.STR_SPACEPAD)
        space = h5py.h5s.create(h5py.h5s.SCALAR)
        h5py.h5a.create(f.id, b"producer", padded, space).write(np.array(b"padded  "))
        types = {
            "f2": "<f2",
            "f4": "<f4",
            "f8": "<f8",
            "f2be": ">f2",
            "f4be": ">f4",
            "f8be": ">f8",
        }
        for name, dtype in types.items():
            one = layer(f, name, "ReLU")
            store(one, "reference/input", count(2, 3, dtype=dtype))
        brain = layer(f, "bf16", "ReLU")
        store(brain, "reference/input", (count(2, 3).view("<u4") >> 16).astype("<u2"))
        brain["reference/input"].attrs["logical_dtype"] = "bfloat16"
        for name, options in {
            "gzip": {"compression": "gzip"},
            "all": {"compression": "gzip", "shuffle": True, "fletcher32": True},
        }.items():
            one = layer(f, name, "ReLU")
            one.require_group("reference").create_dataset(
                "input", data=count(2, 3), chunks=(1, 2), **options
            )
        for name, dtype in {"i1": "i1", "u1": "u1", "i4be": ">i4", "u8": "<u8"}.items():
            one = layer(f, name, "Embedding")
            store(one, "parameters/weight", count(6, 2))
            store(one, "reference/input", count(2, 3, dtype=dtype))
        norm = layer(f, "norm", "BatchNorm2d", training=1)
        norm.attrs["eps"] = np.float32(0.5)
        norm.attrs["momentum"] = np.array([0.25])
        norm.attrs["mode"] = np.bytes_(b"plain")
        store(norm, "reference/input", count(2, 3, 2, 2))
        store(norm, "buffers/running_mean", count(3))
        store(norm, "buffers/running_var", count(3))
        store(norm, "buffers/num_batches_tracked", np.int64(7))
        store(norm, "reference/buffers/num_batches_tracked", np.array([8]))


def scalars() -> None:
    """A scalar and an array of one are the same; tensors without elements are legal."""
    with fixture("good/scalars") as f:
        store(f, "inputs/p", np.float32(3))
        store(f, "inputs/t", np.array([4], "<f4"))
        loss = layer(f, "loss", "MSELoss", inputs=["p", "t"])
        store(loss, "reference/output", np.array([1], "<f4"))
        store(loss, "reference/grad_output", np.array([1], "<f4"))
        store(loss, "reference/grad_input.0", np.array([1], "<f4"))
        prelu = layer(f, "prelu", "PReLU")
        store(prelu, "parameters/weight", np.float32(0.25))
        store(prelu, "reference/input", count(2, 3))
        store(prelu, "reference/grad_parameters/weight", np.float32(0.25))
        empty = layer(f, "empty", "ReLU")
        store(empty, "reference/input", np.zeros((0, 3), "<f4"))
        store(empty, "reference/output", np.zeros((0, 3), "<f4"))
        alias = layer(f, "alias", "ReLU")
        store(alias, "reference/output", count(3))
        alias["reference/output.0"] = alias["reference/output"]
        store(alias, "reference/input.0", count(3))
        add = layer(f, "add", "Add")
        store(add, "reference/input.0", count(3))
        layer(f, "close", "Relu")
        none = layer(f, "none", "Parameter", inputs=np.array([], "<f8"))
        store(none, "parameters/value", count(2))


def unavailable() -> None:
    """Datasets that cannot be read: what needs them is not compared, the rest is."""
    with fixture("good/unavailable") as f:
        # h5py asks for late allocation; nothing is ever written.
        f.require_group("inputs").create_dataset("image", (1, 2, 4, 4), "<f4", chunks=(1, 2, 2, 2))
        one = layer(f, "conv", "Conv2d", inputs=["image"])
        store(one, "parameters/weight", count(3, 2, 3, 3))
        store(one, "reference/grad_output", count(1, 3, 2, 2))
        bias = layer(f, "bias", "Conv2d")
        store(bias, "parameters/weight", count(3, 2, 3, 3))
        bias.require_group("parameters").create_dataset("bias", (3,), "<f4")
        store(bias, "reference/input", count(1, 2, 4, 4))
        store(bias, "reference/output", count(1, 3, 2, 2))
        shares = layer(f, "shares", "Conv2d", shares_parameters_with="bias")
        store(shares, "reference/input", count(1, 2, 4, 4))
        result = whole_conv(f, "result")
        del result["reference/output"]
        result.require_group("reference").create_dataset("output", (1, 3, 2, 2), "<f4")
        layer(f, "after", "ReLU", inputs=["result"])


def many() -> None:
    """More members than a group keeps in its header: by creation, and by name."""
    with fixture("good/many") as f:
        layers = f.create_group("layers", track_order=True)
        for number in range(80):
            store(f, f"inputs/i{number:02}", count(1))
        for number in reversed(range(40)):
            layers.create_group(f"layer{number}").attrs["type"] = text("ReLU")


def disputed() -> None:
    """A recorded output of another shape than the kind's rule gives is a verdict, not a fault."""
    with fixture("good/disputed") as f:
        one = whole_conv(f)
        for name in ["output", "grad_output"]:
            del one[f"reference/{name}"]
            store(one, f"reference/{name}", count(1, 3, 3, 3))
        linear = layer(f, "linear", "Linear", inputs=["flat"])
        store(linear, "parameters/weight", count(4, 12))
        store(layer(f, "flat", "Flatten", inputs=["conv"]), "reference/output", count(1, 27))


GOOD = [minimal, network, cases, axes, storage, scalars, unavailable, many, disputed]
