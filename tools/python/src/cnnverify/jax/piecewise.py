"""Activations that choose between two branches with `jnp.where`."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .activations import Meaning, first_meaning, leaky
from .graph import Graph, Node, Value
from .operation import Operation
from .plan import Held, Operand, Plan
from .search import Candidate, closed, dominators, group_between


def match_piecewise(graph: Graph, node: Node) -> Operation | None:
    """Express a choice that is `LeakyReLU`, `PReLU`, `ELU` or `Hardtanh`."""
    output = node.output
    if node.inputs[0].static:
        return None
    for source in dominators(output, 6):
        if source.shape != output.shape or not source.active:
            continue
        nodes, leaves = group_between(graph, source, output)
        if len(leaves) > 1 or not closed(nodes, [output]):
            continue
        found = (
            _parametric(nodes, source, leaves[0], output)
            if leaves
            else first_meaning(nodes, source, output, _meanings(nodes))
        )
        if found is not None:
            return found
    return None


def _meanings(nodes: list[Node]) -> list[Meaning]:
    """Give the kinds with the numbers that occur in the equations."""
    numbers = sorted({n for node in nodes for v in node.inputs if (n := v.uniform()) is not None})
    meanings: list[Meaning] = []
    for number in numbers:
        meanings += [
            ("LeakyReLU", {"negative_slope": number}, lambda x, n=number: leaky(x, n)),  # type: ignore[misc]
            ("ELU", {"alpha": number}, lambda x, n=number: jax.nn.elu(x, n)),  # type: ignore[misc]
        ]
    if len(numbers) >= 2:
        low, high = numbers[0], numbers[-1]
        bounds = {"min_val": low, "max_val": high}
        meanings.append(("Hardtanh", dict(bounds), lambda x: jnp.clip(x, low, high)))
    return meanings


def _parametric(nodes: list[Node], source: Value, slope: Value, output: Value) -> Operation | None:
    if slope.aval.size != 1:
        return None
    operation = Operation(nodes, [source, slope], [output])

    def formula(x: Any, weight: Any) -> Any:
        return leaky(x, jnp.reshape(weight, (1,) * x.ndim))

    if not Candidate(operation).is_formula(formula):
        return None
    held = Held(1, convert=lambda array: np.reshape(array, (1,)), conversion="reshaped to [1]")
    operation.plan = Plan("PReLU", [Operand(0)], parameters={"weight": held}, follows=True)
    return operation
