"""What all patterns need: walking the graph, and judging whether a group of equations is a formula.

A pattern does not follow a library's way of writing a formula, which changes from version to
version. It looks for a group of equations between an input and an output, and accepts it when the
group computes what the kind's own formula computes, in float64, and sends the same gradients back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .execution import NoWideForm
from .graph import Graph, Node, Value
from .operation import Operation

VIEWS = {"reshape", "broadcast_in_dim", "transpose", "squeeze", "expand_dims", "rev"}
CLOSE = 1e-6
"""Of the largest element, in float64. Numbers of a program are rounded to float32 (as 2 / pi is in
`gelu`), so a formula is met to this only."""


@dataclass(eq=False)
class Seen:
    """A leaf seen through views: its tensor, what lies between, and the rearrangement."""

    leaf: Value
    nodes: list[Node]

    def moved(self, array: Any) -> Any:
        """Rearrange the leaf's array as the views do; only what keeps every element."""
        for node in reversed(self.nodes):
            array = _view(node, array)
        return array


def seen_leaf(value: Value) -> Seen | None:
    """Look through views back to a tensor that nothing computed, or that is constant."""
    nodes: list[Node] = []
    while value.node is not None and not value.static:
        node = value.node
        if node.name not in VIEWS or len(node.inputs) != 1:
            return None
        if node.name == "broadcast_in_dim" and node.output.aval.size != node.inputs[0].aval.size:
            return None
        nodes.append(node)
        value = node.inputs[0]
    return Seen(value, nodes)


def _view(node: Node, array: Any) -> Any:
    if node.name == "transpose":
        return np.transpose(array, node.params["permutation"])
    if node.name == "rev":
        return np.flip(array, node.params["dimensions"])
    return np.reshape(array, node.output.shape)


def closed(nodes: Sequence[Node], outputs: Sequence[Value]) -> bool:
    """Whether nothing outside needs a value of the group; views of leaves may be shared."""
    inside = {id(node) for node in nodes}
    given = {id(value) for value in outputs}
    for node in nodes:
        for value in node.outputs:
            if id(value) in given or seen_leaf(value) is not None:
                continue
            if any(c.needed and id(c) not in inside for c in value.consumers):
                return False
    return True


def needed_consumers(value: Value) -> list[Node]:
    """Give who uses a value on the way to the loss."""
    return [c for c in value.consumers if c.needed]


def dominators(value: Value, most: int = 60) -> Iterator[Value]:
    """Give the tensors through which alone a value depends on activations, the nearest first.

    Parameters, state and vectors that nothing computed do not count.
    """
    frontier = {id(value): value}
    for _ in range(most):
        inner = [v for v in frontier.values() if v.node is not None]
        if not inner:
            return
        latest = max(inner, key=lambda v: v.node.index if v.node is not None else -1)
        del frontier[id(latest)]
        assert latest.node is not None
        for source in latest.node.inputs:
            if source.static or (source.leaf and (source.origin != "input" or source.rank < 2)):
                continue
            frontier[id(source)] = source
        if len(frontier) == 1:
            yield next(iter(frontier.values()))


def group_between(graph: Graph, source: Value, output: Value) -> tuple[list[Node], list[Value]]:
    """Give the equations between two tensors and the leaves that they read besides."""
    nodes = list(graph.behind(output, {id(source)}))
    leaves = {
        id(v): v for n in nodes for v in n.inputs if v.leaf and not v.static and v is not source
    }
    return nodes, list(leaves.values())


Formula = Callable[..., Any]
"""From the arrays of a group's slots to its output."""


ROUGHLY = 1e-3
"""Of the largest element, in the program's own type: worth a closer look."""


class Candidate:
    """A group whose output and gradients in float64 are held against formulas."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.close = CLOSE
        # Eight roundings of a type that is shorter than float32.
        self.narrow = 8 * float(jnp.finfo(operation.outputs[0].aval.dtype).eps)

    @cached_property
    def rough(self) -> list[Any]:
        """What the slots held, for a first look without JAX."""
        return [
            np.asarray(a, np.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a
            for a in self.operation.recorded()
        ]

    @cached_property
    def found(self) -> tuple[list[Any], Any, Any, list[Any]]:
        """The group in float64: inputs, upstream gradient, output, and the gradients sent back.

        Where its functions are made for one type, that type has to do.
        """
        operation = self.operation
        shape, dtype = operation.outputs[0].shape, operation.outputs[0].aval.dtype
        upstream = np.random.default_rng(0).standard_normal(shape)
        with jax.enable_x64(True):
            arrays = operation.recorded_wide()
            try:
                wide = jnp.asarray(upstream, jnp.float64)
                outputs, gradients = operation.differentiate(arrays, [wide], wide=True)
            except NoWideForm:
                self.close = max(1e-4, self.narrow)
                narrow = jnp.asarray(upstream, dtype)
                outputs, gradients = operation.differentiate(operation.recorded(), [narrow])
        return arrays, upstream, outputs[0], gradients

    def is_formula(self, formula: Formula) -> bool:
        """Whether the group computes the formula, and its gradients."""
        try:
            with np.errstate(all="ignore"):
                expected = formula(*self.rough)
            close = max(ROUGHLY, self.narrow)
            if not agrees(self.operation.outputs[0].data, expected, close):
                return False
            return self._sends_back(formula)
        except (TypeError, ValueError):
            return False

    def _sends_back(self, formula: Formula) -> bool:
        arrays, upstream, output, gradients = self.found
        moving = [k for k, slot in enumerate(self.operation.slots) if slot.active]

        def of_moving(*moved: Any) -> Any:
            every = list(arrays)
            for k, array in zip(moving, moved, strict=True):
                every[k] = array
            return formula(*every)

        with jax.enable_x64(True):
            expected, pull = jax.vjp(of_moving, *[arrays[k] for k in moving])
            if not agrees(output, expected, self.close):
                return False
            sent = pull(jnp.asarray(upstream, expected.dtype))
        pairs = zip(moving, sent, strict=True)
        return all(agrees(gradients[k], g, self.close) for k, g in pairs)


def agrees(found: Any, expected: Any, close: float) -> bool:
    """Whether two tensors are the same up to a fraction of the largest element."""
    if found is None or tuple(found.shape) != tuple(expected.shape):
        return False
    x, y = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    size = max(1e-30, float(np.max(np.abs(y), initial=0.0)))
    return bool(np.all(np.abs(x - y) <= close * size))
