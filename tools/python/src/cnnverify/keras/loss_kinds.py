"""Losses of Keras as kinds, or as short chains of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ..format import Attribute
from .arithmetic_kinds import clipped
from .layouts import Layout, axis_in, usable
from .stages import Builder, Call, Inexpressible, Previous, Source, Stage

Compute = Callable[..., Any]


class Chain:
    """The stages of a loss; its edges are the target, then the prediction."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.target, self.prediction = call.edges
        self.layout = call.layouts[id(self.prediction)]
        self.settings: dict[str, Any] = dict(getattr(call.operation, "_fn_kwargs", {}))
        self.stages: list[Stage] = []

    def add(
        self,
        kind: str,
        sources: list[Source],
        compute: Compute,
        *,
        gives: Layout | None = None,
        held: tuple[int, ...] = (),
        **attributes: Attribute,
    ) -> Previous:
        """Add a stage; what to feed with its output."""
        stage = Stage(kind, sources, dict(attributes), wants=self.layout, gives=gives)
        stage.suffix, stage.held = f".{kind.lower()}", frozenset(held)
        stage.run = lambda operation, inputs: compute(*inputs)
        self.stages.append(stage)
        return Previous(len(self.stages) - 1)

    def finish(self) -> list[Stage]:
        """Give the stages; the last one has the name of the loss."""
        self.stages[-1].suffix = ""
        if len(self.stages) == 1:
            self.stages[0].run = None
        return self.stages

    @property
    def reduction(self) -> str:
        """Give `mean` or `sum`, over the samples."""
        if self.call.operation.reduction in ("mean", "sum_over_batch_size"):
            return "mean"
        if self.call.operation.reduction == "sum":
            return "sum"
        raise Inexpressible(f"the reduction {self.call.operation.reduction}")

    def reduced(self, source: Source) -> None:
        """Keras takes the mean over the last axis, then the mean or the sum over the rest."""
        self.add("Mean", [source], keras.ops.mean, gives=Layout.PLAIN)
        self.summed()

    def summed(self) -> None:
        """Make the mean over everything a sum over the samples, if it is one."""
        if self.reduction == "sum":
            shape = self.prediction.value.shape
            count = float(np.prod(shape[:-1]))
            self.add("Scale", [Previous()], lambda x: x * count, factor=count)

    @property
    def rank(self) -> int:
        """The number of axes of the prediction."""
        return self.call.rank(self.prediction)

    def class_axis(self) -> int:
        """Give the number of the axis of classes."""
        axis = self.settings.get("axis", -1)
        if axis % self.rank != self.rank - 1:
            raise Inexpressible("classes that are not the last axis")
        if self.rank < 2:
            raise Inexpressible("a prediction without a batch")
        # The kinds have the classes second.
        self.layout = usable(Layout.LAST, self.rank)
        return axis_in(self.layout, -1, self.rank)


def _elementwise(kind: str, compute: Compute, **settings: str) -> Builder:
    """A mean over all elements; `settings` are attributes by the name they have in Keras."""

    def build(call: Call) -> list[Stage]:
        chain = Chain(call)
        values = {new: float(chain.settings[old]) for old, new in settings.items()}

        def computed(p: Any, t: Any) -> Any:
            return keras.ops.mean(compute(p, t, **values))

        chain.add(kind, [chain.prediction, chain.target], computed, gives=Layout.PLAIN)
        chain.stages[-1].attributes |= values
        chain.summed()
        return chain.finish()

    return build


def _huber(p: Any, t: Any, delta: float) -> Any:
    error = keras.ops.abs(p - t)
    return keras.ops.where(error <= delta, error * error / 2, delta * (error - delta / 2))


def _binary_crossentropy(call: Call) -> list[Stage]:
    chain = Chain(call)
    logits = bool(chain.settings.get("from_logits", False))
    if chain.settings.get("axis", -1) % chain.rank != chain.rank - 1:
        raise Inexpressible("a mean over another axis than the last")
    target = _smoothed(chain, 2)
    source: Source = chain.prediction
    if not logits:
        source = _clipped(chain, source)
        # Only PyTorch differentiates the loss as a whole, as the kind does.
        if keras.backend.backend() != "torch":
            chain.reduced(_written_out(chain, source, target))
            return chain.finish()

    def computed(p: Any, t: Any) -> Any:
        return keras.ops.mean(keras.ops.binary_crossentropy(t, p, from_logits=logits))

    kind = "BCEWithLogitsLoss" if logits else "BCELoss"
    chain.add(kind, [source, target], computed, gives=Layout.PLAIN)
    chain.summed()
    return chain.finish()


