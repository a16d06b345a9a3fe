"""Writes the fixtures of these tests: `python fixtures.py`, with h5py 3.

`good/` holds one file for each part of the format, `bad/` one file for each mistake. The kinds are
those of `TestLayers.swift`. The numbers do not matter; where they do, they count upwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent / "Fixtures"
COMPACT = ("v108", "v110")
SMALL = 256  # bytes that libhdf5 sets aside for metadata at a time


def count(*shape: int, dtype: str = "<f4") -> np.ndarray:
    """0, 1, 2, … in the given shape."""
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def text(value: str, libver: object = COMPACT) -> str | np.bytes_:
    """A string of fixed length, which needs no heap of 4096 bytes, unless the file is as usual."""
    return np.bytes_(value.encode()) if libver == COMPACT else value


@contextmanager
def fixture(name: str, libver: tuple[str, str] | None = COMPACT, **options) -> Iterator[h5py.File]:
    with h5py.File(FOLDER / f"{name}.h5", "w", libver=libver, **options) as f:
        f.attrs["format"] = text("cnn-fixture", libver)
        f.attrs["format_version"] = text("1.0", libver)
        yield f


def put(group: h5py.Group, path: str, data: np.ndarray) -> None:
    """A dataset whose bytes are in its header, which makes small files smaller."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    properties.set_obj_track_times(False)
    folder, name = path.rsplit("/", 1)
    kind = h5py.h5t.py_create(data.dtype, logical=True)
    space = h5py.h5s.create_simple(data.shape)
    parent = group.require_group(folder)
    dataset = h5py.h5d.create(parent.id, name.encode(), kind, space, properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, data)


def conv(parent: h5py.Group, name: str = "conv", **attributes) -> h5py.Group:
    """A convolution of its own: (1, 2, 4, 4) with 3 kernels of 3 x 3."""
    layer = parent.require_group("layers").create_group(name)
    layer.attrs["type"] = text("Conv2d")
    for key, value in attributes.items():
        layer.attrs[key] = value
    put(layer, "parameters/weight", count(3, 2, 3, 3))
    put(layer, "reference/input", count(1, 2, 4, 4))
    put(layer, "reference/output", count(1, 3, 2, 2))
    put(layer, "reference/grad_output", count(1, 3, 2, 2))
    return layer


def store(group: h5py.Group, path: str, data: np.ndarray) -> h5py.Dataset:
    """A dataset, in groups without times, so that the same script writes the same bytes."""
    parent = group.require_group(path.rsplit("/", 1)[0]) if "/" in path else group
    return parent.create_dataset(path.rsplit("/", 1)[-1], data=data)


def whole_conv(parent: h5py.Group, name: str = "conv", **attributes) -> h5py.Group:
    """The same with a bias and all gradients."""
    layer = conv(parent, name, **attributes)
    store(layer, "parameters/bias", count(3))
    store(layer, "reference/grad_input", count(1, 2, 4, 4))
    store(layer, "reference/grad_parameters/weight", count(3, 2, 3, 3))
    store(layer, "reference/grad_parameters/bias", count(3))
    return layer


def layer(parent: h5py.Group, name: str, kind: str, **attributes) -> h5py.Group:
    group = parent.require_group("layers").create_group(name)
    group.attrs["type"] = text(kind)
    for key, value in attributes.items():
        words = [value] if isinstance(value, str) else value
        if isinstance(words, list) and isinstance(words[0], str):
            value = np.array([word.encode() for word in words])
        group.attrs[key] = value
    return group


# ---------------------------------------------------------------------------------------------
# Good files


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

# ---------------------------------------------------------------------------------------------
# Bad files: one mistake each

BAD: dict[str, Callable[[h5py.File, h5py.Group], None]] = {}


def bad(function: Callable[[h5py.File, h5py.Group], None]) -> Callable:
    BAD[function.__name__.replace("_", "-")] = function
    return function


def replace(group: h5py.Group, path: str, data: np.ndarray, **attributes) -> None:
    if path in group:
        del group[path]
    store(group, path, data)
    for key, value in attributes.items():
        group[path].attrs[key] = value


@bad
def no_format(f, conv):
    del f.attrs["format"]


@bad
def misspelled_version(f, conv):
    del f.attrs["format_version"]
    f.attrs["format-version"] = text("1.0")


@bad
def text_not_utf8(f, conv):
    conv.attrs["stride"] = np.bytes_(b"\xff\xfe")


@bad
def escapes(f, conv):
    conv["reference/input"].attrs["axes"] = text("\x1b[2J")
    norm(f).attrs["mode"] = text("a\x1b\nb")
    layer(f, "relu", "ReLU", inputs=["\x1b]0;c\x07"])


