"""Rows of a table picked by indices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from .execution import bind
from .graph import Node
from .operation import Operation
from .plan import Held, Operand, Plan


def match_embedding(node: Node) -> Operation | None:
    """Express picking whole rows of a parameter."""
    table = node.inputs[0]
    positions = picked_positions(node)
    if not table.leaf or table.rank != 2 or table.origin != "parameter" or positions is None:
        return None
    width = table.shape[1]
    if positions.ndim == 0 or positions.shape[-1] != width or bool((positions < 0).any()):
        return None
    rows = positions[..., 0] // width
    if not np.array_equal(positions, rows[..., None] * width + np.arange(width)):
        return None
    plan = Plan("Embedding", [Operand(constant=rows.astype(np.int64))])
    plan.parameters["weight"] = Held(0)
    return Operation([node], list(node.inputs), [node.output], plan)


def picked_positions(node: Node) -> np.ndarray[Any, Any] | None:
    """Run the equation on the elements' own numbers, so that it says what it picks.

    None where the indices depend on an activation; -1 where an index is out of bounds.
    """
    source, indices = node.inputs
    if not indices.static:
        return None
    numbers = jnp.arange(1, source.aval.size + 1, dtype=jnp.int32).reshape(source.shape)
    params = dict(node.params)
    if params.get("fill_value") is not None:
        params["fill_value"] = 0
    try:
        found = bind(node.primitive, [numbers, indices.data], params)[0]
    except (TypeError, ValueError):
        return None
    return np.asarray(found) - 1
