"""Checks a fixture's content before a byte is written; all problems are reported together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from ..errors import FormatError
from .content import Arranged, Array, Case, Fixture, Layer, ParameterName, Reference
from .names import problem_with_name


def validate(fixture: Fixture) -> None:
    """Raise a `FormatError` that lists every problem of the fixture."""
    problems = list(_problems(fixture))
    if problems:
        raise FormatError(
            "not a valid fixture: " + "; ".join(problems) + ". Correct these and write again."
        )


def _problems(fixture: Fixture) -> Iterator[str]:
    if (fixture.root is None) == (not fixture.cases):
        yield "a file holds either one case at its root or several under /cases"
    if fixture.root is not None:
        yield from _case_problems(fixture.root, "")
    for name, case in fixture.cases.items():
        problem = problem_with_name(name)
        if problem:
            yield f"the case name {name!r} {problem}"
        yield from _case_problems(case, f"/cases/{name}")


def _case_problems(case: Case, path: str) -> Iterator[str]:
    layers: dict[str, Layer] = {}
    for layer in case.layers:
        problem = problem_with_name(layer.name)
        if problem:
            yield f"{path}: the layer name {layer.name!r} {problem}"
        if layer.name in layers or layer.name in case.inputs:
            yield f"{path}: the name {layer.name!r} is used twice"
        layers[layer.name] = layer
    yield from (f"{path}: {p}" for p in _arrangement_problems("inputs", case.inputs))
    for name in case.inputs:
        problem = problem_with_name(name)
        if problem:
            yield f"{path}: the input name {name!r} {problem}"
    if case.loss is not None and case.loss not in layers:
        yield f"{path}: the loss {case.loss!r} is no layer"
    yield from (f"{path}: {p}" for p in _update_problems(case, layers))
    for layer in case.layers:
        yield from (
            f"{path}/layers/{layer.name}: {p}" for p in _layer_problems(layer, case, layers)
        )


def _update_problems(case: Case, layers: dict[str, Layer]) -> Iterator[str]:
    """The parameters that an optimiser or a trajectory names must exist, in these shapes."""
    named: list[tuple[str, ParameterName, Array | None]] = []
    if case.optimizer is not None:
        for title in ("state", "reference_state"):
            states: dict[ParameterName, dict[str, Array]] = getattr(case.optimizer, title)
            for parameter, slots in states.items():
                named.append((f"optimizer/{title}", parameter, None))
                named += [
                    (f"optimizer/{title}/{slot}", parameter, array)
                    for slot, array in slots.items()
                    if slot != "step"
                ]
    if case.trajectory is not None:
        if case.optimizer is None:
            yield "has a trajectory and no optimizer"
        if tuple(case.trajectory.losses.shape) != (len(case.trajectory.batches),):
            yield "trajectory/reference/loss does not have one number a step"
        for number, batch in enumerate(case.trajectory.batches):
            if batch.keys() != case.inputs.keys():
                yield f"trajectory/batches/{number} does not have the network's inputs"
        named += [("trajectory", p, array) for p, array in case.trajectory.parameters.items()]
    for title, (layer, name), array in named:
        held = layers[layer].parameters.get(name) if layer in layers else None
        if held is None:
            yield f"{title} names {layer}/{name}, which is no parameter"
        elif array is not None:
            yield from _shape_problem(f"{title}/{layer}/{name}", array, held)


def _layer_problems(layer: Layer, case: Case, layers: dict[str, Layer]) -> Iterator[str]:
    if not layer.kind:
        yield "has no kind"
    for name in layer.inputs or ():
        if name in case.inputs or name in layers:
            continue
        producer, colon, output = name.rpartition(":")
        if not (colon and producer in layers and output.isdigit()):
            yield f"its input {name!r} is neither an input nor a layer"
        elif int(output) >= layers[producer].outputs:
            yield f"its input {name!r} asks for an output that {producer!r} does not have"
    if layer.inputs is not None and len(layer.inputs) != layer.arity:
        yield f"names {len(layer.inputs)} inputs and has {layer.arity}"
    if layer.inputs is None and not layer.reference.inputs and layer.arity > 0:
        yield "stands alone and has no reference input"
    for title in ("parameters", "buffers", "auxiliary"):
        yield from _arrangement_problems(title, getattr(layer, title))
    references = [("reference", layer.reference)]
    if layer.reference_f64 is not None:
        references.append(("reference_f64", layer.reference_f64))
    for title, reference in references:
        yield from (f"{title}: {p}" for p in _reference_problems(reference, layer))


def _reference_problems(reference: Reference, layer: Layer) -> Iterator[str]:
    for field in fields(reference):
        arrays = {str(k): v for k, v in getattr(reference, field.name).items()}
        yield from _arrangement_problems(field.name, arrays)
    for k, gradient in reference.grad_inputs.items():
        yield from _shape_problem(f"grad_input.{k}", gradient, reference.inputs.get(k))
    for k, gradient in reference.grad_outputs.items():
        yield from _shape_problem(f"grad_output.{k}", gradient, reference.outputs.get(k))
    for kind in ("grad_parameters", "updated_parameters"):
        for name, gradient in getattr(reference, kind).items():
            if name not in layer.parameters:
                yield f"{kind}/{name} belongs to no parameter"
            yield from _shape_problem(f"{kind}/{name}", gradient, layer.parameters.get(name))
    for name, state in reference.buffers.items():
        yield from _shape_problem(f"buffers/{name}", state, layer.buffers.get(name))


def _shape_problem(name: str, array: Array, original: Array | None) -> Iterator[str]:
    if original is None:
        return
    extents, expected = tuple(array.shape), tuple(original.shape)
    if _axes(array) != _axes(original):
        # Which axis is which is for the reader to say; the same extents must be there.
        extents, expected = tuple(sorted(extents)), tuple(sorted(expected))
    if extents != expected:
        yield f"{name} has shape {tuple(array.shape)}, expected {tuple(original.shape)}"


def _axes(array: Array) -> str | None:
    return array.axes if isinstance(array, Arranged) else None


def _arrangement_problems(title: str, arrays: Mapping[str, Array]) -> Iterator[str]:
    for name, array in arrays.items():
        if isinstance(array, Arranged) and len(array.axes) != len(array.shape):
            yield f"{title}/{name} has {len(array.shape)} axes and names {array.axes!r}"
