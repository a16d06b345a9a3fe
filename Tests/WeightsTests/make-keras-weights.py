"""Writes small weight files with Keras 3, imitates those of Keras 1 and 2, and says what is in them.

    KERAS_BACKEND=torch python make-keras-weights.py Fixtures

needs numpy, h5py, keras 3 and torch. `expected-keras.json` holds for each file the canonical tensors
as NumPy computes them from the variables of the live model, not from the file: layer, parameter,
shape, and the SHA-256 of the little-endian bytes. `mlperf_resnet8.h5` is not written here but read
with h5py: it is the trained model of MLPerf Tiny (LICENSE-mlcommons-tiny.txt). Keras 1 is imitated
from its source (keras/engine/topology.py of 1.2.2, save_weights_to_hdf5_group), nested models and
lists of Keras 2 from engine/saving.py of 2.3.
"""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
from keras import layers

EXPECTED = {}


def expect(file, layer, parameter, array):
    array = np.asarray(array)
    if array.dtype.name in ("float16", "bfloat16"):
        array = array.astype("<f4")
    array = np.array(array, order="C")
    EXPECTED.setdefault(file, []).append(
        {
            "layer": layer,
            "parameter": parameter,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
    )


VECTORS = {
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "embeddings": "weight",
}


def depthwise(kernel):
    """Output channel c·M + m has filter [..., c, m]."""
    *spatial, channels, multiplier = kernel.shape
    filters = [kernel[..., c, m] for c in range(channels) for m in range(multiplier)]
    return np.stack(filters).reshape(channels * multiplier, 1, *spatial)


def canonical(layer_class, leaf, array, name):
    """The layer, the name and the axes that a variable gets."""
    spatial = array.ndim - 2
    if layer_class.startswith("SeparableConv"):
        if leaf == "depthwise_kernel":
            return name + ".depthwise", "weight", depthwise(array)
        if leaf == "pointwise_kernel":
            return name + ".pointwise", "weight", np.moveaxis(array, (-1, -2), (0, 1))
        return name + ".pointwise", leaf, array
    if leaf in ("kernel", "depthwise_kernel"):
        if layer_class.startswith("DepthwiseConv"):
            return name, "weight", depthwise(array)
        # (…, I, O) of a convolution becomes (O, I, …), and (…, O, I) of a transposed one (I, O, …).
        return name, "weight", array.transpose(spatial + 1, spatial, *range(spatial))
    if leaf == "alpha":
        if all(extent == 1 for extent in array.shape[:-1]):
            return name, "weight", array.reshape(-1)
        return name, "weight", np.moveaxis(array, -1, 0)
    return name, VECTORS[leaf], array


def live(model, prefix=""):
    """Each layer with variables below a model: dotted name, class, leaves and arrays."""
    for layer in model.layers:
        name = prefix + layer.name
        if hasattr(layer, "layers"):
            yield from live(layer, name + ".")
        elif layer.weights:
            yield name, type(layer).__name__, layer.weights


def array_of(variable):
    """NumPy's array; bfloat16 becomes float32, which holds it exactly."""
    value = variable.value.detach()
    return value.float().numpy() if "16" in str(value.dtype) else value.numpy()


def save(model, folder, stem, kinds=("keras", "weights.h5", "h5")):
    rng = np.random.default_rng(len(EXPECTED))
    for variable in model.variables:
        if "float" in str(variable.dtype) and "scale" not in variable.name:
            values = rng.normal(size=variable.shape)
            variable.assign(values**2 if variable.name == "moving_variance" else values)
    for kind in kinds:
        file = f"{stem}.{kind}"
        if kind == "weights.h5":
            model.save_weights(folder / file)
        else:
            model.save(folder / file)
        for name, layer_class, weights in live(model):
            arrays = {weight.name: array_of(weight) for weight in weights}
            scale = arrays.pop("kernel_scale", None)
            for leaf, array in arrays.items():
                if leaf == "kernel" and scale is not None:
                    array = array.astype("f4") / scale
                expect(file, *canonical(layer_class, leaf, array, name))


def everything():
    deep = keras.Sequential(
        [
            layers.Input((8, 8, 4)),
            layers.Conv2D(4, 1, name="pw"),
            layers.BatchNormalization(name="b1"),
        ],
        name="deep",
    )
    deep.layers[0].trainable = False
    backbone = keras.Sequential(
        [
            layers.Input((8, 8, 4)),
            deep,
            layers.DepthwiseConv2D(3, depth_multiplier=2, name="dw"),
        ],
        name="backbone",
    )
    image = layers.Input((8, 8, 4))
    x = layers.Conv2D(4, (3, 2), groups=2, padding="same", name="my conv")(image)
    x = layers.BatchNormalization(scale=False, name="bn")(x)
    x = backbone(x)
    x = layers.SeparableConv2D(5, 3, depth_multiplier=2, name="sep")(x)
    x = layers.Conv2DTranspose(6, 2, use_bias=False, name="up")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="slope")(x)
    x = layers.PReLU(name="slopes")(x)
    x = layers.ReLU()(x)
    x = layers.GroupNormalization(2, name="gn")(x)
    x = layers.LayerNormalization(center=False, name="ln")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5, seed=1)(x)
    x = layers.Dense(3, name="fc")(x)
    return keras.Model(image, layers.BatchNormalization(name="last")(x))