def _written_out(chain: Chain, p: Source, t: Source) -> Previous:
    """Write −(t log p + (1 − t) log(1 − p)) as it stands."""
    ops = keras.ops
    hit = chain.add("Mul", [t, chain.add("Log", [p], ops.log)], lambda t, x: t * x)
    rest = [
        chain.add("Shift", [chain.add("Neg", [x], lambda x: -x)], lambda x: x + 1, offset=1.0)
        for x in (p, t)
    ]
    miss = chain.add("Mul", [rest[1], chain.add("Log", [rest[0]], ops.log)], lambda t, x: t * x)
    return chain.add("Neg", [chain.add("Add", [hit, miss], lambda a, b: a + b)], lambda x: -x)


def _smoothed(chain: Chain, classes: int) -> Source:
    """Targets t become t (1 − s) + s / classes."""
    smoothing = float(chain.settings.get("label_smoothing") or 0.0)
    if not smoothing:
        return chain.target
    rest = smoothing / classes
    scaled = chain.add("Scale", [chain.target], lambda t: t * (1 - smoothing), factor=1 - smoothing)
    return chain.add("Shift", [scaled], lambda t: t + rest, offset=rest)


def _clipped(chain: Chain, source: Source, most: float | None = None) -> Previous:
    least = keras.config.epsilon()
    upper = 1 - least if most is None else most
    return chain.add("Clip", [source], lambda x: clipped(x, least, upper), min=least, max=upper)


def _log_of_normalised(chain: Chain, dim: int, *, divided: bool = True) -> Previous:
    """log of clip(p / Σ p), as Keras takes it of probabilities."""
    source: Source = chain.prediction
    if divided:
        total = chain.add(
            "Sum",
            [source],
            lambda p: keras.ops.sum(p, axis=-1, keepdims=True),
            dims=[dim],
            keepdim=True,
        )
        source = chain.add("Div", [source, total], lambda p, s: p / s)
    return chain.add("Log", [_clipped(chain, source)], keras.ops.log)


def _categorical_crossentropy(call: Call) -> list[Stage]:
    chain = Chain(call)
    dim = chain.class_axis()
    if chain.settings.get("from_logits"):
        smoothing = float(chain.settings.get("label_smoothing") or 0.0)
        attributes: dict[str, Attribute] = {"reduction": chain.reduction}
        if smoothing:
            attributes["label_smoothing"] = smoothing
        stage = Stage("CrossEntropyLoss", [chain.prediction, chain.target], attributes)
        stage.wants, stage.gives = chain.layout, Layout.PLAIN
        return [stage]
    log = _log_of_normalised(chain, dim)
    target = _smoothed(chain, int(chain.prediction.value.shape[-1]))
    product = chain.add("Mul", [target, log], lambda t, p: t * p)
    total = chain.add(
        "Sum",
        [product],
        lambda x: keras.ops.sum(x, axis=-1, keepdims=True),
        dims=[dim],
        keepdim=True,
    )
    negated = chain.add("Neg", [total], lambda x: -x)
    _over_samples(chain, negated)
    return chain.finish()


def _over_samples(chain: Chain, source: Source) -> None:
    if chain.reduction == "sum":
        chain.add("Sum", [source], keras.ops.sum, gives=Layout.PLAIN)
    else:
        chain.add("Mean", [source], keras.ops.mean, gives=Layout.PLAIN)


def _sparse_categorical_crossentropy(call: Call) -> list[Stage]:
    chain = Chain(call)
    dim = chain.class_axis()
    if chain.settings.get("ignore_class") is not None:
        raise Inexpressible("ignore_class")
    attributes: dict[str, Attribute] = {"reduction": chain.reduction}
    if chain.settings.get("from_logits"):
        sources: list[Source] = [chain.prediction, chain.target]
        stage = Stage("CrossEntropyLoss", sources, attributes, wants=chain.layout)
        stage.gives, stage.held = Layout.PLAIN, frozenset({1})
        return [stage]
    # TensorFlow does not divide by the sum before the logarithm, but takes a log-softmax after it.
    tensorflow = keras.backend.backend() == "tensorflow"
    log = _log_of_normalised(chain, dim, divided=not tensorflow)
    classes = int(chain.prediction.value.shape[-1])

    def computed(p: Any, t: Any) -> Any:
        hot = keras.ops.one_hot(t, classes, dtype=p.dtype)
        chosen = keras.ops.sum(hot * (keras.ops.log_softmax(p) if tensorflow else p), axis=-1)
        total = -keras.ops.sum(chosen)
        return total if chain.reduction == "sum" else -keras.ops.mean(chosen)

    kind = "CrossEntropyLoss" if tensorflow else "NLLLoss"
    chain.add(kind, [log, chain.target], computed, gives=Layout.PLAIN, held=(1,), **attributes)
    return chain.finish()


