"""A traced program as a plain graph: every equation a node, calls opened, each value computed once.

`jax.jit` and checkpointed functions are opened, so that what happens inside them is seen; a call is
remembered for the name of its function. Functions with a derivative of their own (`custom_jvp`,
`custom_vjp`) and control flow stay closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from .execution import bind
from .source_lines import user_line

Origin = Literal["parameter", "state", "input", "constant", "result"]

OPENED = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
"""Calls that compute nothing themselves, and the parameter that holds their body."""
SAME_VALUE = {"copy", "copy_p", "sharding_constraint", "pvary", "optimization_barrier"}
WITHOUT_DERIVATIVE = {"stop_gradient", "sign", "floor", "ceil", "round", "is_finite", "nextafter"}
"""What comes out of these is a constant to whoever uses it."""


@dataclass(eq=False)
class Value:
    """One tensor of the program.

    `active` values depend on a parameter or a floating input, and the derivative passes through
    them; `static` ones depend on neither. What is neither (a mask computed from an activation)
    is a constant to the derivative.
    """

    aval: Any
    origin: Origin
    active: bool
    static: bool
    data: Any = None
    path: str = ""
    node: Node | None = None
    consumers: list[Node] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return tuple(self.aval.shape)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.aval.shape)

    @property
    def leaf(self) -> bool:
        """Whether nothing of the program computed it."""
        return self.node is None

    def uniform(self) -> float | None:
        """Give the one number that a static tensor consists of.

        A float32 constant stands for the shortest decimal that rounds to it, as it was written.
        """
        if not self.static or not is_floating(self.aval) or 0 in self.shape:
            return None
        values = np.asarray(self.data).reshape(-1)
        first = values[0]
        if not bool((values == first).all()):
            return None
        return float(str(first)) if np.isfinite(first) else float(first)


@dataclass(eq=False)
class Call:
    """A call that was opened; `nodes` are those of its body, inner calls included."""

    equation: Any
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.equation.params.get("name", ""))


@dataclass(eq=False)
class Node:
    """One equation, with its place in the user's code."""

    index: int
    primitive: Any
    params: dict[str, Any]
    inputs: list[Value]
    outputs: list[Value]
    scope: str
    source: str | None
    needed: bool = False

    @property
    def name(self) -> str:
        """The primitive's name."""
        return str(self.primitive.name)

    @property
    def output(self) -> Value:
        """The only output, or the first."""
        return self.outputs[0]


def is_floating(aval: Any) -> bool:
    """Whether a value has a floating type that NumPy or ml_dtypes knows."""
    dtype = getattr(aval, "dtype", None)
    return dtype is not None and bool(jnp.issubdtype(dtype, jnp.floating))


class Graph:
    """The program of one trace; every value is computed while the graph is built."""

    def __init__(self, closed: Any, leaves: Sequence[Value]) -> None:
        self.nodes: list[Node] = []
        self.calls: list[Call] = []
        self.leaves = list(leaves)
        constants = [self.constant(c) for c in closed.consts]
        self.outputs = self._open(closed.jaxpr, constants, self.leaves, "", None)
        self.loss = self.outputs[0]
        self._mark_needed()

    @staticmethod
    def constant(data: Any) -> Value:
        """Give the value of a literal or of an array the function closed over."""
        array = jnp.asarray(data)
        return Value(jax.typeof(array), "constant", active=False, static=True, data=array)

    def _open(
        self,
        jaxpr: Any,
        constants: Sequence[Value],
        arguments: Sequence[Value],
        scope: str,
        source: str | None,
    ) -> list[Value]:
        known: dict[Any, Value] = dict(zip(jaxpr.constvars, constants, strict=True))
        known |= zip(jaxpr.invars, arguments, strict=True)

        def read(atom: Any) -> Value:
            if isinstance(atom, core.Literal):
                value = self.constant(np.asarray(atom.val, atom.aval.dtype))
                value.aval = atom.aval
                return value
            return known[atom]

        for equation in jaxpr.eqns:
            inputs = [read(atom) for atom in equation.invars]
            inner = _joined(scope, str(equation.source_info.name_stack))
            line = user_line(equation.source_info) or source
            outputs = self._equation(equation, inputs, inner, line)
            known |= zip(equation.outvars, outputs, strict=True)
        return [read(atom) for atom in jaxpr.outvars]

    def _equation(
        self,
        equation: Any,
        inputs: list[Value],
        scope: str,
        source: str | None,
    ) -> list[Value]:
        name = equation.primitive.name
        if _changes_nothing(equation):
            return inputs
        if name not in OPENED:
            return self._node(equation, inputs, scope, source)
        body = equation.params[OPENED[name]]
        call = Call(equation, inputs)
        self.calls.append(call)
        first = len(self.nodes)
        jaxpr = getattr(body, "jaxpr", body)
        constants = [self.constant(c) for c in getattr(body, "consts", ())]
        call.outputs = self._open(jaxpr, constants, inputs, scope, source)
        call.nodes = self.nodes[first:]
        return call.outputs

    def _node(
        self,
        equation: Any,
        inputs: list[Value],
        scope: str,
        source: str | None,
    ) -> list[Value]:
        static = all(v.static for v in inputs)
        passes = any(v.active for v in inputs) and equation.primitive.name not in WITHOUT_DERIVATIVE
        results = bind(equation.primitive, [v.data for v in inputs], equation.params)
        outputs = [
            Value(o.aval, "result", active=passes and is_floating(o.aval), static=static, data=d)
            for o, d in zip(equation.outvars, results, strict=True)
        ]
        node = Node(
            index=len(self.nodes),
            primitive=equation.primitive,
            params=dict(equation.params),
            inputs=inputs,
            outputs=outputs,
            scope=scope,
            source=source,
        )
        self.nodes.append(node)
        for value in outputs:
            value.node = node
        for value in {id(v): v for v in inputs}.values():
            value.consumers.append(node)
        return outputs

    def _mark_needed(self) -> None:
        """Mark what the loss depends on; the rest (metrics, new running statistics) is no layer."""
        stack = [self.loss]
        while stack:
            node = stack.pop().node
            if node is not None and not node.needed:
                node.needed = True
                stack += node.inputs

    def behind(self, value: Value, stops: set[int]) -> Iterator[Node]:
        """Give all nodes that are not static between some values (by id) and one value."""
        seen: set[int] = set()
        stack = [value]
        while stack:
            here = stack.pop()
            node = here.node
            if node is None or here.static or id(here) in stops or id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            stack += node.inputs


def _changes_nothing(equation: Any) -> bool:
    if equation.primitive.name in SAME_VALUE:
        return len(equation.invars) == len(equation.outvars)
    if equation.primitive.name != "convert_element_type":
        return False
    return bool(equation.invars[0].aval.dtype == equation.outvars[0].aval.dtype)


def _joined(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
