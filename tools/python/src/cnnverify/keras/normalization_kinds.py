"""Normalisations and dropout as kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from .layouts import Layout, arranged
from .replay import numbers_of, run_alone
from .stages import Call, Inexpressible, Stage, Weight, constant_weight, weight


def _affine(call: Call, stage: Stage, size: int, *names: str) -> None:
    """Add gamma and beta; where only one is used, the other is what changes nothing."""
    found = {n: weight(call.step, n) for n in names}
    if not any(found.values()):
        return
    neutral = {"gamma": 1.0, "beta": 0.0}
    for name, given in found.items():
        title = "bias" if name == "beta" else "weight"
        stage.parameters[title] = given or constant_weight(size, neutral[name])


def _batch_normalization(call: Call) -> list[Stage]:
    """Keras updates the running variance with the biased one, which the kind can say."""
    operation = call.operation
    if getattr(operation, "renorm", False) or getattr(operation, "synchronized", False):
        raise Inexpressible("renormalisation, or statistics of several devices")
    rank = call.rank()
    axis = operation.axis % rank
    if rank not in (2, 3, 4, 5) or axis not in (1, rank - 1):
        raise Inexpressible(f"axis {axis} of {rank}")
    layout = Layout.LAST if axis == rank - 1 and rank > 2 else Layout.PLAIN
    stage = Stage(f"BatchNorm{max(1, rank - 2)}d", [call.edge], wants=layout)
    stage.attributes = {
        "eps": float(operation.epsilon),
        "momentum": 1.0 - float(operation.momentum),
        "unbiased_running_variance": False,
    }
    _affine(call, stage, int(call.edge.value.shape[axis]), "gamma", "beta")
    for name, title in (("moving_mean", "running_mean"), ("moving_variance", "running_var")):
        use = call.step.use(name)
        if use is None:
            raise Inexpressible(f"no {name}")
        stage.buffers[title] = use
    stage.training = bool(call.step.training and operation.trainable)
    return [stage]


def _layer_normalization(call: Call) -> list[Stage]:
    operation = call.operation
    if getattr(operation, "rms_scaling", False):
        raise Inexpressible("rms_scaling")
    shape = _normalized(call, operation.axis)
    stage = Stage("LayerNorm", [call.edge], {"normalized_shape": shape})
    stage.attributes["eps"] = float(operation.epsilon)
    _affine(call, stage, int(np.prod(shape)), "gamma", "beta")
    for name, given in list(stage.parameters.items()):
        if given.constant is not None:
            stage.parameters[name] = Weight(None, constant=given.constant.reshape(shape))
    return [stage]


def _normalized(call: Call, axis: Any) -> list[int]:
    rank = call.rank()
    axes = sorted(a % rank for a in ([axis] if isinstance(axis, int) else axis))
    if axes != list(range(axes[0], rank)):
        raise Inexpressible("a normalisation over axes that are not the last")
    return [int(n) for n in call.edge.value.shape[axes[0] :]]


def _rms_normalization(call: Call) -> list[Stage]:
    operation = call.operation
    stage = Stage("RMSNorm", [call.edge])
    stage.attributes = {
        "normalized_shape": _normalized(call, operation.axis),
        "eps": float(operation.epsilon),
    }
    scale = weight(call.step, "scale")
    if scale is not None:
        stage.parameters["weight"] = scale
    return [stage]


def _group_normalization(call: Call) -> list[Stage]:
    operation = call.operation
    rank = call.rank()
    axis = operation.axis % rank
    if axis not in (1, rank - 1):
        raise Inexpressible(f"axis {axis} of {rank}")
    channels = int(call.edge.value.shape[axis])
    groups = channels if operation.groups == -1 else int(operation.groups)
    layout = Layout.LAST if axis == rank - 1 else Layout.PLAIN
    stage = Stage("GroupNorm", [call.edge], {"num_groups": groups}, wants=layout)
    stage.attributes["eps"] = float(operation.epsilon)
    _affine(call, stage, channels, "gamma", "beta")
    return [stage]


_ALPHA = 1.6732632423543772 * 1.0507009873554805
"""What SELU's negative side tends to, the value of a dropped element in AlphaDropout."""


def _dropout(kind: str) -> Callable[[Call], list[Stage]]:
    def build(call: Call) -> list[Stage]:
        layout = call.layout() if kind in ("Dropout", "AlphaDropout") else Layout.LAST
        if getattr(call.operation, "data_format", None) == "channels_first":
            layout = Layout.PLAIN
        rate = float(call.operation.rate)
        stage = Stage(kind, [call.edge], {"p": rate}, wants=layout)
        stage.training = call.step.training
        if not call.step.training:
            return [stage]
        kept = kept_elements(call) if rate else np.ones(tuple(call.edge.value.shape), np.uint8)
        stage.auxiliary["mask"] = arranged(_narrowed(kept, kind, layout), layout)

        def formula(operation: Any, inputs: list[Any]) -> Any:
            (x,) = inputs
            mask = keras.ops.convert_to_tensor(kept.astype("float64"))
            if rate == 1:
                return x * 0
            if kind != "AlphaDropout":
                return x * (mask / (1 - rate))
            scale = ((1 - rate) * (1 + rate * _ALPHA**2)) ** -0.5
            return scale * (x * mask - _ALPHA * (1 - mask)) + scale * _ALPHA * rate

        stage.formula = formula
        return [stage]

    return build


def kept_elements(call: Call) -> np.ndarray[Any, Any]:
    """Give the mask (0 or 1) that a layer used.

    The layer runs on ones and on zeros from the same random state: where the results differ the
    input was kept. Looking for zeros in the output would miss kept elements that were zero.
    """
    from .engines import engine

    step = call.step

    def run(value: float) -> np.ndarray[Any, Any]:
        filled = keras.ops.full(call.edge.value.shape, value, call.edge.value.dtype)
        again = run_alone(engine(), step, step.call, [filled], [None], wanted=[False])
        return numbers_of(again.outputs[0])

    kept: np.ndarray[Any, Any] = (run(1.0) != run(0.0)).astype(np.uint8)
    return kept


def _narrowed(kept: np.ndarray[Any, Any], kind: str, layout: Layout) -> np.ndarray[Any, Any]:
    """Where whole channels drop together, one value a channel says it all."""
    if kind in ("Dropout", "AlphaDropout"):
        return kept
    axes = range(1, kept.ndim - 1) if layout is Layout.LAST else range(2, kept.ndim)
    return np.ascontiguousarray(
        kept[tuple(slice(0, 1) if a in axes else slice(None) for a in range(kept.ndim))]
    )


NORMALIZATION_LAYERS: dict[str, Callable[[Call], list[Stage]]] = {
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "RMSNormalization": _rms_normalization,
    "GroupNormalization": _group_normalization,
    "Dropout": _dropout("Dropout"),
    "AlphaDropout": _dropout("AlphaDropout"),
    **{f"SpatialDropout{d}D": _dropout(f"Dropout{d}d") for d in (1, 2, 3)},
}
