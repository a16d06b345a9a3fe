"""Several training steps as one fixture, on any backend of Keras."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import keras
import numpy as np

from ..delivery import Target
from ..errors import CaptureError
from ..fixture_file import FixtureFile
from ..format import Array, ParameterName, Trajectory
from ..trajectories import check_same
from .objective import Objective
from .provenance import producer
from .replay import numbers_of
from .session import (
    Delivery,
    Mode,
    Recorded,
    build,
    checked_engine,
    finish,
    recorded,
    tensors_of,
)
from .tape import Tape
from .updates import Stepper


def capture_training_keras(
    model: keras.Model,
    loss: Any,
    batches: Iterable[tuple[Any, Any]],
    optimizer: keras.optimizers.Optimizer,
    *,
    out: Target,
    twin: Literal["float64"] | None = None,
    case: str | None = None,
    training: bool = True,
    seed: int | None = None,
    self_check: bool | Literal["warn"] = True,
    on_error: Literal["keep"] | None = None,
    compress: bool = False,
    provenance: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> None:
    """Export several training steps of a Keras model, one for each batch `(x, y)`.

    A copy of the optimiser steps, and the variables of the model are put back when all is done.
    The file holds the first step as `capture_keras` writes it, with the update, and for all steps
    the inputs, the losses, and the parameters at the end. Dropout in training is refused; so are
    Adam, AdamW, and RMSprop with an epsilon, whose steps the format's rules follow one at a time
    alone. The other arguments are those of `capture_keras`.
    """
    if isinstance(out, FixtureFile) and case is None:
        raise CaptureError("a FixtureFile holds cases: say case='a name'")
    given = list(batches)
    if not given:
        raise CaptureError("a trajectory needs at least one batch")
    backend = checked_engine(model)
    build(model, tensors_of(given[0][0]))
    stepper = Stepper(optimizer, model)
    first: Recorded | None = None
    inputs: list[dict[str, Array]] = []
    losses: list[Any] = []
    with backend.settled(), _put_back(model):
        for number, (x, y) in enumerate(given):
            mode = Mode(
                training,
                seed,
                twin=twin is not None and number == 0,
                checked=bool(self_check) and number == 0,
            )
            done = recorded(backend, model, x, Objective(loss, y), mode, stepper)
            first = first or done
            if done.step is not None and done.step.rule.alone:
                rule = done.step.rule
                raise CaptureError(
                    f"no trajectory with this {rule.kind}, single steps alone: {rule.alone}"
                )
            check_same(first.assembled.case, done.assembled.case, number)
            inputs.append(done.assembled.case.inputs)
            losses.append(_loss(done.tape))
            stepper.move()
            _keep_statistics(done.tape)
    if first is None:
        return
    first.assembled.case.trajectory = Trajectory(
        inputs, np.concatenate(losses), _final(first, stepper)
    )
    delivery = Delivery(out, case, self_check, on_error, compress, provenance, quiet)
    finish(first, delivery, producer(backend))


@contextlib.contextmanager
def _put_back(model: Any) -> Iterator[None]:
    """Restore all variables afterwards."""
    before = {id(v): numbers_of(v.value).copy() for v in model.variables}
    try:
        yield
    finally:
        for variable in model.variables:
            variable.assign(before[id(variable)])


def _loss(tape: Tape) -> Any:
    if tape.loss is None:
        raise CaptureError("the model has no objective")
    return numbers_of(tape.loss.value).reshape(1)


def _keep_statistics(tape: Tape) -> None:
    """Give the model the running statistics, and whatever else its layers have written."""
    for step in tape.steps:
        for use in step.variables:
            if not use.trainable and use.after is not None:
                use.variable.assign(use.after)


def _final(first: Recorded, stepper: Stepper) -> dict[ParameterName, Array]:
    """Give every parameter after the last step, with the first layer that holds it."""
    final: dict[ParameterName, Array] = {}
    for variable, copy in zip(stepper.variables, stepper.copies, strict=True):
        layer, name, weight = first.assembled.holders[id(variable)][0]
        final[layer.name, name] = weight.written(numbers_of(copy.value))
    return final