def other_ranks():
    volume = layers.Input((4, 4, 4, 2))
    x = layers.Conv3D(3, (1, 2, 3), name="c3")(volume)
    x = layers.Conv3DTranspose(2, (2, 1, 3), name="t3")(x)
    x = layers.Reshape((-1, 2))(x)
    x = layers.Conv1D(3, 2, name="c1")(x)
    x = layers.DepthwiseConv1D(2, depth_multiplier=2, name="d1")(x)
    x = layers.SeparableConv1D(4, 3, name="s1")(x)
    x = layers.Conv1DTranspose(2, 3, name="t1")(x)
    x = layers.TimeDistributed(layers.Dense(3), name="each")(x)
    return keras.Model(volume, x)


def many():
    return keras.Sequential(
        [layers.Input((2, 2, 1))] + [layers.Conv2D(1, 1, name=f"conv{i}") for i in range(60)]
    )


def small(dtype=None):
    return keras.Sequential(
        [
            layers.Input((4, 4, 2)),
            layers.Conv2D(3, 2, dtype=dtype),
            layers.Flatten(),
            layers.Dense(2, dtype=dtype),
        ]
    )


def write_keras3(folder):
    save(everything(), folder, "keras3")
    save(other_ranks(), folder, "keras3-ranks", ("keras", "h5"))
    save(many(), folder, "keras3-many", ("weights.h5", "h5"))
    save(small("bfloat16"), folder, "keras3-bfloat16", ("keras", "weights.h5"))
    save(small("float16"), folder, "keras3-float16", ("keras", "h5"))
    quantised = keras.Sequential([layers.Input((5,)), layers.Dense(3, name="fc")])
    quantised.quantize("int8")
    save(quantised, folder, "keras3-int8", ("keras", "weights.h5"))


