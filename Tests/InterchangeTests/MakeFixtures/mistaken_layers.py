"""Mistakes in the file as a whole, in names, attributes and the parts of a layer."""

from __future__ import annotations

import numpy as np
from mistakes import bad, norm
from writing import count, layer, store, text


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