@bad
def wrong_format(f, conv):
    f.attrs["format"] = "cnn-fixtures"
    conv.attrs["strid"] = 1


@bad
def later_version(f, conv):
    f.attrs["format_version"] = "2.0"
    conv.attrs["strid"] = 1


@bad
def version_in_words(f, conv):
    f.attrs["format_version"] = "one"


@bad
def version_as_number(f, conv):
    f.attrs["format_version"] = 1.0


@bad
def root_beside_cases(f, conv):
    f.create_group("cases").create_group("a").create_group("layers")


@bad
def no_layers(f, conv):
    f.move("layers", "layer")


@bad
def layers_as_dataset(f, conv):
    del f["layers"]
    store(f, "layers", count(3))


@bad
def colon_in_name(f, conv):
    f.move("layers/conv", "layers/conv:0")


@bad
def input_named_as_layer(f, conv):
    store(f, "inputs/conv", count(3))


@bad
def no_type(f, conv):
    del conv.attrs["type"]


@bad
def type_as_number(f, conv):
    conv.attrs["type"] = 2


@bad
def strid(f, conv):
    conv.attrs["strid"] = [1, 1]


@bad
def trainning(f, conv):
    conv.attrs["trainning"] = True


@bad
def training_as_two(f, conv):
    conv.attrs["training"] = 2


@bad
def stride_as_text(f, conv):
    conv.attrs["stride"] = "two"


@bad
def stride_zero(f, conv):
    conv.attrs["stride"] = 0


@bad
def stride_as_matrix(f, conv):
    conv.attrs["stride"] = [[1, 1], [1, 1]]


@bad
def stride_as_compound(f, conv):
    conv.attrs["stride"] = np.zeros((), dtype=[("a", "i4")])


@bad
def huge_dilation(f, conv):
    conv.attrs["dilation"] = 2**40


@bad
def eps_not_a_number(f, conv):
    norm = layer(f, "norm", "BatchNorm2d", eps=np.nan)
    store(norm, "buffers/running_mean", count(3))
    store(norm, "buffers/running_var", count(3))


@bad
def missing_hyperparameter(f, conv):
    store(layer(f, "split", "Split"), "reference/input", count(3))


@bad
def wrong_in_channels(f, conv):
    conv.attrs["in_channels"] = 5


@bad
def parameter_group(f, conv):
    conv.move("parameters", "parameter")


@bad
def outputs_dataset(f, conv):
    conv["reference"].move("output", "outputs")


@bad
def grad_weight_dataset(f, conv):
    store(conv, "reference/grad_wieght", count(3, 2, 3, 3))


@bad
def weight_in_layer(f, conv):
    store(conv, "wieght", count(3))


@bad
def wieght(f, conv):
    store(conv, "parameters/wieght", count(3))


@bad
def no_weight(f, conv):
    del conv["parameters/weight"]


@bad
def axis_attribute(f, conv):
    conv["reference/input"].attrs["axis"] = "NHWC"


@bad
def two_outputs_of_one_name(f, conv):
    store(conv, "reference/output.0", count(1, 3, 2, 2))


@bad
def output_one(f, conv):
    store(conv, "reference/output.1", count(1, 3, 2, 2))


@bad
def axes_of_a_weight(f, conv):
    conv["reference/input"].attrs["axes"] = "OIHW"


@bad
def axes_of_an_activation(f, conv):
    conv["parameters/weight"].attrs["axes"] = "NCHW"


@bad
def axes_in_small_letters(f, conv):
    conv["reference/input"].attrs["axes"] = "nchw"


@bad
def axes_repeated(f, conv):
    conv["reference/input"].attrs["axes"] = "NHHC"


@bad
def axes_too_few(f, conv):
    conv["reference/input"].attrs["axes"] = "NHW"


@bad
def axes_incomplete(f, conv):
    one = layer(f, "relu", "ReLU")
    store(one, "reference/input", count(2, 3, 4))
    one["reference/input"].attrs["axes"] = "NCH"


@bad
def integer_weight(f, conv):
    replace(conv, "parameters/weight", count(3, 2, 3, 3, dtype="<i8"))


@bad
def integer_gradient(f, conv):
    replace(conv, "reference/grad_output", count(1, 3, 2, 2, dtype="u1"))


@bad
def wrong_grad_output(f, conv):
    replace(conv, "reference/grad_output", count(1, 3, 2, 3))


@bad
def wrong_weight(f, conv):
    replace(conv, "parameters/weight", count(3, 5, 3, 3))


@bad
def unknown_source(f, conv):
    layer(f, "relu", "ReLU", inputs=["conv2"])


@bad
def ignored_source(f, conv):
    store(f, "inputs/x_image", count(3))
    layer(f, "relu", "ReLU", inputs=["x_image"])


