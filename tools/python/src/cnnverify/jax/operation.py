"""A group of equations that is one layer: it runs alone, forward and backward, in any type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .execution import bind, wide_array, wide_params
from .graph import Node, Value, is_floating
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

    @property
    def single(self) -> bool:
        """Whether it is one equation with a slot for each input."""
        return len(self.nodes) == 1 and len(self.slots) == len(self.nodes[0].inputs)

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
        """Compute the outputs from one array for each slot, equation by equation."""
        return self._run(arrays, wide=False)

    def run_wide(self, *arrays: Any) -> list[Any]:
        """Compute in float64; needs `jax.enable_x64`."""
        return self._run(arrays, wide=True)

    def _run(self, arrays: Sequence[Any], *, wide: bool) -> list[Any]:
        known = dict(zip(map(id, self.slots), arrays, strict=True))
        given = _wide_given if wide else _given
        for node in self.nodes:
            arguments = [known[id(v)] if id(v) in known else given(v) for v in node.inputs]
            params = wide_params(node.params) if wide else node.params
            results = bind(node.primitive, arrays if self.single else arguments, params)
            known |= zip(map(id, node.outputs), results, strict=True)
        return [known[id(o)] for o in self.outputs]

    def recorded(self) -> list[Any]:
        """Give the arrays that the slots held."""
        return [slot.data for slot in self.slots]

    def recorded_wide(self) -> list[Any]:
        """Give them in float64: a number of the program as it was written, a tensor exactly."""
        plan = self.plan
        read: set[int | None] = set(range(len(self.slots)))
        if plan is not None:
            read = {o.slot for o in plan.operands} | {h.slot for h in plan.parameters.values()}
        return [
            wide_array(slot.data) if k in read or not slot.static else _wide_given(slot)
            for k, slot in enumerate(self.slots)
        ]

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
    number = value.uniform()
    return (
        wide_array(_given(value)) if number is None else jnp.full(value.shape, number, jnp.float64)
    )
