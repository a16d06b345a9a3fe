"""Writes weight files of Keras 3 and PyTorch, and fixtures that hold what these frameworks computed.

    KERAS_BACKEND=torch PYTHONPATH=../../tools/python/src python make-reproduction.py Reproduction

needs numpy, h5py, keras 3, torch and safetensors. The parameters of each `<network>-fixture.h5` are
zero throughout, so that only the right weights in the right places give the framework's own outputs,
and for PyTorch its gradients. Each network is saved in every format that its framework writes:
`<network>.keras`, `.weights.h5`, `.legacy.h5`; `.safetensors`, `.state.h5`, `.npz`. The network of
`mlperf_resnet8.h5`, in Tests/WeightsTests/Fixtures, is Keras's own reading of that file.
"""

import sys
import warnings
from pathlib import Path

import cnnverify as cv
import h5py
import keras
import numpy as np
import torch
from cnnverify.format import Arranged, Case, Layer, Reference
from keras import layers
from safetensors.torch import save_file
from torch import nn

WEIGHTS = Path(__file__).resolve().parents[1] / "WeightsTests" / "Fixtures"
FACTS = {"command": "make-reproduction.py", "git": None, "time": None}


def array_of(tensor):
    return tensor.detach().cpu().contiguous().numpy()


def arranged(tensor):
    values = array_of(tensor)
    return Arranged(values, "NHWC") if tensor.ndim == 4 else values


def zeros(*shape):
    return np.zeros(shape, np.float32)


# Keras: layers as it runs them, one after the other.


def same_padding(layer, height_and_width):
    """Begin of each axis, then end of each: what `same` pads, more of it at the end."""
    sizes, strides = (
        layer.pool_size if hasattr(layer, "pool_size") else layer.kernel_size,
        layer.strides,
    )
    dilation = getattr(layer, "dilation_rate", (1, 1))
    total = [
        max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        for n, k, s, d in zip(height_and_width, sizes, strides, dilation)
    ]
    return [t // 2 for t in total] + [t - t // 2 for t in total]


def padding(layer, x):
    return same_padding(layer, x.shape[1:3]) if layer.padding == "same" else [0, 0]


def convolution(layer, x):
    kernel = layer.kernel.shape
    if isinstance(layer, layers.Conv2DTranspose):
        attributes = {"stride": list(layer.strides)}
        return "ConvTranspose2d", attributes, {"weight": zeros(kernel[3], kernel[2], *kernel[:2])}
    attributes = {"stride": list(layer.strides), "dilation": list(layer.dilation_rate)}
    attributes |= {"padding": padding(layer, x), "groups": getattr(layer, "groups", 1)}
    if isinstance(layer, layers.DepthwiseConv2D):
        attributes["groups"] = kernel[2]
        return "Conv2d", attributes, {"weight": zeros(kernel[2] * kernel[3], 1, *kernel[:2])}
    return "Conv2d", attributes, {"weight": zeros(kernel[3], kernel[2], *kernel[:2])}


def described(layer, x):
    """The kind of a layer, its hyper-parameters, its parameters and its buffers, all zero."""
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.Conv2DTranspose):
        kind, attributes, parameters = convolution(layer, x)
        if layer.use_bias:
            parameters["bias"] = zeros(*layer.bias.shape)
        return kind, attributes, parameters, {}
    if isinstance(layer, layers.BatchNormalization):
        count = layer.moving_mean.shape[0]
        buffers = {"running_mean": zeros(count), "running_var": zeros(count)}
        parameters = {"weight": zeros(count), "bias": zeros(count)}
        return f"BatchNorm{x.ndim // 2}d", {"eps": layer.epsilon}, parameters, buffers
    if isinstance(layer, layers.Dense):
        parameters = {"weight": zeros(layer.units, x.shape[-1]), "bias": zeros(layer.units)}
        return "Linear", {}, parameters, {}
    if isinstance(layer, layers.PReLU):
        return "PReLU", {}, {"weight": zeros(x.shape[-1])}, {}
    if isinstance(layer, layers.AveragePooling2D):
        sizes = {"kernel_size": list(layer.pool_size), "stride": list(layer.strides)}
        return "AvgPool2d", sizes, {}, {}
    words = {"relu": "ReLU", "tanh": "Tanh", "softmax": "Softmax"}
    activation = layer.activation if isinstance(layer, layers.Activation) else layer
    name = getattr(activation, "__name__", type(layer).__name__).lower()
    settings = {"dim": 1} if name == "softmax" else {}
    return words.get(name, type(layer).__name__), settings, {}, {}


