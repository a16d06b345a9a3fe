"""Samples of activations, dropouts, tables, normalisations and losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from samples import Maker, Sample, of_module, vary

IMAGE = (4, 6, 3, 5)


def _each(*modules: Callable[[], nn.Module], shape: tuple[int, ...] = IMAGE) -> Maker:
    """Modules of one floating input."""

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for number, make in enumerate(modules):
            module = make().to(dtype)
            training = module.training
            vary(module)
            title = f"own {number} {module} {'' if training else 'evaluation'}"
            yield of_module(title, module, torch.randn(shape, dtype=dtype))

    return samples


def _kinks(make: Callable[[], nn.Module], *places: float) -> Maker:
    """Numbers at and beside the kinks of an activation, and far from them."""

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        near = [p + step for p in places for step in (0.0, -1e-3, 1e-3)]
        x = torch.tensor([*near, -30.0, -4.0, -1.0, 0.5, 4.0, 30.0, 100.0, -100.0], dtype=dtype)
        yield of_module("own kinks", make(), x)
        yield of_module("own spread", make(), torch.randn(IMAGE, dtype=dtype) * 5)

    return samples


def _dropout(cls: Callable[[float], nn.Module], shape: tuple[int, ...]) -> Maker:
    rates = (0.0, 0.3, 0.5, 0.9, 1.0)
    makers: list[Callable[[], nn.Module]] = [lambda p=p: cls(p) for p in rates]  # type: ignore[misc]
    return _each(*makers, lambda: cls(0.4).eval(), shape=shape)


def _losses(
    make: Callable[..., nn.Module],
    options: list[dict[str, Any]],
    inputs: Callable[[torch.dtype], tuple[Tensor, ...]],
) -> Maker:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for given in options:
            for reduction in ("mean", "sum", "none"):
                module = make(reduction=reduction, **given)
                yield of_module(f"own {reduction} {given}", module, *inputs(dtype))

    return samples


def _pairs(make: Callable[..., nn.Module], options: list[dict[str, Any]]) -> Maker:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for given in options:
            for other in ((2, 5, 4), (1, 5, 4), (5, 1)):
                pair = torch.randn(2, 5, 4, dtype=dtype), torch.randn(other, dtype=dtype)
                yield of_module(f"own {given} {other}", make(**given), *pair)

    return samples


def _three(dtype: torch.dtype) -> tuple[Tensor, ...]:
    return tuple(torch.randn(6, 4, dtype=dtype) for _ in range(3))


def _embedding(dtype: torch.dtype) -> Iterator[Sample]:
    options: list[dict[str, Any]] = [
        {},
        {"padding_idx": 2},
        {"padding_idx": -1},
        {"scale_grad_by_freq": True},
        {"max_norm": 1.0},
        {"max_norm": 0.5, "norm_type": 1.0, "padding_idx": 0, "scale_grad_by_freq": True},
    ]
    for given in options:
        for shape in ((5,), (2, 7), ()):
            module = nn.Embedding(6, 3, **given).to(dtype)
            yield of_module(f"own {given} {shape}", module, torch.randint(0, 6, shape))


def _rms_norm(dtype: torch.dtype) -> Iterator[Sample]:
    """Without `eps` the machine epsilon of the type decides, which tiny numbers show."""
    for scale in (1.0, 1e-4):
        module = nn.RMSNorm((3, 5)).to(dtype)
        vary(module)
        yield of_module(f"own {scale}", module, torch.randn(IMAGE, dtype=dtype) * scale)


LAYERS: dict[str, Maker] = {
    "Identity": _each(nn.Identity),
    "Flatten": _each(
        *(lambda a=a: nn.Flatten(*a) for a in ((), (0, -1), (2,), (1, 2), (-2, -1), (2, 2)))
    ),
    "Unflatten": _each(
        lambda: nn.Unflatten(1, (2, 3)),
        lambda: nn.Unflatten(-1, (5, -1)),
        lambda: nn.Unflatten(0, (2, 1, 2)),
    ),
    "Hardsigmoid": _kinks(nn.Hardsigmoid, -3, 3),
    "Hardswish": _kinks(nn.Hardswish, -3, 3),
    "Hardtanh": _kinks(lambda: nn.Hardtanh(-1.0, 2.0), -1, 2),
    "ReLU": _kinks(nn.ReLU, 0),
    "ReLU6": _kinks(nn.ReLU6, 0, 6),
    "LeakyReLU": _kinks(lambda: nn.LeakyReLU(0.2), 0),
    "ELU": _kinks(lambda: nn.ELU(1.5), 0),
    "CELU": _kinks(lambda: nn.CELU(0.5), 0),
    "SELU": _kinks(nn.SELU, 0),
    "GELU": _kinks(lambda: nn.GELU("tanh"), 0),
    "SiLU": _kinks(nn.SiLU, 0),
    "Mish": _kinks(nn.Mish, 0),
    "Sigmoid": _kinks(nn.Sigmoid, 0),
    "Tanh": _kinks(nn.Tanh, 0),
    "LogSigmoid": _kinks(nn.LogSigmoid, 0),
    "Softplus": _kinks(lambda: nn.Softplus(2.0, 10.0), 0, 5),
    "Softsign": _kinks(nn.Softsign, 0),
    "Tanhshrink": _kinks(nn.Tanhshrink, 0),
    "Hardshrink": _kinks(lambda: nn.Hardshrink(0.5), -0.5, 0.5),
    "Softshrink": _kinks(lambda: nn.Softshrink(0.5), -0.5, 0.5),
    "Threshold": _kinks(lambda: nn.Threshold(0.5, -2.0), 0.5),
    "RReLU": _each(
        nn.RReLU,
        lambda: nn.RReLU(0.2, 0.9),
        lambda: nn.RReLU(0.3, 0.3),
        lambda: nn.RReLU(0.2, 0.9).eval(),
    ),
    "PReLU": _each(nn.PReLU, lambda: nn.PReLU(6)),
    "GLU": _each(*(lambda d=d: nn.GLU(d) for d in (0, 1)), shape=(4, 6, 3, 5)),
    "Softmax2d": _each(nn.Softmax2d),
    "Dropout": _dropout(nn.Dropout, (4, 6)),
    "Dropout1d": _dropout(nn.Dropout1d, (2, 5, 3)),
    "Dropout2d": _dropout(nn.Dropout2d, (2, 5, 3, 4)),
    "Dropout3d": _dropout(nn.Dropout3d, (2, 5, 3, 4, 2)),
    "AlphaDropout": _dropout(nn.AlphaDropout, IMAGE),
    "FeatureAlphaDropout": _dropout(nn.FeatureAlphaDropout, IMAGE),
    "Embedding": _embedding,
    "RMSNorm": _rms_norm,
    "BatchNorm2d": _each(
        lambda: nn.BatchNorm2d(6, momentum=None),
        lambda: nn.BatchNorm2d(6, track_running_stats=False).eval(),
        lambda: nn.BatchNorm2d(6, eps=0.1, bias=False),
    ),
    "InstanceNorm2d": _each(
        lambda: nn.InstanceNorm2d(6, affine=True, track_running_stats=True, momentum=0.3),
        lambda: nn.InstanceNorm2d(6, affine=True, track_running_stats=True).eval(),
        lambda: nn.InstanceNorm2d(6).eval(),
    ),
    "LocalResponseNorm": _each(
        *(lambda n=n: nn.LocalResponseNorm(n, 0.5, 0.6, 1.5) for n in (1, 2, 3, 4, 7))
    ),
    "CosineSimilarity": _pairs(
        nn.CosineSimilarity, [{}, {"dim": 0}, {"dim": -1, "eps": 0.5}, {"dim": 2, "eps": 1e-3}]
    ),
    "PairwiseDistance": _pairs(
        nn.PairwiseDistance,
        [{}, {"p": 1.0, "keepdim": True}, {"p": 3.0}, {"p": 0.5, "eps": 1e-2}, {"p": float("inf")}],
    ),
    "TripletMarginLoss": _losses(
        nn.TripletMarginLoss,
        [{}, {"swap": True}, {"p": 1.0, "margin": 0.3}, {"p": 3.5, "swap": True, "eps": 1e-3}],
        _three,
    ),
    "TripletMarginWithDistanceLoss": _losses(
        nn.TripletMarginWithDistanceLoss, [{}, {"swap": True, "margin": 2.5}], _three
    ),
}
"""By kind."""
