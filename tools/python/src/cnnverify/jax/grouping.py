"""Cuts a program into operations: known patterns first, then every equation by itself."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..errors import CaptureError
from .activations import match_call, match_composed, match_own_derivative
from .arithmetic import (
    BINARY,
    POWERS,
    UNARY,
    match_binary,
    match_bound,
    match_power,
    match_selection,
    match_unary,
)
from .convolutions import match_convolution
from .embeddings import match_embedding
from .graph import Graph, Node, Value
from .losses import match_gather
from .normalisations import ROOTS, match_normalisation
from .operation import Operation
from .piecewise import match_piecewise
from .plan import Operand, Plan, Unmatched
from .pooling import match_pool
from .products import match_product
from .search import VIEWS
from .shapes import (
    match_concatenation,
    match_pad,
    match_reshape,
    match_slice,
    match_split,
    match_spread,
    match_squeeze,
    match_sum,
    match_transpose,
)

ONE_BY_ONE: dict[str, Callable[[Node], Operation]] = {
    "conv_general_dilated": match_convolution,
    "dot_general": match_product,
    "reduce_window_max": match_pool,
    "reduce_window_sum": match_pool,
    "reduce_sum": match_sum,
    "select_n": match_selection,
    "max": match_bound,
    "min": match_bound,
    "pow": match_power,
    "reshape": match_reshape,
    "broadcast_in_dim": match_spread,
    "expand_dims": match_spread,
    "transpose": match_transpose,
    "squeeze": match_squeeze,
    "concatenate": match_concatenation,
    "split": match_split,
    "slice": match_slice,
    "pad": match_pad,
    **dict.fromkeys(BINARY, match_binary),
    **dict.fromkeys([*UNARY, *POWERS, "integer_pow"], match_unary),
}
GO_ON = (
    "conv_general_dilated",
    "dot_general",
    "reduce_window_max",
    "reduce_window_sum",
    "reduce_sum",
)
"""What may take in the equation behind it: a bias, a division."""
CLOSED = {"custom_jvp_call"}
WITHOUT_REVERSE = {"while", "pure_callback", "io_callback", "pallas_call"}
"""What JAX cannot differentiate in reverse."""


class Grouping:
    """The operations of a program, from its inputs to its loss."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.claimed: dict[int, Operation] = {}
        """By the id of what an operation gives."""
        self.taken: set[int] = set()
        """The equations inside claimed groups."""

    def operations(self) -> list[Operation]:
        """Give what the loss needs, in the order in which it runs."""
        needed = [n for n in self.graph.nodes if n.needed]
        nodes = [n for n in needed if any(o.active for o in n.outputs)]
        for node in needed:
            if node.name in ROOTS:
                self._claim(match_normalisation(self.graph, node), node)
        for node in nodes:
            if node.name == "gather":
                self._claim(match_embedding(node), node)
                self._attempt(lambda n: match_gather(self.graph, n), node)
        for call in self.graph.calls:
            if not any(id(n) in self.taken for n in call.nodes) and call.nodes:
                self._claim(match_call(self.graph, call), None)
        for node in nodes:
            if id(node) not in self.taken:
                self._claim(self._activation(node), node)
        for node in nodes:
            if node.name in GO_ON:
                self._attempt(ONE_BY_ONE[node.name], node)
        return self._demanded()

    def _activation(self, node: Node) -> Operation | None:
        if node.name in CLOSED:
            return match_own_derivative(node)
        if node.name == "select_n":
            return match_piecewise(self.graph, node)
        return match_composed(self.graph, node)

    def _attempt(self, matcher: Callable[[Node], Operation], node: Node) -> None:
        try:
            self._claim(matcher(node), node)
        except Unmatched:
            return

    def _claim(self, operation: Operation | None, node: Node | None) -> None:
        if operation is None or (node is not None and id(node) in self.taken):
            return
        ends = {id(o) for o in operation.outputs}
        if any(id(n) in self.taken and not _is_view(n) for n in operation.nodes):
            return
        self.taken |= {id(n) for n in operation.nodes}
        self.claimed |= dict.fromkeys(ends, operation)

    def _demanded(self) -> list[Operation]:
        found: dict[int, Operation] = {}
        stack: list[Value] = [self.graph.loss]
        while stack:
            value = stack.pop()
            if value.leaf or value.static:
                continue
            operation = self.claimed.get(id(value)) or self._single(value)
            if id(operation) not in found:
                found[id(operation)] = operation
                stack += operation.slots
        return sorted(found.values(), key=lambda operation: operation.last.index)

    def _single(self, value: Value) -> Operation:
        """Make one equation an operation; the additions behind some belong to them."""
        node = value.node
        assert node is not None
        operation = self._expressed(node)
        for output in operation.outputs:
            self.claimed[id(output)] = operation
        return operation

    def _expressed(self, node: Node) -> Operation:
        if not any(o.active for o in node.outputs):
            return Operation([node], list(node.inputs), list(node.outputs))
        if node.name in WITHOUT_REVERSE:
            raise CaptureError(
                f"{node.name} ({node.source or 'in the program'}) has no derivative in reverse; "
                "keep it out of the loss function, or behind jax.lax.stop_gradient"
            )
        matcher = ONE_BY_ONE.get(node.name)
        reason = "the format has no kind for it"
        if matcher is not None:
            try:
                operation = matcher(node)
                if node.output in operation.outputs or len(operation.outputs) > 1:
                    return operation
                reason = "a part of it is used elsewhere"
            except Unmatched as unmatched:
                reason = str(unmatched)
        return without_kind(node, reason)


def without_kind(node: Node, reason: str) -> Operation:
    """Keep an equation that has no kind, with everything but the comparison."""
    attributes = {"x_reason": reason, "x_arguments": _arguments(node)}
    operands = [Operand(k) for k in range(len(node.inputs))]
    plan = Plan(f"jax.{node.name}", operands, dict(attributes), label=node.name)
    return Operation([node], list(node.inputs), list(node.outputs), plan)


def _arguments(node: Node) -> str:
    """Give the equation's parameters as JSON; long ones (bodies of functions) cut short."""
    texts = {
        name: value if isinstance(value, bool | int | float | str) else str(value)[:500]
        for name, value in node.params.items()
        if value is not None
    }
    return json.dumps(texts, ensure_ascii=False, sort_keys=True)


def _is_view(node: Node) -> bool:
    return node.name in VIEWS
