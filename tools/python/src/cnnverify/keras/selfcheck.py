"""Proves a recording before it becomes a reference: each operation must reproduce itself alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..findings import Findings
from .engines import Engine, Tensor
from .replay import distance, numbers_of, replay, same_bits
from .tape import Edge, Output, Step, Tape, VariableUse, is_floating

NEUTRAL = 1e-5
"""How far the bare model may be away, in units of the largest element, before it is a problem."""

PlainRun = Callable[[], Tensor]
"""Calls the model and its loss as they are."""


def check(engine: Engine, tape: Tape, model: Any, plain: PlainRun) -> Findings:
    """Run all checks; `plain` is the objective without any recording."""
    findings = Findings()
    for step in tape.steps:
        problems = list(replay_problems(engine, step))
        findings.replayed += 1
        findings.exact += not problems
        findings.problems += problems
    findings.problems += _sum_problems(tape)
    findings.neutrality, problems = _neutrality(engine, tape, model, plain)
    findings.problems += problems
    return findings


def replay_problems(engine: Engine, step: Step) -> Iterator[str]:
    """Run one operation alone; each tensor that comes out differently."""
    again = replay(engine, step)
    for output, value in zip(step.outputs, again.outputs, strict=True):
        # The recorded output has a zero added, which makes +0 of -0.
        other = value + keras.ops.zeros_like(value) if is_floating(value) else value
        yield from _compared(step, f"output {output.number}", output.value, other)
    for number, edge in enumerate(step.edges):
        if edge.gradient is not None:
            title = f"the gradient of input {number}"
            yield from _compared(step, title, edge.gradient, again.grad_inputs.get(number))
    for use in step.variables:
        key = id(use.variable)
        if use.gradient is not None:
            title = f"the gradient of {use.name}"
            yield from _compared(step, title, use.gradient, again.grad_variables.get(key))
        if use.after is not None:
            yield from _compared(step, f"{use.name} afterwards", use.after, again.after[key])


def _compared(step: Step, title: str, recorded: Tensor, again: Tensor | None) -> Iterator[str]:
    if again is None:
        yield f"{step.where}: {title} does not appear in a replay"
    elif not same_bits(recorded, again):
        yield f"{step.where}: {title} does not replay: {_worst(recorded, again)}"


def _worst(a: Tensor, b: Tensor) -> str:
    left, right = numbers_of(a), numbers_of(b)
    if left.shape != right.shape:
        return f"shapes {left.shape} and {right.shape}"
    away = np.nan_to_num(np.abs(left.astype(np.float64) - right.astype(np.float64)), nan=np.inf)
    flat = int(away.reshape(-1).argmax())
    index = [int(i) for i in np.unravel_index(flat, left.shape)]
    return f"worst at {index}: {left.reshape(-1)[flat]!r} and {right.reshape(-1)[flat]!r}"


def _sum_problems(tape: Tape) -> Iterator[str]:
    """The gradients of all edges out of a tensor must add up to the gradient of the tensor."""
    edges: dict[int, list[Edge]] = {}
    for step in tape.steps:
        for edge in step.edges:
            if isinstance(edge.producer, Output) and edge.gradient is not None:
                edges.setdefault(id(edge.producer), []).append(edge)
    for step in tape.steps:
        for output in step.outputs:
            parts = [numbers_of(e.gradient) for e in edges.get(id(output), [])]
            if not parts:
                continue
            if output.gradient is None:
                yield f"{step.where}: its consumers have gradients, it has none"
            elif not adds_up(parts, numbers_of(output.gradient)):
                yield (
                    f"{step.where}: the gradients of its {len(parts)} consumers do not add up to "
                    "its own"
                )


def adds_up(parts: list[NDArray[Any]], total: NDArray[Any]) -> bool:
    """Equal numbers for one part; else up to the rounding of any order of addition."""
    if len(parts) == 1:
        return bool(np.array_equal(parts[0], total, equal_nan=True))
    wide = [p.astype(np.float64) for p in parts]
    exact, size = sum(wide), sum(np.abs(p) for p in wide)
    bound = len(parts) * np.finfo(total.dtype).eps * size
    away = np.abs(exact - total.astype(np.float64))
    return bool(((away <= bound) | ~np.isfinite(exact)).all())


def _neutrality(engine: Engine, tape: Tape, model: Any, plain: PlainRun) -> tuple[str, list[str]]:
    """Compare the objective and the gradient of each parameter with a run that records nothing."""
    variables = list(model.trainable_variables)

    def function(leaves: list[Tensor]) -> tuple[list[Tensor], Any]:
        scope = keras.StatelessScope()
        scope.state_mapping.update(tape.state)
        for variable, leaf in zip(variables, leaves, strict=True):
            scope.state_mapping[id(variable)] = leaf
        with scope:
            return [plain()], None

    with engine.restored_random(tape.random_state):
        values = [v.value for v in variables]
        (objective,), gradients, _ = engine.differentiate(function, values, [])
    if tape.loss is None:
        return "not checked: there is no objective", []
    worst, where = 0.0, ""
    if not np.array_equal(numbers_of(objective), numbers_of(tape.loss.value)):
        worst, where = distance(objective, tape.loss.value), "the objective"
    uses = uses_of(tape)
    for variable, gradient in zip(variables, gradients, strict=True):
        parts = [numbers_of(u.gradient) for u in uses.get(id(variable), [])]
        if gradient is None or not parts:
            continue
        if not adds_up(parts, numbers_of(gradient)):
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            away = distance(gradient, keras.ops.convert_to_tensor(total))
            if away > worst or not where:
                worst, where = away, f"the gradient of {variable.path}"
    if not where:
        return "bit-exact", []
    said = f"differs by at most {worst:.1e} of the largest element, in {where}"
    if worst <= NEUTRAL:
        return said, []
    return said, [f"the uninstrumented model {said}"]


def uses_of(tape: Tape) -> dict[int, list[VariableUse]]:
    """Give the applications of each variable that have a gradient."""
    uses: dict[int, list[VariableUse]] = {}
    for step in tape.steps:
        for use in step.variables:
            if use.gradient is not None:
                uses.setdefault(id(use.variable), []).append(use)
        for edge in step.edges:
            if isinstance(edge.producer, VariableUse) and edge.gradient is not None:
                use = edge.producer
                part = VariableUse(use.variable, use.name, use.trainable, use.value)
                part.gradient = edge.gradient
                uses.setdefault(id(use.variable), []).append(part)
    return uses