def _divergence(call: Call) -> list[Stage]:
    """Σ t log(t / p) with both clipped, over the last axis, then over the samples."""
    chain = Chain(call)
    log = chain.add("Log", [_clipped(chain, chain.prediction, 1.0)], keras.ops.log)
    target = _clipped(chain, chain.target, 1.0)
    samples = 1.0 if chain.reduction == "sum" else float(np.prod(call.edges[1].value.shape[:-1]))
    chain.add(
        "KLDivLoss",
        [log, target],
        lambda p, t: keras.ops.sum(t * (keras.ops.log(t) - p)),
        gives=Layout.PLAIN,
        reduction="sum",
    )
    if samples != 1:
        chain.add("Scale", [Previous()], lambda x: x / samples, factor=1 / samples)
    return chain.finish()


def _hinge(power: int) -> Builder:
    def build(call: Call) -> list[Stage]:
        """max(1 − t p, 0), to the power; the targets are −1 or 1."""
        chain = Chain(call)
        product = chain.add("Mul", [chain.target, chain.prediction], lambda t, p: t * p)
        negated = chain.add("Neg", [product], lambda x: -x)
        shifted = chain.add("Shift", [negated], lambda x: x + 1, offset=1.0)
        margin = chain.add("ReLU", [shifted], keras.ops.relu)
        if power == 2:
            margin = chain.add("Power", [margin], keras.ops.square, exponent=2.0)
        chain.reduced(margin)
        return chain.finish()

    return build


def _poisson(call: Call) -> list[Stage]:
    chain = Chain(call)
    epsilon = keras.config.epsilon()
    chain.add(
        "PoissonNLLLoss",
        [chain.prediction, chain.target],
        lambda p, t: keras.ops.mean(p - t * keras.ops.log(p + epsilon)),
        gives=Layout.PLAIN,
        log_input=False,
        eps=epsilon,
    )
    chain.summed()
    return chain.finish()


LOSSES: dict[type[Any], Builder] = {
    keras.losses.MeanSquaredError: _elementwise("MSELoss", lambda p, t: (p - t) ** 2),
    keras.losses.MeanAbsoluteError: _elementwise("L1Loss", lambda p, t: keras.ops.abs(p - t)),
    keras.losses.Huber: _elementwise("HuberLoss", _huber, delta="delta"),
    keras.losses.BinaryCrossentropy: _binary_crossentropy,
    keras.losses.CategoricalCrossentropy: _categorical_crossentropy,
    keras.losses.SparseCategoricalCrossentropy: _sparse_categorical_crossentropy,
    keras.losses.KLDivergence: _divergence,
    keras.losses.Hinge: _hinge(1),
    keras.losses.SquaredHinge: _hinge(2),
    keras.losses.Poisson: _poisson,
}
"""By the exact class."""

SPARSE = (keras.losses.SparseCategoricalCrossentropy,)
"""Losses whose targets are numbers of classes."""

HINGED = (keras.losses.Hinge, keras.losses.SquaredHinge)
"""Losses whose targets become 1 or its negative."""


def prepared_target(loss: Any, target: Any, prediction: Any) -> np.ndarray[Any, Any]:
    """Give the targets as the kinds take them; Keras computes the same from them, bit by bit."""
    values = np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(target)))
    shape = tuple(prediction.shape)
    if type(loss) in SPARSE:
        if values.ndim == len(shape) and values.shape[-1] == 1:
            values = values[..., 0]
        return values.astype(np.int64)
    if values.shape != shape and values.size == int(np.prod(shape)):
        values = values.reshape(shape)
    values = values.astype(keras.backend.standardize_dtype(prediction.dtype))
    if type(loss) in HINGED and bool(np.isin(values, (0, 1)).all()):
        values = 2 * values - 1
    return values