@bad
def inputs_as_numbers(f, conv):
    layer(f, "relu", "ReLU", inputs=[1, 2])


@bad
def cycle(f, conv):
    layer(f, "a", "Add", inputs=["conv", "c"])
    layer(f, "b", "ReLU", inputs=["a"])
    layer(f, "c", "ReLU", inputs=["b"])
    layer(f, "d", "ReLU", inputs=["c"])


@bad
def own_cycle(f, conv):
    layer(f, "a", "ReLU", inputs=["a"])


@bad
def output_outside(f, conv):
    layer(f, "relu", "ReLU", inputs=["conv:1"])


@bad
def output_not_chosen(f, conv):
    layer(f, "split", "Split", inputs=["conv"], split_sizes=[1, 2], dim=1)
    layer(f, "relu", "ReLU", inputs=["split"])


@bad
def too_many_inputs(f, conv):
    layer(f, "relu", "ReLU", inputs=["conv", "conv"])


@bad
def unknown_holder(f, conv):
    layer(f, "again", "Conv2d", inputs=["conv"], shares_parameters_with="cnov")


@bad
def own_holder(f, conv):
    layer(f, "again", "Conv2d", shares_parameters_with="again")


@bad
def holder_shares(f, conv):
    layer(f, "again", "Conv2d", shares_parameters_with="conv")
    layer(f, "third", "Conv2d", shares_parameters_with="again")


@bad
def holder_without_parameters(f, conv):
    layer(f, "relu", "ReLU")
    layer(f, "again", "Conv2d", shares_parameters_with="relu")


@bad
def parameters_beside_sharing(f, conv):
    again = layer(f, "again", "Conv2d", shares_parameters_with="conv")
    store(again, "parameters/weight", count(3, 2, 3, 3))


@bad
def unknown_loss(f, conv):
    f.attrs["loss"] = "convv"


@bad
def loss_not_scalar(f, conv):
    f.attrs["loss"] = "conv"


@bad
def unknown_arithmetic(f, conv):
    f.attrs["arithmetic"] = "fp8"


@bad
def parameters_as_dataset(f, conv):
    replace(conv, "parameters", count(3))


@bad
def output_as_group(f, conv):
    del conv["reference/output"]
    conv["reference"].create_group("output")


@bad
def gradient_without_parameter(f, conv):
    store(conv, "reference/grad_parameters/bias", count(3))


@bad
def wrong_twin_input(f, conv):
    store(conv, "reference_f64/input", count(1, 2, 4, 5, dtype="<f8"))


def norm(f: h5py.File) -> h5py.Group:
    group = layer(f, "norm", "BatchNorm2d")
    store(group, "reference/input", count(2, 3, 2, 2))
    store(group, "buffers/running_mean", count(3))
    store(group, "buffers/running_var", count(3))
    return group


@bad
def wrong_initial_buffer(f, conv):
    store(norm(f), "reference_f64/initial_buffers/running_mean", count(4))


@bad
def absent_initial_buffer(f, conv):
    store(norm(f), "reference_f64/initial_buffers/num_batches_tracked", np.int64(1))


@bad
def bfloat16_without_its_name(f, conv):
    replace(conv, "reference/grad_output", count(1, 3, 2, 2, dtype="<u2"))


@bad
def huge_extents(f, conv):
    one = layer(f, "relu", "ReLU")
    one.require_group("reference").create_dataset("input", (2**30, 2**30, 0), "<f4")


@bad
def huge_output(f, conv):
    conv.attrs["padding"] = [2**20, 2**20]


@bad
def group_attribute(f, conv):
    conv["parameters"].attrs["scale"] = 2.0


@bad
def dataset_in_layers(f, conv):
    store(f, "layers/weight", count(3))


@bad
def group_in_inputs(f, conv):
    f.require_group("inputs").create_group("image")


@bad
def five_problems(f, conv):
    f.attrs["arithmetic"] = "fp8"
    conv.attrs["strid"] = 1
    conv["parameters/weight"].attrs["axes"] = "NCHW"
    relu = layer(f, "relu", "ReLU", inputs=["covn"])
    store(relu, "reference/outputs", count(3))


def main() -> None:
    for folder in ["good", "bad"]:
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    for function in GOOD:
        function()
    for name, function in BAD.items():
        with fixture(f"bad/{name}", meta_block_size=SMALL) as f:
            function(f, conv(f))
    with fixture("bad/problem-in-a-case", meta_block_size=SMALL) as f:
        conv(f.require_group("cases").create_group("one"))
        conv(f.require_group("cases").create_group("two"), strid=1)


if __name__ == "__main__":
    main()
