"""Losses of integer labels: what picks one element of each row by an index."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .embeddings import picked_positions
from .graph import Graph, Node, Value
from .operation import Operation
from .plan import Negate, Operand, Plan, Reshape, Unmatched
from .search import Candidate, closed, dominators, group_between, needed_consumers


def match_gather(graph: Graph, node: Node) -> Operation:
    """Express picking the label's element: cross entropy where it is one, else `NLLLoss`."""
    source = node.inputs[0]
    positions = picked_positions(node)
    if not source.active or source.rank != 2 or positions is None:
        raise Unmatched("it picks elements by index")
    rows, classes = source.shape
    positions = positions.reshape(-1)
    if positions.shape != (rows,) or bool((positions < 0).any()):
        raise Unmatched("it picks elements by index")
    if not np.array_equal(positions // classes, np.arange(rows)):
        raise Unmatched("it does not pick one element of each row")
    labels = positions % classes
    return _cross_entropy(graph, node, labels) or _picked(node, labels)


def _cross_entropy(graph: Graph, node: Node, labels: np.ndarray[Any, Any]) -> Operation | None:
    """`log(sum(exp(x))) - x[label]` for each row, however the program writes it."""
    ends: list[Value] = []
    value = node.output
    for _ in range(4):
        onwards = needed_consumers(value)
        if len(onwards) != 1:
            break
        value = onwards[0].output
        ends.append(value)
    rows = labels.shape[0]

    def formula(x: Any, *_: Any) -> Any:
        picked = jnp.take_along_axis(x, jnp.asarray(labels)[:, None], 1)[:, 0]
        return jax.nn.logsumexp(x, axis=1) - picked

    for output in ends:
        if output.shape != (rows,) or not output.active:
            continue
        for source in dominators(output, 40):
            if source.shape != node.inputs[0].shape or not source.active:
                continue
            nodes, leaves = group_between(graph, source, output)
            if node not in nodes or leaves or not closed(nodes, [output]):
                continue
            operation = Operation(nodes, [source], [output])
            if Candidate(operation).is_formula(formula):
                operands = [Operand(0), Operand(constant=labels.astype(np.int64))]
                operation.plan = Plan("CrossEntropyLoss", operands, {"reduction": "none"})
                return operation
    return None


def _picked(node: Node, labels: np.ndarray[Any, Any]) -> Operation:
    """`NLLLoss` without a reduction is minus the picked element."""
    rows = labels.shape[0]
    shape = node.output.shape
    operands = [Operand(0), Operand(constant=labels.astype(np.int64))]
    plan = Plan("NLLLoss", operands, {"reduction": "none"}, after=(Negate(),))
    if shape != (rows,):
        plan.after = (Negate(), Reshape((rows,), shape))
    return Operation([node], list(node.inputs), [node.output], plan)
