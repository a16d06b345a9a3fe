"""Values and gradients between the stages of an operation, and each stage again in float64."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from .engines import Engine, Tensor
from .replay import Replayed, distance, numbers_of, run_alone, whole
from .stages import Inexpressible, Previous, Source, Stage
from .tape import Edge, Step, is_floating

AGREEMENT = 1e-5
"""How far a chain of kinds may be from the operation, in units of the largest element.

A wrong chain is off by far more, one that rounds in other places by far less.
"""


@dataclass(eq=False)
class StageValues:
    """What one stage computed, and what arrived at it."""

    inputs: list[Tensor]
    output: Tensor
    grad_output: Tensor | None = None
    grad_inputs: dict[int, Tensor] = field(default_factory=dict)
    grad_variables: dict[int, Tensor] = field(default_factory=dict)


def run_chain(engine: Engine, step: Step, stages: list[Stage]) -> list[StageValues]:
    """Compute all stages one after the other, and the gradients between them."""
    values: list[StageValues] = []
    for position, stage in enumerate(stages):
        inputs = [_value(source, values, position) for source in stage.sources]
        done = _run(engine, step, stage, inputs, None, [False] * len(inputs))
        values.append(StageValues(inputs, done.outputs[0]))
    values[-1].grad_output = step.outputs[0].gradient
    for position in reversed(range(len(stages))):
        stage, value = stages[position], values[position]
        if value.grad_output is None:
            continue
        wanted = [_has_gradient(source, value.inputs[k]) for k, source in enumerate(stage.sources)]
        done = _run(engine, step, stage, value.inputs, value.grad_output, wanted)
        value.grad_inputs, value.grad_variables = done.grad_inputs, done.grad_variables
        for number, gradient in done.grad_inputs.items():
            source = stage.sources[number]
            if isinstance(source, Previous):
                before = values[source.of(position)]
                total = before.grad_output
                before.grad_output = gradient if total is None else total + gradient
    return values


def _run(
    engine: Engine,
    step: Step,
    stage: Stage,
    inputs: list[Tensor],
    upstream: Tensor | None,
    wanted: list[bool],
) -> Replayed:
    run = stage.run
    if run is None:
        raise Inexpressible(f"a chain through {stage.kind}")
    return run_alone(engine, step, run, inputs, [upstream], wanted=wanted)


def _value(source: Source, values: list[StageValues], position: int) -> Tensor:
    if isinstance(source, Edge):
        return source.value
    if isinstance(source, Previous):
        return values[source.of(position)].output
    raise Inexpressible("a chain that begins with a number")


def _has_gradient(source: Source, value: Tensor) -> bool:
    if isinstance(source, Edge):
        return source.gradient is not None
    return is_floating(value)


def check_chain(step: Step, stages: list[Stage], values: list[StageValues]) -> None:
    """Raise `Inexpressible` unless the chain computes what the operation does.

    Every stage keeps the numbers that the chain gave it: they fit each other to the last bit, which
    the recorded ones of the operation as a whole do not always. Only what others are fed with is
    the recorded output.
    """
    _agree("output", values[-1].output, step.outputs[0].value)
    if len(step.outputs[0].value.shape):
        values[-1].output = step.outputs[0].value
    for edge in step.edges:
        if edge.gradient is None:
            continue
        places = [
            (value, k)
            for stage, value in zip(stages, values, strict=True)
            for k, source in enumerate(stage.sources)
            if source is edge and k in value.grad_inputs
        ]
        if not places:
            raise Inexpressible("the chain of kinds gives an input no gradient")
        total = places[0][0].grad_inputs[places[0][1]]
        for value, k in places[1:]:
            total = total + value.grad_inputs[k]
        _agree("gradient of its input", total, edge.gradient)
    for stage, value in zip(stages, values, strict=True):
        for weight in stage.parameters.values():
            use = weight.use
            if use is not None and use.gradient is not None:
                found = value.grad_variables.get(id(use.variable))
                if found is None:
                    raise Inexpressible(f"the chain of kinds gives {use.name} no gradient")
                _agree(f"gradient of {use.name}", found, use.gradient)


def _agree(title: str, found: Tensor, recorded: Tensor) -> None:
    away = distance(found, recorded)
    if not away <= AGREEMENT:
        raise Inexpressible(
            f"the chain of kinds gives another {title}: {away:.1e} of the largest element away"
        )


def widened(step: Step) -> tuple[Any, dict[int, Any]] | None:
    """Give a copy of the operation in float64, and its variables by the `id` of the recorded ones.

    Nothing for an operation that does not say how it is made.
    """
    operation = step.operation
    if isinstance(operation, keras.Layer):
        return _wide_layer(operation, step)
    if isinstance(operation, keras.losses.Loss):
        config = dict(getattr(operation, "_fn_kwargs", {}))
        config |= {"reduction": operation.reduction, "dtype": "float64"}
        try:
            return type(operation)(**config), {}
        except TypeError:
            return None
    return operation, {}


def _wide_layer(layer: Any, step: Step) -> tuple[Any, dict[int, Any]] | None:
    try:
        config = {**layer.get_config(), "dtype": "float64", "activity_regularizer": None}
        if "activity_regularizer" not in layer.get_config():
            del config["activity_regularizer"]
        copy = type(layer).from_config(config)
        build = layer.get_build_config()
        if build:
            copy.build_from_config(build)
    except (TypeError, ValueError, NotImplementedError):
        return None
    if len(copy.variables) != len(layer.variables):
        return None
    pairs = zip(layer.variables, copy.variables, strict=True)
    return copy, {id(old): new for old, new in pairs}


def twin_of(
    engine: Engine, step: Step, stage: Stage, value: StageValues | None, made: Any
) -> Replayed | None:
    """Compute one stage alone in float64; nothing where there is no such form of it.

    The inputs, the upstream gradient and every mask are the recorded ones, cast exactly, so the
    twin answers for this stage's own rounding only.
    """
    if made is None or "." in stage.kind or not stage.twin:
        return None
    operation, variables = made
    if value is None:
        inputs = [e.value for e in step.edges]
        upstream = [o.gradient for o in step.outputs if is_floating(o.value)]
        wanted = [e.gradient is not None for e in step.edges]
    else:
        inputs, upstream = value.inputs, [value.grad_output]
        wanted = [_has_gradient(s, value.inputs[k]) for k, s in enumerate(stage.sources)]
    run = stage.formula or (stage.run if value is not None else None) or whole(step)
    try:
        found = run_alone(
            engine,
            step,
            run,
            inputs,
            upstream,
            wanted=wanted,
            operation=operation,
            variables=variables,
            wide=True,
        )
    except Exception:
        # Each backend has errors of its own for what it cannot compute in float64.
        return None
    wide = all(numbers_of(o).dtype == np.float64 for o in found.outputs if is_floating(o))
    return found if wide else None
