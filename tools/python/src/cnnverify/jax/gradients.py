"""Gradients of every tensor of a program, by JAX's own differentiation of the whole of it.

Each tensor passes through an identity with a second argument whose gradient is that of the tensor.
Adding a zero would do, but not leave -0 alone; the identity changes nothing.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from .graph import Graph, Value
from .operation import Operation


def _untouched(value: Any, tap: Any) -> Any:
    return value


def _forward(value: Any, tap: Any) -> tuple[Any, None]:
    return value, None


def _backward(_: None, gradient: Any) -> tuple[Any, Any]:
    return gradient, gradient


_tapped = jax.custom_vjp(_untouched)
_tapped.defvjp(_forward, _backward)


def differentiate_program(graph: Graph, operations: list[Operation]) -> tuple[Any, dict[int, Any]]:
    """Run all operations and differentiate the loss; fills in their values and gradients.

    Gives the loss, and the gradients of parameters and inputs by the `id` of their value.
    """
    sources = [leaf for leaf in graph.leaves if leaf.active]
    tapped = [o for operation in operations for o in operation.outputs if o.active]

    def objective(given: list[Any], taps: list[Any]) -> tuple[Any, list[list[Any]]]:
        known = {id(v): a for v, a in zip(sources, given, strict=True)}
        waiting = dict(zip(map(id, tapped), taps, strict=True))
        results = []
        for operation in operations:
            arguments = [known.get(id(slot), slot.data) for slot in operation.slots]
            if not any(o.active for o in operation.outputs):
                arguments = [_constant(a) for a in arguments]
            outputs = operation.run(*arguments)
            results.append(outputs)
            for value, array in zip(operation.outputs, outputs, strict=True):
                known[id(value)] = (
                    _tapped(array, waiting[id(value)]) if id(value) in waiting else array
                )
        return known[id(graph.loss)], results

    taps = [jnp.zeros(v.shape, v.aval.dtype) for v in tapped]
    function = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)
    (loss, results), (of_sources, of_taps) = function([s.data for s in sources], taps)
    by_value = dict(zip(map(id, tapped), of_taps, strict=True))
    for operation, outputs in zip(operations, results, strict=True):
        operation.values = list(outputs)
        operation.gradients = [by_value.get(id(o)) for o in operation.outputs]
        for value, array in zip(operation.outputs, outputs, strict=True):
            value.data = array
    return loss, dict(zip(map(id, sources), of_sources, strict=True))


def _constant(array: Any) -> Any:
    floating = hasattr(array, "dtype") and jnp.issubdtype(array.dtype, jnp.floating)
    return jax.lax.stop_gradient(array) if floating else array


def reaching(graph: Graph, operations: list[Operation]) -> list[Operation]:
    """Give the operations from which a derivative path leads to the loss."""
    makers = {id(o): operation for operation in operations for o in operation.outputs}
    found: set[int] = set()
    stack: list[Value] = [graph.loss]
    while stack:
        operation = makers.get(id(stack.pop()))
        if operation is not None and id(operation) not in found:
            found.add(id(operation))
            stack += [slot for slot in operation.slots if slot.active]
    return [o for o in operations if id(o) in found and o.plan is not None]
