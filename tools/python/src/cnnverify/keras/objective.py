"""The objective of a capture: which losses compare which outputs with which targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from ..errors import CaptureError
from .engines import Tensor
from .graph import Graphs
from .kinds import is_expressible
from .loss_kinds import prepared_target
from .recorder import Pass
from .tape import Output

_CLASSES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "huber": keras.losses.Huber,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "kl_divergence": keras.losses.KLDivergence,
    "hinge": keras.losses.Hinge,
    "squared_hinge": keras.losses.SquaredHinge,
    "poisson": keras.losses.Poisson,
}
"""The class of a loss that is given as a function or by its name, as `compile` takes it."""


class Objective:
    """One loss, or one for each output of the model, added up."""

    def __init__(self, losses: Any, targets: Any) -> None:
        several = isinstance(losses, list | tuple)
        self.losses = [_loss(x) for x in (losses if several else [losses])]
        self.targets = list(targets) if several else [targets]
        if len(self.losses) != len(self.targets):
            raise CaptureError(
                f"{len(self.losses)} losses for {len(self.targets)} targets; give a list of each "
                "with one entry for each output"
            )

    def record(self, run: Pass, graphs: Graphs, outputs: Sequence[Tensor]) -> Output:
        """Apply the losses to the recorded outputs of the model."""
        self._check(outputs)
        values: list[Tensor] = []
        for number, (loss, target, output) in enumerate(
            zip(self.losses, self.targets, outputs, strict=True)
        ):
            suffix = f"_{number}" if len(self.losses) > 1 else ""
            expressible = is_expressible(loss)
            prepared = prepared_target(loss, target, output) if expressible else target
            given = run.input(
                f"y{suffix}", keras.ops.convert_to_tensor(prepared), differentiable=False
            )
            name = f"loss{suffix}"
            if expressible:
                values.append(run.apply(loss, name, None, (given, output), {}))
            else:
                traced = graphs.trace(_mean_of(loss), (given, output), {})
                values += graphs.visit(traced, [given, output], run.apply, name)
        total = values[0]
        for value in values[1:]:
            total = run.apply(keras.src.ops.numpy.Add(), "loss.total", None, (total, value), {})
        end = run.known[id(total)][1]
        if not isinstance(end, Output) or len(total.shape):
            raise CaptureError(
                f"the loss has the shape {tuple(total.shape)}; it must be one number: use the "
                "reduction 'sum_over_batch_size' or 'sum'"
            )
        return end

    def plain(self, outputs: Sequence[Tensor]) -> Tensor:
        """Apply the losses as they are."""
        self._check(outputs)
        values = [
            _mean_of(loss)(target, output)
            for loss, target, output in zip(self.losses, self.targets, outputs, strict=True)
        ]
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total

    def _check(self, outputs: Sequence[Tensor]) -> None:
        if len(outputs) != len(self.losses):
            raise CaptureError(
                f"the model has {len(outputs)} outputs and there are {len(self.losses)} losses; "
                "give a list of losses and a list of targets with one entry for each output"
            )


def _loss(given: Any) -> Callable[..., Any]:
    found: Callable[..., Any] = keras.losses.get(given) if isinstance(given, str) else given
    if isinstance(found, keras.losses.Loss):
        instance: Callable[..., Any] = found
        return instance
    name = getattr(found, "__name__", "")
    if name in _CLASSES and getattr(keras.losses, name, None) is found:
        made: Callable[..., Any] = _CLASSES[name]()
        return made
    if not callable(found):
        raise CaptureError(
            f"{given!r} is no loss: give a keras.losses.Loss, its name, or a function"
        )
    return found


def _mean_of(loss: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Keras takes the mean of what a function gives for each sample."""

    def mean(y: Any, prediction: Any) -> Any:
        if not isinstance(loss, keras.losses.Loss):
            y = keras.ops.convert_to_tensor(y)
        value = loss(y, prediction)
        return keras.ops.mean(value) if len(value.shape) else value

    return mean
