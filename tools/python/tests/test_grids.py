"""Grids: every combination once or named as left out; canaries: nothing can hide in them."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import cnnverify as cv
from cnnverify.format import Layer
from cnnverify.torch.grids import kinds
from cnnverify.torch.grids.grid import RECIPES
from cnnverify.torch.module_kinds import MODULE_KINDS
from recompute import FUNCTIONS, recompute


def layers_of(path: Path) -> dict[str, Layer]:
    cases = cv.read_fixture(path).cases
    assert all(len(case.layers) == 1 for case in cases.values())
    return {name: case.layers[0] for name, case in cases.items()}


def values(array: Any) -> np.ndarray[Any, Any]:
    return np.asarray(array, dtype=np.float64)


def test_a_case_for_each_combination(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes: dict[str, list[int]] = {
        "stride": [1, 2],
        "padding": [0, 1, 2],
        "dilation": [1, 2],
        "groups": [1, 2],
    }
    count = cv.grid("Conv2d", **axes, out=tmp_path / "grid.h5")  # type: ignore[arg-type]
    layers = layers_of(tmp_path / "grid.h5")
    expected = [dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values())]
    assert count == len(expected) == 24
    for number, point in enumerate(expected):
        layer = layers[",".join(f"{k}={v}" for k, v in point.items())]
        for name in ("stride", "padding", "dilation"):
            assert layer.attributes[name] == [point[name]] * 2
        assert layer.attributes["groups"] == point["groups"]
        assert layer.attributes["x_seed"] == number
    assert capsys.readouterr().out == "Conv2d: 24 cases\n"
    assert recompute(tmp_path / "grid.h5", 1e-5) == ([], 24 * 4)


def test_strides_leave_a_remainder_and_sizes_differ(tmp_path: Path) -> None:
    cv.grid(
        "Conv2d",
        stride=[2, 3, (2, 3)],
        kernel_size=[(3, 2), 4, 5],
        padding=[0, 1, (1, 2)],
        dilation=[1, 2],
        out=tmp_path / "f.h5",
        quiet=True,
    )
    for layer in layers_of(tmp_path / "f.h5").values():
        batch, channels, *sizes = layer.reference.inputs[0].shape
        assert (batch, channels) == (5, 4)
        assert sizes[0] != sizes[1]
        assert min(layer.reference.outputs[0].shape[2:]) >= 2
        kernel = layer.parameters["weight"].shape[2:]
        at: dict[str, Any] = layer.attributes
        for n, k, s, p, d in zip(
            sizes, kernel, at["stride"], at["padding"], at["dilation"], strict=True
        ):
            assert (n + 2 * p - d * (k - 1) - 1) % s != 0


def test_what_is_impossible_is_counted_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = cv.grid("MaxPool2d", kernel_size=[2, 3], padding=[0, 1, 2], out=tmp_path / "f.h5")
    text = capsys.readouterr().out
    assert count == len(layers_of(tmp_path / "f.h5")) == 4
    assert text.startswith("MaxPool2d: 4 cases\n  ")
    assert sum(int(line.split()[0]) for line in text.splitlines()[1:]) == 2
    assert "pad" in text
    assert "half" in text
    cv.grid("Conv1d", groups=[1, 3], out=tmp_path / "f.h5")
    assert "1 left out: in_channels must be divisible by groups" in capsys.readouterr().out
    with pytest.raises(cv.CaptureError, match=r"no combination .* divisible by groups"):
        cv.grid("Conv1d", groups=3, out=tmp_path / "none.h5")
    assert not (tmp_path / "none.h5").exists()


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("Conv2D", {}, "did you mean Conv2d"),
        ("LSTM", {}, "stated_layer"),
        ("Conv2d", {"strides": [1]}, "did you mean stride"),
        ("Conv2d", {"stride": []}, "empty"),
        ("Add", {"training": [True]}, "no hyper-parameter training"),
    ],
)
def test_what_is_asked_wrongly(
    kind: str, settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(cv.CaptureError, match=message):
        cv.grid(kind, **settings, out=tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()


def test_names_and_scalars(tmp_path: Path) -> None:
    cv.grid(
        "Conv2d",
        kernel_size=[(3, 2), 1],
        bias=[True, False],
        padding_mode="reflect",
        padding=1,
        input=(5, 4, 6, 7),
        out=tmp_path / "f.h5",
        quiet=True,
    )
    layers = layers_of(tmp_path / "f.h5")
    assert set(layers) == {
        f"kernel_size={k},bias={b}" for k in ("3x2", "1") for b in ("true", "false")
    }
    for layer in layers.values():
        assert layer.attributes["padding_mode"] == "reflect"
        assert layer.reference.inputs[0].shape == (5, 4, 6, 7)
    cv.grid("ReLU", out=tmp_path / "f.h5", quiet=True)
    assert set(layers_of(tmp_path / "f.h5")) == {"relu"}


def test_the_same_seed_gives_the_same_numbers_and_disturbs_nobody(tmp_path: Path) -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    contents = []
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        torch.manual_seed(9)
        cv.grid("Dropout2d", p=[0.2, 0.7], out=tmp_path / name, seed=seed, quiet=True)
        assert torch.equal(torch.rand(3), expected)
        found = layers_of(tmp_path / name)["p=0.7"]
        assert found.attributes["x_seed"] == seed + 1
        reference = found.reference
        arrays = (reference.inputs, reference.outputs, reference.grad_inputs)
        contents.append([values(array[0]).tobytes() for array in arrays])
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_every_kind_of_torch_has_a_grid() -> None:
    assert set(kinds()) == set(MODULE_KINDS) | set(FUNCTIONS)


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("kind", kinds())
def test_a_grid_and_canaries_of_every_kind(kind: str, tmp_path: Path) -> None:
    assert cv.grid(kind, out=tmp_path / "grid.h5", quiet=True) == 1
    # Not one of the canaries may be left out.
    assert cv.canary(kind, out=tmp_path / "f.h5", quiet=True) == len(RECIPES[kind].canaries)
    compared = 0
    for file in ("grid.h5", "f.h5"):
        differences, number = recompute(tmp_path / file, 2e-5)
        assert differences == []
        compared += number
    layers = layers_of(tmp_path / "f.h5").values()
    assert compared >= 2 * (len(layers) + 1)
    for layer in layers:
        reference = layer.reference
        batch = next(iter(reference.inputs.values())).shape[0]
        assert layer.kind == kind
        assert batch >= 3
        upstream = values(reference.grad_outputs[0])
        assert upstream.size == 1 or np.ptp(upstream) > 0
        assert not (upstream == 1).any()
        for parameter in layer.parameters.values():
            assert np.asarray(parameter).size == 1 or np.ptp(values(parameter)) > 0


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_canaries_of_convolutions_hide_nothing(axes: int, tmp_path: Path) -> None:
    cv.canary(f"Conv{axes}d", out=tmp_path / "f.h5", quiet=True)
    layers = layers_of(tmp_path / "f.h5")
    equal, unequal = layers["equal"], layers["unequal"]
    assert equal.parameters["weight"].shape == (4, 4, *[4] * axes)
    assert equal.reference.inputs[0].shape == (5, 4, *(7, 10, 13)[3 - axes :])
    assert equal.reference.outputs[0].shape == (5, 4, *(2, 3, 4)[3 - axes :])
    assert unequal.attributes["groups"] == 2
    for layer in (equal, unequal):
        sizes, kernel = layer.reference.inputs[0].shape[2:], layer.parameters["weight"].shape[2:]
        at: dict[str, Any] = layer.attributes
        for n, k, s, p, d in zip(
            sizes, kernel, at["stride"], at["padding"], at["dilation"], strict=True
        ):
            assert k > 1
            assert s > 1
            assert p > 0
            # Neither nothing, nor as much as the padding.
            assert (n + 2 * p - d * (k - 1) - 1) % s not in (0, p)
        # Overlapping windows somewhere.
        assert any(s < k for s, k in zip(at["stride"], kernel, strict=True))


def test_canaries_show_ties_zeros_and_small_deviations(tmp_path: Path) -> None:
    def drawn(kind: str) -> dict[str, Layer]:
        cv.canary(kind, out=tmp_path / "f.h5", quiet=True)
        return layers_of(tmp_path / "f.h5")

    for kind in ("ReLU", "LeakyReLU", "Abs", "Hardtanh"):
        for layer in drawn(kind).values():
            x = values(layer.reference.inputs[0])
            assert (x == 0).any()
            assert x.min() < 0 < x.max()
    for layer in drawn("MaxPool2d").values():
        x = values(layer.reference.inputs[0])
        windows = torch.tensor(x).unfold(2, 3, 2).unfold(3, 4, 3).flatten(4)
        best = windows.max(-1, keepdim=True).values
        assert ((windows == best).sum(-1) > 1).float().mean() > 0.5
        assert x.min() < 0
    for kind, name in (("BatchNorm2d", "training"), ("GroupNorm", "canary")):
        layer = drawn(kind)[name]
        variance = values(layer.reference.inputs[0]).var(axis=(2, 3))
        assert variance.max() < 100 * float(layer.attributes["eps"])  # type: ignore[arg-type]
        assert not np.isin(values(layer.parameters["weight"]), [0, 1]).any()
    assert drawn("BatchNorm2d")["training"].attributes["momentum"] != 0.5
    for layer in drawn("Dropout").values():
        assert layer.attributes["p"] != 0.5
        assert (values(layer.reference.inputs[0]) == 0).any()
    for layer in drawn("CrossEntropyLoss").values():
        assert np.ptp(values(layer.auxiliary["weight"])) > 0
    layer = drawn("NLLLoss")["mean"]
    target = values(layer.reference.inputs[1])
    ignored = layer.attributes["ignore_index"]
    assert 0 < (target == ignored).sum() < target.size
    scales: Any = drawn("Upsample")["nearest"].attributes["scale_factor"]
    assert all(scale % 1 for scale in scales)


FAULTS = {
    "the kernel is rotated": lambda x, w: nn.functional.conv2d(x, w.flip(2, 3), None, 3, 1),
    "its axes are swapped": lambda x, w: nn.functional.conv2d(x, w.mT, None, 3, 1),
    "its channels are swapped": lambda x, w: nn.functional.conv2d(x, w.transpose(0, 1), None, 3, 1),
    "the padding is at one side": lambda x, w: nn.functional.conv2d(
        nn.functional.pad(x, (2, 0, 2, 0)), w, None, 3
    ),
    "the padding wraps": lambda x, w: nn.functional.conv2d(
        nn.functional.pad(x, (1, 1, 1, 1), mode="circular"), w, None, 3
    ),
    "the remainder is dropped in front": lambda x, w: nn.functional.conv2d(
        nn.functional.pad(x, (1, 1, 1, 1))[:, :, 2:, 2:], w, None, 3
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_silent_faults_show_in_the_canary(fault: str, tmp_path: Path) -> None:
    cv.canary("Conv2d", out=tmp_path / "f.h5", quiet=True)
    layer = layers_of(tmp_path / "f.h5")["equal"]
    x, w = (
        torch.tensor(values(a)) for a in (layer.reference.inputs[0], layer.parameters["weight"])
    )
    bias = torch.tensor(values(layer.parameters["bias"])).reshape(4, 1, 1)
    expected = torch.tensor(values(layer.reference.outputs[0]))
    right = nn.functional.conv2d(x, w, None, 3, 1) + bias
    wrong = FAULTS[fault](x, w) + bias
    assert wrong.shape == expected.shape
    assert (right - expected).abs().max() < 1e-5
    assert (wrong - expected).abs().max() > 0.1
