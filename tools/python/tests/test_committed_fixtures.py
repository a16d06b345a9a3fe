"""The committed fixtures, read by an independent hand."""

from pathlib import Path

import pytest

from recompute import recompute

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"


@pytest.mark.parametrize(
    ("name", "tolerance", "at_least"),
    [
        ("lenet5-torch.h5", 1e-5, 35),
        ("residual-block-torch.h5", 1e-5, 54),
        ("block-torch.h5", 2e-5, 126),
        ("block-keras.h5", 1e-5, 90),
        ("convolutions-torch.h5", 1e-13, 500),
        ("pools-torch.h5", 1e-13, 190),
        ("block-flax.h5", 1e-5, 100),
        ("handwritten.h5", 1e-13, 4),
    ],
)
def test_agrees(name: str, tolerance: float, at_least: int) -> None:
    differences, compared = recompute(FIXTURES / name, tolerance)
    assert differences == []
    assert compared >= at_least


def test_single_layers_agree() -> None:
    differences, compared = recompute(FIXTURES / "layers-torch.h5", 1e-12)
    assert [d for d in differences if "-f64/" in d.layer] == []
    # float32 against float64: saturated softmax gradients are differences of nearly equal numbers.
    assert [d for d in differences if d.error > 1e-4] == []
    assert compared > 700


def test_the_planted_gradient_is_the_only_difference() -> None:
    differences, _ = recompute(FIXTURES / "planted-wrong-gradient.h5", 1e-5)
    assert [(d.layer, d.tensor) for d in differences] == [("/conv2", "grad_parameters/weight")]


def test_every_file_is_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FIXTURES.glob("*.h5")}
    assert len(sizes) >= 7
    # All digits, and a hundred steps on them: what an example trains on.
    digits = [sizes.pop(name) for name in ("digits.h5", "lenet5-trajectory-torch.h5")]
    assert max(digits) < 3_000_000
    assert max(sizes.values()) < 1_500_000
