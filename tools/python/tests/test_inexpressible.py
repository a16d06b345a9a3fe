"""What the format cannot express is an error that says why, and a reason in a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnverify as cv
from test_every_kind import PLANE, Calling, randn

REFUSED: list[tuple[str, Callable[[], tuple[Any, ...]]]] = [
    ("batch axis", lambda: (nn.Conv2d(4, 2, 3).double(), randn(4, 7, 8))),
    ("batch axis", lambda: (nn.MaxPool1d(2), randn(4, 8))),
    ("batch axis", lambda: (nn.ReflectionPad3d(1), randn(4, 5, 7, 8))),
    ("batch axis", lambda: (nn.Dropout2d(), randn(4, 7, 8))),
    ("batch axis", lambda: (F.max_pool2d, randn(4, 7, 8), 2)),
    ("antialias", lambda: (lambda x: F.interpolate(x, 3, mode="bilinear", antialias=True), None)),
    ("windows along one axis", lambda: (lambda x: x.unfold(2, 2, 1), None)),
    ("another function", lambda: (lambda x: torch.kl_div(x, x.detach(), 1), None)),
    ("no kind for pdist", lambda: (F.pdist, randn(2, 3))),
    (
        "distance function",
        lambda: (
            nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(3.0)),
            *(randn(2, 3) for _ in range(3)),
        ),
    ),
    ("no kind LSTM", lambda: (nn.LSTM(3, 4), randn(2, 3).float())),
    ("no kind for cumsum", lambda: (lambda x: x.cumsum(1), None)),
    ("rounding mode", lambda: (lambda x: torch.div(x, 2, rounding_mode="floor"), None)),
    ("a tensor", lambda: (lambda x: x.clamp(min=x.detach() * 0), None)),
    ("an exponent", lambda: (lambda x: x ** x.detach(), None)),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c[0])
def test_what_cannot_be_expressed_is_an_error_with_its_reason(case: Any, tmp_path: Path) -> None:
    form, *given = case[1]()
    given = [randn(*PLANE) if x is None else x for x in given]
    with pytest.raises(cv.CaptureError, match=case[0]):
        cv.layer(form, *given, out=tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()


def test_a_network_says_why_a_layer_has_no_kind(tmp_path: Path) -> None:
    model = Calling(lambda x: x.cumsum(1).relu())
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        model(randn(2, 3).requires_grad_()).sum().backward()
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.layers[0].kind == "aten.cumsum"
    assert root.layers[0].attributes["x_reason"] == "no kind for cumsum"
