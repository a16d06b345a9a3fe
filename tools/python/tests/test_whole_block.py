"""One model with everything in it: no operation is missed, and no bit is changed."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from whole_block import example

import cnnverify as cv
from cnnverify.format import Layer
from recompute import recompute

KINDS = """
    ZeroPad2d Conv2d ReLU Conv2d BatchNorm2d ReLU Conv2d Tanh Conv2d Add BatchNorm2d Dropout2d ReLU
    Add ConvTranspose2d SiLU Scale Mean Dropout Linear CrossEntropyLoss
""".split()


def step(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    loss = functional.cross_entropy(model(images), labels)
    loss.backward()
    return loss


def bits(model: nn.Module, images: Tensor, loss: Tensor) -> list[bytes]:
    gradients = [p.grad for p in model.parameters()]
    tensors = [loss, images.grad, *gradients, *model.buffers()]
    assert all(tensor is not None for tensor in tensors)
    return [t.detach().numpy().tobytes() for t in tensors if t is not None]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("block") / "f.h5"
    runs = []
    for instrumented in (False, True):
        torch.manual_seed(29)
        model, images, labels = example()
        images.requires_grad_()
        if instrumented:
            with cv.capture(model, path, twin="float64", quiet=True):
                loss = step(model, images, labels)
        else:
            loss = step(model, images, labels)
        runs.append(bits(model, images, loss))
    root = cv.read_fixture(path).root
    assert root is not None
    return path, runs, root.layers


def test_the_instrumented_run_has_the_bits_of_the_plain_one(captured: Any) -> None:
    _, (plain, instrumented), _ = captured
    assert len(plain) == 2 + 12 + 6
    assert instrumented == plain


def test_every_operation_is_a_layer_of_a_kind(captured: Any) -> None:
    layers: list[Layer] = captured[2]
    assert [layer.kind for layer in layers] == KINDS
    assert all(layer.inputs is not None for layer in layers)
    names = [layer.name for layer in layers]
    assert "mix" in names
    assert "mix@1" in names


def test_every_operation_is_compared_and_agrees(captured: Any) -> None:
    path, _, layers = captured
    assert recompute(path, 2e-5)[0] == []
    for layer in layers:
        for reference in (layer.reference, layer.reference_f64):
            assert 0 in reference.outputs, layer.name
            assert 0 in reference.grad_inputs, layer.name
            assert set(reference.grad_parameters) == set(layer.parameters), layer.name
        assert 0 in layer.reference.grad_outputs or layer.kind == "CrossEntropyLoss"


def test_both_uses_of_a_module_have_their_part_of_its_gradient(captured: Any) -> None:
    layers = {layer.name: layer for layer in captured[2]}
    first, second = layers["mix"], layers["mix@1"]
    assert first.parameters["weight"] is second.parameters["weight"]
    torch.manual_seed(29)
    model, images, labels = example()
    step(model, images.requires_grad_(), labels)
    gradient = model.mix.weight.grad
    assert gradient is not None
    parts = [np.asarray(x.reference.grad_parameters["weight"]) for x in (first, second)]
    assert all(np.abs(part).max() > 0 for part in parts)
    np.testing.assert_allclose(parts[0] + parts[1], gradient.numpy(), rtol=1e-5, atol=1e-7)


def test_batch_normalisation_moves_its_statistics(captured: Any) -> None:
    norms = [layer for layer in captured[2] if layer.kind == "BatchNorm2d"]
    for norm in norms:
        assert norm.training
        for name in ("running_mean", "running_var"):
            before, after = np.asarray(norm.buffers[name]), np.asarray(norm.reference.buffers[name])
            assert (before != after).all()
