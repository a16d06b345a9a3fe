"""One model in three styles of JAX: every operation has a kind, agrees, and changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import jax
import numpy as np
import pytest
from flax import nnx as nnx_api

import cnnverify as cv
import jax_models as models
from cnnverify.format import Arranged, Case, Layer
from recompute import recompute

KEY = jax.random.key(5)


def plain(path: Path) -> None:
    inputs = (models.plain_state(), models.images(), models.labels(), KEY)
    parameters = models.plain_parameters()
    cv.capture_jax(models.plain_loss, parameters, *inputs, out=path, twin="float64", seed=5)


def linen(path: Path) -> None:
    module = models.Linen()
    keys = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
    variables = module.init(keys, models.images())
    cv.capture_flax(
        module,
        variables,
        models.images(),
        models.cross_entropy,
        path,
        rngs=2,
        twin="float64",
    )


def nnx(path: Path) -> None:
    module = models.Nnx(nnx_api.Rngs(0))
    module.train()
    before = jax.tree_util.tree_leaves(nnx_api.state(module, nnx_api.BatchStat))
    cv.capture_flax(module, None, models.images(), models.cross_entropy, path, twin="float64")
    after = jax.tree_util.tree_leaves(nnx_api.state(module, nnx_api.BatchStat))
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def read(path: Path) -> Case:
    root = cv.read_fixture(path).root
    assert root is not None
    return root


def named(case: Case, name: str) -> Layer:
    return next(layer for layer in case.layers if layer.name == name)


@pytest.fixture(scope="module", params=[plain, linen, nnx])
def captured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("jax") / "f.h5"
    capture: Callable[[Path], None] = request.param
    capture(path)
    return path


def test_everything_has_a_kind_and_agrees(captured: Path) -> None:
    case = read(captured)
    kinds = [layer.kind for layer in case.layers]
    assert not [kind for kind in kinds if "." in kind]
    for kind, count in {"Conv2d": 4, "ReLU": 3, "BatchNorm2d": 1, "ConvTranspose2d": 1}.items():
        assert kinds.count(kind) == count, kind
    for kind in ("Add", "Dropout", "Linear", "Mean"):
        assert kind in kinds
    assert all(layer.reference_f64 is not None for layer in case.layers)
    assert all(layer.reference.grad_outputs for layer in case.layers)
    differences, compared = recompute(captured, 1e-5)
    assert differences == []
    assert compared > 80


def test_the_recording_changes_no_bit(captured: Path) -> None:
    facts = cv.read_fixture(captured).provenance
    assert facts is not None
    checked = facts["self_check"]
    assert checked["neutrality"].startswith("bit-exact")
    assert checked["problems"] == "none"
    done, total = checked["replay"].split("/")
    assert done == total
    assert facts["framework"] == f"jax {jax.__version__}"
    assert facts["engine"]["default_matmul_precision"] == "highest"
    assert {"flax", "jaxlib"} <= facts["versions"].keys()


def test_tensors_keep_their_order_of_axes(captured: Path) -> None:
    case = read(captured)
    weight = named(case, "stem").parameters["weight"]
    assert isinstance(weight, Arranged)
    assert (weight.axes, weight.shape) == ("HWIO", (3, 2, 2, models.CHANNELS))
    output = named(case, "stem").reference.outputs[0]
    assert isinstance(output, Arranged)
    assert output.axes == "NHWC"
    head = named(case, "head").parameters["weight"]
    assert isinstance(head, Arranged)
    assert head.axes == "IO"
    assert named(case, "depthwise").attributes["groups"] == models.CHANNELS


def test_a_module_called_twice_is_two_layers_with_one_weight(captured: Path) -> None:
    with h5py.File(captured) as file:
        one = file["layers/twice/parameters/weight"]
        assert one == file["layers/twice@1/parameters/weight"]
    case = read(captured)
    add = next(layer for layer in case.layers if layer.kind == "Add")
    assert set(add.inputs or []) == {"relu", "twice@1"}


def test_dropout_and_batch_normalisation(captured: Path) -> None:
    case = read(captured)
    dropout = next(layer for layer in case.layers if layer.kind == "Dropout")
    mask = dropout.auxiliary["mask"]
    assert isinstance(mask, Arranged)
    assert isinstance(mask.values, np.ndarray)
    assert set(np.unique(mask.values)) == {0, 1}
    assert dropout.attributes["p"] == 0.25
    bn = named(case, "bn")
    assert bn.training is True
    assert bn.attributes["momentum"] == pytest.approx(0.1)
    assert bn.attributes["unbiased_running_variance"] is False
    assert np.asarray(bn.buffers["running_var"]).tolist() == [1.0] * models.CHANNELS
    x = named(case, "stem").reference.outputs[0]
    assert isinstance(x, Arranged)
    variance = np.asarray(x.values, np.float64).var((0, 1, 2))
    found = np.asarray(bn.reference.buffers["running_var"])
    np.testing.assert_allclose(found, 0.9 + 0.1 * variance, rtol=1e-5)


def test_source_lines_and_order(captured: Path) -> None:
    case = read(captured)
    assert [layer.index for layer in case.layers] == list(range(len(case.layers)))
    lines = [layer.source for layer in case.layers if layer.kind == "Conv2d"]
    assert all(line is not None and line.startswith("jax_models.py:") for line in lines)


def test_evaluation(tmp_path: Path) -> None:
    module = models.Linen()
    variables = module.init({"params": KEY, "dropout": KEY}, models.images())
    path = tmp_path / "f.h5"
    loss, train = models.cross_entropy, {"train": False}
    cv.capture_flax(
        module, variables, models.images(), loss, path, method_arguments=train, quiet=True
    )
    bn = named(read(path), "bn")
    assert bn.training is False
    assert set(bn.buffers) == {"running_mean", "running_var"}
    assert bn.reference.buffers == {}
    assert recompute(path, 1e-5)[0] == []


def test_an_nnx_module_is_a_parameter_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = models.Nnx(nnx_api.Rngs(0))
    module.eval()
    path = tmp_path / "f.h5"
    cv.capture_jax(
        lambda m, x: models.cross_entropy(m(x)), module, models.images(), out=path, twin="float64"
    )
    line = capsys.readouterr().out
    for words in ("14 layers", "0 unseen", "replay bit-exact 14/14", "plain run bit-exact", "twin"):
        assert words in line
    assert f"next: cnn-verify check {path}" in line
    assert {"x"} <= read(path).inputs.keys()


def test_equal_data_makes_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    for name in ("a.h5", "b.h5"):
        plain(tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    cv.write_fixture(cv.read_fixture(tmp_path / "a.h5"), tmp_path / "c.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "c.h5").read_bytes()


def test_what_a_function_closes_over_is_constant(tmp_path: Path) -> None:
    generator = np.random.default_rng(9)
    frozen, w, x = (generator.standard_normal(s).astype("f4") for s in ((4, 3), (3, 3), (5, 4)))
    classes = jax.nn.one_hot(np.asarray([0, 1, 2, 1, 0]), 3)

    def loss(params: Any, x: Any) -> Any:
        h = (x @ frozen) @ params["head"]["w"]
        kept = jax.random.bernoulli(KEY, 0.5, h.shape)
        h = jax.numpy.where(kept, h / 0.5, 0)
        return -(classes * jax.nn.log_softmax(h)).sum(-1).mean()

    path = tmp_path / "f.h5"
    cv.capture_jax(loss, {"head": {"w": w}}, x, out=path, twin="float64", quiet=True)
    case = read(path)
    kinds = ["Linear", "Linear", "Dropout", "LogSoftmax", "Mul", "Sum", "Mean", "Neg"]
    assert [layer.kind for layer in case.layers] == kinds
    assert case.layers[0].parameters.keys() == {"weight"}
    assert case.layers[0].reference.grad_parameters == {}
    assert case.layers[1].name == "head"
    assert case.inputs.keys() == {"x", "const_0"}
    assert case.loss == "neg"
    assert recompute(path, 1e-5)[0] == []