class Run:
    """Everything that a model computes, as layers of a fixture."""

    def __init__(self, model, image):
        self.layers = []
        self.names = {}
        self.tensors = []
        x = torch.tensor(image)
        self.know(x, "image")
        self.inputs = {"image": arranged(x)}
        with torch.no_grad():
            self.through(model, x, "")

    def know(self, tensor, name):
        self.tensors.append(tensor)
        self.names[id(tensor)] = name

    def through(self, model, x, prefix):
        graph = getattr(model, "_functional", None) or model
        return graph._run_through_graph(
            x, operation_fn=lambda operation: lambda *a, **k: self.apply(operation, a, prefix)
        )

    def apply(self, layer, arguments, prefix):
        if hasattr(layer, "layers"):
            return self.through(layer, arguments[0], f"{prefix}{layer.name}.")
        given = arguments[0] if isinstance(arguments[0], list | tuple) else list(arguments)
        if isinstance(layer, layers.Dropout):
            return given[0]
        later = None
        if isinstance(layer, layers.Dense) and layer.activation is not keras.activations.linear:
            later, layer.activation = layer.activation, keras.activations.linear
        mode = {"training": False} if isinstance(layer, layers.BatchNormalization) else {}
        output = layer(arguments[0], **mode)
        self.add(f"{prefix}{layer.name}", layer, given, output)
        if later is None:
            return output
        layer.activation = later
        active = later(output)
        self.add(f"{prefix}{layer.name}.activation", layers.Activation(later), [output], active)
        return active

    def add(self, name, layer, given, output):
        kind, attributes, parameters, buffers = described(layer, given[0])
        reference = Reference(outputs={0: arranged(output)})
        if kind == "Flatten":
            # Keras numbers the elements as H, W, C: another order than the fixture's.
            reference = Reference(outputs={0: array_of(given[0].permute(0, 3, 1, 2).flatten(1))})
        sources = [self.names[id(x)] for x in given]
        self.layers.append(
            Layer(
                name,
                kind,
                attributes,
                sources,
                arity=len(given),
                index=len(self.layers),
                parameters=parameters,
                buffers=buffers,
                reference=reference,
            )
        )
        self.know(output, name)


def randomise(model, seed, gain=1.0):
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if not len(variable.shape) or "seed" in variable.name:
            continue
        scale = (
            gain / np.sqrt(max(1, np.prod(variable.shape[:-1])))
            if "kernel" in variable.name
            else 0.5
        )
        values = rng.normal(size=variable.shape) * scale
        if variable.name in ("moving_variance", "gamma"):
            values = 0.5 + values**2
        variable.assign(values.astype(np.float32))


def save(folder, name, model, formats):
    for ending in formats:
        write = model.save_weights if ending == "weights.h5" else model.save
        write(folder / f"{name}.{ending}")


def write_keras(folder, name, model, image, formats):
    save(folder, name, model, formats)
    write_fixture(folder, name, Run(model, image), f"keras {keras.__version__}")


def write_fixture(folder, name, run, producer):
    file = cv.FixtureFile(folder / f"{name}-fixture.h5", compress=True, provenance=FACTS)
    file.add("network", Case(run.inputs, run.layers), producer=producer)
    file.write()


