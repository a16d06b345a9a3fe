"""Mistakes in `/optimizer` and `/trajectory`."""

from __future__ import annotations

import h5py
from mistakes import bad
from writing import count, put, text


def optimizer(f: h5py.File, **attributes) -> h5py.Group:
    """Plain momentum, with one good slot."""
    group = f.create_group("optimizer")
    group.attrs["type"] = text("SGD")
    group.attrs["momentum"] = 0.5
    for key, value in attributes.items():
        group.attrs[key] = value
    put(group, "state/conv/weight/momentum_buffer", count(3, 2, 3, 3))
    return group


def trajectory(f: h5py.File, steps: int = 2) -> h5py.Group:
    """Two steps of a network of one layer."""
    put(f, "inputs/image", count(1, 2, 4, 4))
    f["layers/conv"].attrs["inputs"] = text("image")
    del f["layers/conv/reference"]
    group = f.create_group("trajectory")
    group.attrs["steps"] = steps
    for step in range(2):
        put(group, f"batches/{step}/image", count(1, 2, 4, 4))
    put(group, "reference/loss", count(2))
    put(group, "reference/parameters/conv/weight", count(3, 2, 3, 3))
    return group


@bad
def optimizer_without_type(f, conv):
    del optimizer(f).attrs["type"]


@bad
def unknown_optimizer(f, conv):
    optimizer(f, type=text("Lion"))


@bad
def misspelled_momentum(f, conv):
    optimizer(f, momentun=0.5)


@bad
def negative_learning_rate(f, conv):
    optimizer(f, lr=-1.0)


@bad
def nesterov_with_dampening(f, conv):
    optimizer(f, nesterov=True, dampening=0.5)


@bad
def three_betas(f, conv):
    group = f.create_group("optimizer")
    group.attrs["type"] = text("Adam")
    group.attrs["betas"] = [0.5, 0.5, 0.5]


@bad
def beta_of_one(f, conv):
    group = f.create_group("optimizer")
    group.attrs["type"] = text("AdamW")
    group.attrs["betas"] = [0.5, 1.0]


@bad
def half_a_step(f, conv):
    optimizer(f, step=0.5)


@bad
def state_of_nobody(f, conv):
    put(optimizer(f), "state/convv/weight/momentum_buffer", count(3, 2, 3, 3))


@bad
def state_of_an_absent_parameter(f, conv):
    put(optimizer(f), "state/conv/bias/momentum_buffer", count(3))


@bad
def misspelled_slot(f, conv):
    put(optimizer(f), "reference_state/conv/weight/momentum_bufer", count(3, 2, 3, 3))


@bad
def slot_of_another_shape(f, conv):
    put(optimizer(f), "reference_state/conv/weight/momentum_buffer", count(3, 2, 9))


@bad
def integer_slot(f, conv):
    put(optimizer(f), "reference_state/conv/weight/momentum_buffer", count(3, 2, 3, 3, dtype="i8"))


@bad
def slot_as_group(f, conv):
    optimizer(f).create_group("reference_state/conv/weight/momentum_buffer")


@bad
def parameter_as_slot(f, conv):
    put(optimizer(f), "reference_state/conv/weight", count(3, 2, 3, 3))


@bad
def states(f, conv):
    optimizer(f).move("state", "states")


@bad
def optimizer_as_dataset(f, conv):
    put(f.create_group("x_empty"), "a/b", count(1))
    f["optimizer"] = f["x_empty/a/b"]


@bad
def no_steps(f, conv):
    del trajectory(f).attrs["steps"]


@bad
def zero_steps(f, conv):
    trajectory(f, steps=0)


@bad
def missing_batch(f, conv):
    del trajectory(f)["batches/1"]


@bad
def batch_beyond_the_steps(f, conv):
    put(trajectory(f), "batches/2/image", count(1, 2, 4, 4))


@bad
def batch_with_a_zero(f, conv):
    put(trajectory(f), "batches/00/image", count(1, 2, 4, 4))


@bad
def batch_without_its_input(f, conv):
    trajectory(f)["batches"].move("1/image", "1/x_image")


@bad
def batch_of_another_input(f, conv):
    put(trajectory(f), "batches/1/imag", count(1, 2, 4, 4))


@bad
def losses_of_other_steps(f, conv):
    group = trajectory(f)
    del group["reference/loss"]
    put(group, "reference/loss", count(3))


@bad
def trajectory_of_nobody(f, conv):
    put(trajectory(f), "reference/parameters/fc/weight", count(1))


@bad
def losses(f, conv):
    trajectory(f).move("reference/loss", "reference/losses")
