"""Mistakes in tensors, the graph, shared parameters, the loss and the twin."""

from __future__ import annotations

import numpy as np
from mistakes import bad, norm, replace
from writing import count, layer, store


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
