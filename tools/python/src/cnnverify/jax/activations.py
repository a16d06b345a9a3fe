"""Activations by the name of their function, accepted when they compute what the kind computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from ..format import Attribute
from .graph import Call, Graph, Node, Value
from .operation import Operation
from .plan import Operand, Plan
from .search import Candidate, closed, dominators, group_between

Meaning = tuple[str, dict[str, Attribute], Callable[[Any], Any]]


def _simple(kind: str, formula: Callable[[Any], Any]) -> Callable[[list[float]], list[Meaning]]:
    return lambda _: [(kind, {}, formula)]


def _with(kind: str, name: str, formula: Callable[[Any, float], Any], usual: float) -> Any:
    """A kind with one number, which is an argument of the call or its usual value."""

    def meanings(numbers: list[float]) -> list[Meaning]:
        return [
            (kind, {name: n}, lambda x, n=n: formula(x, n))  # type: ignore[misc]
            for n in dict.fromkeys([*numbers, usual])
        ]

    return meanings


def leaky(x: Any, slope: Any) -> Any:
    """Give `x` where it is positive, else `slope x`: at zero, where JAX differs, the kind's way."""
    return jnp.where(x > 0, x, slope * x)


NAMED: dict[str, Callable[[list[float]], list[Meaning]]] = {
    "relu": _simple("ReLU", jax.nn.relu),
    "relu6": _simple("ReLU6", jax.nn.relu6),
    "silu": _simple("SiLU", jax.nn.silu),
    "sigmoid": _simple("Sigmoid", jax.nn.sigmoid),
    "softplus": _simple("Softplus", jax.nn.softplus),
    "log_sigmoid": _simple("LogSigmoid", jax.nn.log_sigmoid),
    "soft_sign": _simple("Softsign", jax.nn.soft_sign),
    "hard_sigmoid": _simple("Hardsigmoid", jax.nn.hard_sigmoid),
    "mish": _simple("Mish", jax.nn.mish),
    "selu": _simple("SELU", jax.nn.selu),
    "elu": _with("ELU", "alpha", jax.nn.elu, 1.0),
    "celu": _with("CELU", "alpha", jax.nn.celu, 1.0),
    "leaky_relu": _with("LeakyReLU", "negative_slope", leaky, 0.01),
}
"""By the name that JAX gives the function; the formulas run in float64, for the twin as well."""


def _along(kind: str, function: Callable[..., Any], rank: int) -> list[Meaning]:
    return [
        (kind, {"dim": axis}, lambda x, axis=axis: function(x, axis=axis))  # type: ignore[misc]
        for axis in (*range(rank - 1, -1, -1),)
    ]


def match_call(graph: Graph, call: Call) -> Operation | None:
    """Express a whole call of a function of `jax.nn`."""
    moving = list({id(v): v for v in call.inputs if v.active}.values())
    outputs = [v for v in call.outputs if v.active]
    if len(moving) != 1 or len(outputs) != 1:
        return None
    source, output = moving[0], outputs[0]
    numbers = [n for v in call.inputs if (n := v.uniform()) is not None]
    meanings: list[Meaning] = []
    if call.name == "log_softmax":
        meanings = _along("LogSoftmax", jax.nn.log_softmax, source.rank)
    elif call.name == "glu":
        meanings = _along("GLU", jax.nn.glu, source.rank)
    elif call.name in NAMED:
        meanings = NAMED[call.name](numbers)
    nodes, leaves = group_between(graph, source, output)
    if not meanings or leaves or not closed(nodes, [output]):
        return None
    found = first_meaning(nodes, source, output, meanings)
    if found is not None and found.plan is not None:
        found.plan.label = call.name
    return found


def match_own_derivative(node: Node) -> Operation | None:
    """Express a function with a rule of its own for the derivative (`jax.nn.relu` is one)."""
    moving = [v for v in node.inputs if v.active]
    if len(moving) != 1 or len(node.outputs) != 1 or not moving[0].active:
        return None
    names = list(_names(node.params.get("call_jaxpr")))
    meanings = [m for name in names if name in NAMED for m in NAMED[name]([])]
    return first_meaning([node], moving[0], node.output, meanings)


def _names(closed_jaxpr: Any) -> Iterator[str]:
    """Give the names of the functions that a body consists of, each the whole of it."""
    while closed_jaxpr is not None:
        equations = closed_jaxpr.jaxpr.eqns
        if len(equations) != 1 or "name" not in equations[0].params:
            return
        yield str(equations[0].params["name"])
        closed_jaxpr = equations[0].params.get("jaxpr")


def _gelu(approximate: bool) -> Callable[[Any], Any]:
    return lambda x: jax.nn.gelu(x, approximate=approximate)


def _softmax_meanings(rank: int) -> list[Meaning]:
    return _along("Softmax", jax.nn.softmax, rank)


def match_composed(graph: Graph, node: Node) -> Operation | None:
    """Express activations that JAX writes out: `gelu` around `tanh` or `erfc`, softmax."""
    meanings: list[Meaning]
    if node.name == "tanh":
        meanings = [("GELU", {"approximate": "tanh"}, _gelu(True))]
        ends = list(_after(node, {"add", "mul"}, 3))
    elif node.name in ("erfc", "erf"):
        meanings = [("GELU", {}, _gelu(False))]
        ends = list(_after(node, {"add", "mul"}, 3))
    elif node.name == "div":
        meanings = _softmax_meanings(node.output.rank)
        ends = [node.output]
    else:
        return None
    found = None
    for output in reversed(ends):
        for source in dominators(output, 12):
            if source.shape != output.shape or not source.active:
                continue
            nodes, leaves = group_between(graph, source, output)
            if node not in nodes or leaves or not closed(nodes, [output]):
                continue
            if node.name == "div" and not any(n.name == "exp" for n in nodes):
                continue
            wider = first_meaning(nodes, source, output, meanings)
            # Softmax is also softmax of what it subtracts the maximum from: take that.
            if wider is None and found is not None:
                return found
            found = wider
            if found is not None and node.name != "div":
                return found
        if found is not None:
            return found
    return None


def _after(node: Node, names: set[str], most: int) -> Iterator[Value]:
    value = node.output
    for _ in range(most):
        onwards = [c for c in value.consumers if c.needed]
        if len(onwards) != 1 or onwards[0].name not in names:
            return
        value = onwards[0].output
        yield value


def first_meaning(
    nodes: list[Node], source: Value, output: Value, meanings: list[Meaning]
) -> Operation | None:
    """Make the group an operation of the first kind that it computes."""
    if not meanings:
        return None
    slots = [source]
    operation = Operation(nodes, slots, [output])
    if len(nodes) == 1 and len(nodes[0].inputs) != 1:
        operation = Operation(nodes, list(nodes[0].inputs), [output])
    position = operation.slots.index(source)
    candidate = Candidate(operation)
    for kind, attributes, formula in meanings:

        def of_slots(*arrays: Any, f: Callable[[Any], Any] = formula) -> Any:
            return jnp.asarray(f(arrays[position]))

        if candidate.is_formula(of_slots):
            operation.plan = Plan(
                kind,
                [Operand(position)],
                attributes,
                follows=True,
                axis_attributes=("dim",),
                formula=of_slots,
            )
            return operation
    return None
