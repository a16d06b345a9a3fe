"""A group of equations that is one layer: it runs alone, forward and backward, in any type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .execution import NoWideForm, bind, wide_array, wide_params
from .graph import Call, Node, Value, is_floating
from .plan import Plan


@dataclass(eq=False)
class Operation:
    """What computes `outputs` from `slots`; everything else it reads is static.

    A single equation has one slot for each of its inputs, also where two are the same tensor; a
    group has one for each distinct tensor.
    """

    nodes: list[Node]
    slots: list[Value]
    outputs: list[Value]
    plan: Plan | None = None
    values: list[Any] = field(default_factory=list)
    """The outputs as the differentiated run gave them."""
    gradients: list[Any] = field(default_factory=list)
    """The gradient of each output, or nothing where none arrives."""
    edges: list[Any] = field(default_factory=list)
    """The gradient of each slot for this operation alone."""

    def __post_init__(self) -> None:
        self.nodes = sorted(self.nodes, key=lambda node: node.index)
        self.steps = _steps(self.nodes, whole=len({id(s) for s in self.slots}) == len(self.slots))

    @property
    def last(self) -> Node:
        """The equation that ends the group."""
        return self.nodes[-1]

    @property
    def where(self) -> str:
        """The operation's name and place for messages."""
        label = self.plan.kind if self.plan is not None else self.last.name
        places = [p for p in (self.last.scope, self.last.source) if p]
        return f"{label} ({', '.join(places)})" if places else label

    def run(self, *arrays: Any) -> list[Any]:
        """Compute the outputs from one array for each slot, as JAX computes eagerly."""
        if len(self.nodes) == 1 and len(self.slots) == len(self.nodes[0].inputs):
            node = self.nodes[0]
            if self.steps == [node]:
                results = bind(node.primitive, arrays, node.params)
                by_value = dict(zip(map(id, node.outputs), results, strict=True))
                return [by_value[id(o)] for o in self.outputs]
        known = {id(slot): array for slot, array in zip(self.slots, arrays, strict=True)}
        for step in self.steps:
            arguments = [known[id(v)] if id(v) in known else _given(v) for v in step.inputs]
            if isinstance(step, Call):
                params, primitive = step.equation.params, step.equation.primitive
            else:
                params, primitive = step.params, step.primitive
            results = bind(primitive, arguments, params)
            known |= zip(map(id, step.outputs), results, strict=True)
        return [known[id(o)] for o in self.outputs]

    def run_wide(self, *arrays: Any) -> list[Any]:
        """Compute in float64, equation by equation; needs `jax.enable_x64`."""
        known = {id(slot): array for slot, array in zip(self.slots, arrays, strict=True)}
        positional = len(self.nodes) == 1 and len(self.slots) == len(self.nodes[0].inputs)
        for node in self.nodes:
            arguments = (
                list(arrays)
                if positional
                else [known[id(v)] if id(v) in known else _wide_given(v) for v in node.inputs]
            )
            results = bind(node.primitive, arguments, wide_params(node.params))
            known |= zip(map(id, node.outputs), results, strict=True)
        return [known[id(o)] for o in self.outputs]

    def recorded(self) -> list[Any]:
        """Give the arrays that the slots held."""
        return [slot.data for slot in self.slots]

    def differentiate(
        self, arrays: Sequence[Any], upstream: Sequence[Any], *, wide: bool = False
    ) -> tuple[list[Any], list[Any]]:
        """Run on arrays and send upstream gradients back: the outputs, and a gradient a slot."""
        run = self.run_wide if wide else self.run
        moving = [k for k, slot in enumerate(self.slots) if slot.active]

        def of_moving(*moved: Any) -> list[Any]:
            every = list(arrays)
            for k, array in zip(moving, moved, strict=True):
                every[k] = array
            return run(*every)

        outputs, pull = jax.vjp(of_moving, *[arrays[k] for k in moving])
        given = [
            np.zeros(o.shape, jax.dtypes.float0)
            if not is_floating(o)
            else (jnp.zeros_like(o) if g is None else g)
            for o, g in zip(outputs, upstream, strict=True)
        ]
        found = dict(zip(moving, pull(given), strict=True))
        return list(outputs), [found.get(k) for k in range(len(self.slots))]


def _given(value: Value) -> Any:
    if not value.static:
        raise KeyError(f"a value of {value.node and value.node.name} that nobody computed")
    return value.data


def _wide_given(value: Value) -> Any:
    """A constant of the program in float64: a number as it was written, a tensor exactly."""
    data = _given(value)
    number = value.uniform()
    if number is not None and not value.leaf:
        return jnp.full(value.shape, number, jnp.float64)
    if number is not None and value.origin == "constant":
        return jnp.full(value.shape, number, jnp.float64)
    return wide_array(data)


def _steps(nodes: list[Node], *, whole: bool) -> list[Node | Call]:
    """Run a call as a whole wherever all that matters of it belongs to the group."""
    members = {id(node) for node in nodes}
    done: set[int] = set()
    steps: list[Node | Call] = []
    for node in nodes:
        if id(node) in done:
            continue
        outermost = next((c for c in node.calls if whole and _inside(c, members)), None)
        steps.append(node if outermost is None else outermost)
        done |= {id(node)} if outermost is None else {id(n) for n in outermost.nodes}
    return steps


def _inside(call: Call, members: set[int]) -> bool:
    relevant = [n for n in call.nodes if n.needed and not all(o.static for o in n.outputs)]
    return call.whole and all(id(n) in members for n in relevant)


__all__ = ["NoWideForm", "Operation"]