def image_of(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def convolutions(count, name, frozen=()):
    """Convolutions of equal shapes: only their names tell them apart."""
    made = []
    for number in count:
        layer = layers.Conv2D(2, 3, padding="same", name=name(number))
        layer.trainable = number not in frozen
        made.append(layer)
        if number % 8 == 0:
            made.append(layers.Activation("tanh", name=f"tanh{number}"))
    return made


def chain():
    """64 convolutions; conv10 stands before conv2 in any alphabet, and a nested model is frozen."""
    plain = "conv{}".format
    normalisation = layers.BatchNormalization(name="norm")
    normalisation.trainable = False
    deepest = keras.Sequential(
        [layers.Input((4, 5, 2)), *convolutions(range(33, 41), plain, {33, 36}), normalisation],
        name="deepest",
    )
    nested = keras.Sequential(
        [layers.Input((4, 5, 2)), *convolutions(range(21, 33), plain, {22, 23, 30}), deepest],
        name="nested",
    )
    return keras.Sequential(
        [
            layers.Input((4, 5, 2)),
            *convolutions(range(1, 21), plain, {4, 11}),
            nested,
            *convolutions(range(41, 65), plain),
        ]
    )


def long_names():
    """Layers whose names fill more than one attribute of 64 KB, every eighth a convolution."""
    made = [layers.Input((1, 2, 1))]
    for number in range(1, 265):
        name = f"layer{number}_".ljust(250, "abcdefghij"[number % 10])
        made.append(
            layers.Dropout(0.5, name=name) if number % 8 else layers.Conv2D(1, 1, name=name)
        )
    return keras.Sequential(made)


def kinds():
    """A kind of every sort of kernel; the dense one reads a flattened image."""
    image = layers.Input((7, 9, 4))
    x = layers.Conv2D(6, (3, 2), strides=2, groups=2, padding="same", name="grouped")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.DepthwiseConv2D((2, 3), depth_multiplier=2, name="depthwise")(x)
    y = layers.Conv2D(12, 1, name="shortcut")(x)
    x = layers.Add(name="sum")([layers.PReLU(shared_axes=[1, 2], name="slope")(x), y])
    x = layers.Conv2DTranspose(3, (2, 3), strides=(2, 1), name="up")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(5, activation="softmax", name="classes")(x)
    return keras.Model(image, x)


def half(dtype):
    return keras.Sequential(
        [
            layers.Input((5, 4, 3), dtype=dtype),
            layers.Conv2D(4, 3, padding="same", name="conv", dtype=dtype),
            layers.Activation("relu", name="relu", dtype=dtype),
            layers.Conv2D(3, 2, name="last", dtype=dtype),
        ]
    )


def keras_networks(folder):
    every = ("keras", "weights.h5", "legacy.h5")
    for seed, (name, model, shape, formats) in enumerate(
        [
            ("chain", chain(), (2, 4, 5, 2), every),
            ("kinds", kinds(), (2, 7, 9, 4), every),
            ("long-names", long_names(), (2, 1, 2, 1), ("legacy.h5",)),
        ]
    ):
        randomise(model, seed)
        write_keras(folder, name, model, image_of(seed, *shape), formats)
    for dtype in ("float16", "bfloat16"):
        model = half(dtype)
        randomise(model, 7)
        # Keras itself cannot read the legacy file that it writes of a bfloat16 model.
        save(folder, dtype, model, every[:2] if dtype == "bfloat16" else every)
        # In halves Keras rounds between product and bias; its float32 model has the same weights.
        wide = half("float32")
        wide.load_weights(folder / f"{dtype}.weights.h5")
        run = Run(wide, image_of(7, 2, 5, 4, 3))
        write_fixture(folder, dtype, run, f"keras {keras.__version__}")
    resnet = keras.models.load_model(WEIGHTS / "mlperf_resnet8.h5", compile=False)
    # What is even round the middle takes less room in the fixture.
    image = np.full((1, 32, 32, 3), 128, np.float32)
    image[:, 8:19, 9:22] = np.random.default_rng(5).uniform(0, 255, (1, 11, 13, 3))
    write_fixture(folder, "mlperf_resnet8", Run(resnet, image), f"keras {keras.__version__}")


# PyTorch: captured as any user captures, then emptied.


class Block(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.convs = nn.ModuleDict(
            {f"conv{n}": nn.Conv2d(3, 3, 3, padding=1) for n in range(first, first + 21)}
        )
        self.norm = nn.BatchNorm2d(3)
        for n in range(first, first + 21, 5):
            self.convs[f"conv{n}"].requires_grad_(False)

    def forward(self, x):
        y = x
        for number, conv in enumerate(self.convs.values()):
            y = conv(y) if number % 7 else torch.tanh(conv(y))
        return self.norm(y) + x


class Network(nn.Module):
    """Blocks of 21 convolutions each, their names and shapes alike in all."""

    def __init__(self, count):
        super().__init__()
        self.blocks = nn.ModuleList([Block(1) for _ in range(count)])
        self.fc = nn.Linear(3 * 5 * 4, 4)

    def forward(self, image):
        for block in self.blocks:
            image = block(image)
        return self.fc(image.flatten(1))


def torch_networks(folder):
    for name, dtype, count in (
        ("torch", torch.float32, 3),
        ("torch-bfloat16", torch.bfloat16, 1),
    ):
        torch.manual_seed(11)
        model = Network(count)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1, 0.3)
                nn.init.normal_(module.bias)
                nn.init.normal_(module.running_mean)
        state = {
            key: value.to(dtype) if value.is_floating_point() else value
            for key, value in model.state_dict().items()
        }
        model.load_state_dict(state)
        save_file(state, folder / f"{name}.safetensors")
        if dtype == torch.float32:
            np.savez(folder / f"{name}.npz", **{k: v.numpy() for k, v in state.items()})
            with h5py.File(folder / f"{name}.state.h5", "w", libver=("v108", "v108")) as file:
                for key, value in state.items():
                    file.create_dataset(key, data=value.numpy(), track_times=False)
        file = cv.FixtureFile(folder / f"{name}-fixture.h5", compress=True, provenance=FACTS)
        with cv.capture(model, file, case="network", quiet=True):
            scores = model(torch.randn(4, 3, 5, 4))
            nn.functional.cross_entropy(scores, torch.tensor([0, 3, 1, 1])).backward()
        for layer in file.fixture.cases["network"].layers:
            for tensors in (layer.parameters, layer.buffers):
                for key, value in tensors.items():
                    tensors[key] = np.zeros_like(value)
        file.write()


def main(folder):
    folder.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")
    keras_networks(folder)
    torch_networks(folder)
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