class Subclassed(keras.Model):
    """Its layers stand under its attributes, those of a list under their classes."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Conv2D(2, 3)
        self.blocks = [layers.Dense(2, name="one"), layers.Dense(3, name="two")]

    def call(self, image):
        return self.blocks[1](self.blocks[0](self.dense(image)))


def write_subclassed(folder):
    model = Subclassed()
    model(np.ones((1, 4, 4, 2), "f4"))
    save(model, folder, "keras3-subclassed", ["weights.h5"])


def write_repacked(folder):
    """The same archive, compressed."""
    name = "keras3-deflated.keras"
    with (
        zipfile.ZipFile(folder / "keras3-ranks.keras") as source,
        zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.namelist():
            target.writestr(member, source.read(member))
    EXPECTED[name] = EXPECTED["keras3-ranks.keras"]


def write_weights_only(folder):
    """As save_weights of a legacy model writes it: the content of /model_weights in the root."""
    name = "keras3-weights-only.h5"
    with h5py.File(folder / "keras3-ranks.h5") as source, h5py.File(folder / name, "w") as target:
        for key in source["model_weights"]:
            source.copy(f"model_weights/{key}", target, key)
        for key, value in source["model_weights"].attrs.items():
            target.attrs[key] = value
    wanted = ("c3", "t3", "each", "c1", "t1", "s1.depthwise", "s1.pointwise")
    facts = EXPECTED["keras3-ranks.h5"]
    EXPECTED[name] = [fact for fact in facts if fact["layer"] in wanted + ("d1",)]


def write_resnet(folder):
    name = "mlperf_resnet8.h5"
    with h5py.File(folder / name) as file:
        base = file["model_weights"]
        for layer in base.attrs["layer_names"].astype(str):
            for path in base[layer].attrs["weight_names"].astype(str):
                leaf = path.split("/")[-1].removesuffix(":0")
                kind = "Dense" if layer.startswith("dense") else "Conv2D"
                expect(name, *canonical(kind, leaf, base[layer][path][()], layer))


def write_keras2(folder):
    """Lists in pieces, a nested model without its middle, variables in the order of freezing."""
    name = "keras2-nested.h5"
    rng = np.random.default_rng(3)
    kernel, point = rng.normal(size=(3, 3, 2, 4)), rng.normal(size=(1, 1, 3, 4)).astype("f4")
    vectors = [rng.normal(size=4).astype("f4") for _ in range(5)]
    names = [
        "kernel/b1/gamma:0",
        "kernel/b1/beta:0",
        "kernel/pw/kernel:0",
        "kernel/pw/bias:0",
        "kernel/b1/moving_mean:0",
        "kernel/b1/moving_variance:0",
    ]
    values = [vectors[0], vectors[1], point, vectors[2], vectors[3], vectors[4]]
    with h5py.File(folder / name, "w") as file:
        file.attrs["layer_names0"] = np.array(["input", "a.ü b"], dtype=h5py.string_dtype())
        file.attrs["layer_names1"] = np.array([b"kernel", b"depthwise"])
        file.attrs["keras_version"] = np.bytes_("2.3.1")
        file.attrs["backend"] = b"theano"
        file.create_group("input").attrs["weight_names"] = np.zeros(0)
        file["a.ü b/a.ü b/kernel:0"] = kernel
        file["a.ü b/a.ü b/bias:0"] = vectors[0]
        listed = np.array(["a.ü b/kernel:0", "a.ü b/bias:0"], dtype=h5py.string_dtype())
        file["a.ü b"].attrs["weight_names"] = listed
        for path, value in zip(names, values):
            file[f"kernel/{path}"] = value
        file["kernel"].attrs["weight_names0"] = [s.encode() for s in names[:2]]
        file["kernel"].attrs["weight_names1"] = [s.encode() for s in names[2:]]
        file.create_group("depthwise").attrs["weight_names"] = np.zeros(0)
    expect(name, "a.ü b", "weight", kernel.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1])
    expect(name, "a.ü b", "bias", vectors[0])
    for path, value in zip(names, values):
        layer, leaf = re.fullmatch(r"kernel/(\w+)/(\w+):0", path).groups()
        expect(name, *canonical("Conv2D", leaf, value, f"kernel.{layer}"))


def write_keras1(folder):
    """Channels first, Theano: read with --keras1-ordering th --keras1-backend theano."""
    name = "keras1.h5"
    rng = np.random.default_rng(4)
    shapes = {
        "convolution2d_1": {"W": (4, 2, 3, 3), "b": (4,)},
        "batchnormalization_1": {
            "gamma": (4,),
            "beta": (4,),
            "running_mean": (4,),
            "running_std": (4,),
        },
        "activation_1": {},
        "dense_1": {"W": (6, 5), "b": (5,)},
    }
    canonical_names = {"running_mean": "running_mean", "running_std": "running_var"}
    canonical_names |= {"W": "weight", "b": "bias", "gamma": "weight", "beta": "bias"}
    with h5py.File(folder / name, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer in shapes]
        for layer, variables in shapes.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{leaf}".encode() for leaf in variables]
            for leaf, shape in variables.items():
                value = rng.normal(size=shape).astype("f4")
                group[f"{layer}_{leaf}"] = value
                if len(shape) == 4:
                    value = value[:, :, ::-1, ::-1]
                expect(name, layer, canonical_names[leaf], value.T if len(shape) == 2 else value)


def write_damaged(folder):
    """Layers without their group or dataset, and a kernel that could be of two classes."""
    with h5py.File(folder / "keras2-ambiguous.h5", "w") as file:
        file.attrs["layer_names"] = [b"up"]
        file["up/up/kernel:0"] = np.ones((3, 3, 8, 8), "f4")
        file["up/up/bias:0"] = np.ones(8, "f4")
        file["up"].attrs["weight_names"] = [b"up/kernel:0", b"up/bias:0"]
    with h5py.File(folder / "keras2-lost.h5", "w") as file:
        file.attrs["layer_names"] = [b"here"]
        file.create_group("here").attrs["weight_names"] = [b"here/kernel:0", b"here/bias:0"]
    with h5py.File(folder / "keras2-damaged.h5", "w") as file:
        file.attrs["layer_names"] = [b"here", b"gone"]
        file.create_group("here").attrs["weight_names"] = [b"here/kernel:0"]


def main(folder):
    keras.utils.set_random_seed(1)
    write_keras3(folder)
    write_subclassed(folder)
    write_repacked(folder)
    write_weights_only(folder)
    write_resnet(folder)
    write_keras2(folder)
    write_keras1(folder)
    write_damaged(folder)
    (folder / "expected-keras.json").write_text(json.dumps(EXPECTED, indent=1) + "\n")


main(Path(sys.argv[1]))
