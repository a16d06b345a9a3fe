"""Proves a recording before it becomes a reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .arrays import same_bits, worst_difference
from .graph import Graph, Value
from .operation import Operation

ALLOWED = 1e-3
"""Of the largest element: what a compiled run may differ by, which orders its sums otherwise."""


def settle_edges(operations: list[Operation]) -> list[str]:
    """Run every operation alone: fills in the gradient of each edge, and says what differs."""
    problems = []
    for operation in operations:
        outputs, operation.edges = operation.differentiate(
            operation.recorded(), operation.gradients
        )
        for number, (recorded, again) in enumerate(zip(operation.values, outputs, strict=True)):
            if not same_bits(recorded, again):
                problems.append(
                    f"{operation.where}: output {number} does not replay: "
                    f"{worst_difference(recorded, again)}"
                )
    return problems


def check_sums(
    operations: list[Operation], of_sources: dict[int, Any], leaves: list[Value]
) -> Iterator[tuple[Operation | None, str]]:
    """Hold the gradients of all edges out of a tensor against the gradient of the tensor.

    The latter comes from differentiating the whole program, the former from each operation alone.
    """
    edges: dict[int, list[Any]] = {}
    for operation in operations:
        for slot, gradient in zip(operation.slots, operation.edges, strict=True):
            if slot.active and gradient is not None:
                edges.setdefault(id(slot), []).append(gradient)
    for operation in operations:
        for output, total in zip(operation.outputs, operation.gradients, strict=True):
            found = edges.get(id(output), [])
            if total is not None and found and not _adds_up(found, total):
                yield (
                    operation,
                    f"{operation.where}: the gradients of its {len(found)} consumers do not add up "
                    "to its own",
                )
    for leaf in leaves:
        gradient = of_sources.get(id(leaf))
        found = edges.get(id(leaf), [])
        if gradient is not None and found and not _adds_up(found, gradient):
            yield None, f"{leaf.path}: the gradients of its applications do not add up to its own"


def _adds_up(parts: list[Any], total: Any) -> bool:
    """Equal bits for one part; else up to the rounding of any order of addition."""
    if len(parts) == 1:
        return same_bits(parts[0], total)
    wide = [np.asarray(p, np.float64) for p in parts]
    exact, size = sum(wide), sum(np.abs(p) for p in wide)
    bound = len(parts) * float(jnp.finfo(total.dtype).eps) * size
    distance = np.abs(exact - np.asarray(total, np.float64))
    return bool(np.all((distance <= bound) | ~np.isfinite(exact)))


def neutrality(
    function: Callable[..., Any],
    leaves: list[Value],
    graph: Graph,
    loss: Any,
    of_sources: dict[int, Any],
) -> tuple[str, list[str]]:
    """Run the user's function without any recording: its loss and its parameters' gradients.

    Equation by equation, as it was recorded, they must have the same bits. With compiled functions,
    as JAX usually runs them, sums have another order; that difference is stated.
    """
    parameters = [k for k, leaf in enumerate(leaves) if leaf.origin == "parameter" and leaf.active]
    arrays = [leaf.data for leaf in leaves]

    def of_parameters(given: list[Any]) -> Any:
        every = list(arrays)
        for k, array in zip(parameters, given, strict=True):
            every[k] = array
        return function(*every)[0]

    def run() -> list[Any]:
        value, gradients = jax.value_and_grad(of_parameters)([arrays[k] for k in parameters])
        return [value, *gradients]

    recorded = [loss, *(of_sources[id(leaves[k])] for k in parameters)]
    names = ["the loss", *(f"the gradient of {leaves[k].path}" for k in parameters)]
    problems: list[str] = []
    with jax.disable_jit():
        stepwise = run()
    if all(map(same_bits, recorded, stepwise)):
        result = "bit-exact"
    else:
        worst, place = _worst(recorded, stepwise, names)
        result = f"differs by {worst:.0e} in {place}"
        if not worst <= ALLOWED:
            problems = [f"the uninstrumented function {result}"]
    compiled = run()
    if not all(map(same_bits, recorded, compiled)):
        worst, _ = _worst(recorded, compiled, names)
        result += f" (compiled functions within {worst:.0e})"
    return result, problems


def _worst(recorded: list[Any], again: list[Any], names: list[str]) -> tuple[float, str]:
    """Give the largest difference as a fraction of the largest gradient of all, and its place.

    A gradient that is zero but for rounding, as that of a bias in front of a normalisation, has no
    size of its own.
    """
    wide = [np.asarray(a, np.float64) for a in recorded]
    sizes = [float(np.max(np.abs(a), initial=0.0)) for a in wide[1:]]
    largest = max([1e-30, *(s for s in sizes if np.isfinite(s))])
    found = []
    for mine, other, name in zip(wide, again, names, strict=True):
        distance = np.abs(mine - np.asarray(other, np.float64))
        distance = np.where(np.isnan(mine) & np.isnan(np.asarray(other)), 0, distance)
        scale = max(largest, float(np.abs(mine))) if name == names[0] else largest
        worst = float(np.max(distance, initial=0.0)) / scale
        found.append((worst if np.isfinite(worst) else float("inf"), name))
    return max(found, key=lambda pair: pair[0])
