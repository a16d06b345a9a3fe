"""Matrix products: linear layers with their bias, and products of two tensors."""

from __future__ import annotations

from .convolutions import added_vector, held_vector
from .graph import Node
from .operation import Operation
from .plan import Held, Move, Operand, Permute, Plan, Unmatched
from .search import Seen, closed, seen_leaf


def match_product(node: Node) -> Operation:
    """Express `dot_general`: `Linear` where the second operand is a matrix nobody computed."""
    (contracted, batched) = node.params["dimension_numbers"]
    left, right = node.inputs
    weight = seen_leaf(right)
    linear = (
        weight is not None
        and weight.leaf.origin != "input"
        and not batched[0]
        and len(contracted[0]) == 1
        and right.rank == 2
        and contracted[0][0] == left.rank - 1
        and all(view.name == "transpose" for view in weight.nodes)
    )
    if linear and weight is not None:
        return _linear(node, weight, contracted[1][0])
    return _matrix_product(node, contracted, batched)


def _linear(node: Node, weight: Seen, contracted: int) -> Operation:
    turned = len(weight.nodes) % 2 == 1
    inputs_first = (contracted == 0) != turned
    plan = Plan("Linear", [Operand(0)])
    plan.parameters["weight"] = Held(1, axes="IO" if inputs_first else None)
    nodes, slots, output = [node, *weight.nodes], [node.inputs[0], weight.leaf], node.output
    bias = added_vector(node, node.output.rank - 1)
    if bias is not None:
        addition, vector = bias
        if closed([*nodes, addition, *vector.nodes], [addition.output]):
            nodes += [addition, *vector.nodes]
            slots.append(vector.leaf)
            plan.parameters["bias"] = held_vector(2, vector)
            output = addition.output
    return Operation(nodes, slots, [output], plan)


def _matrix_product(
    node: Node,
    contracted: tuple[tuple[int, ...], tuple[int, ...]],
    batched: tuple[tuple[int, ...], tuple[int, ...]],
) -> Operation:
    """`(batch, m, k) @ (batch, k, n)`, after bringing the axes into this order."""
    left, right = node.inputs
    if len(contracted[0]) != 1:
        raise Unmatched(f"it sums over {len(contracted[0])} axes")
    free = [
        [a for a in range(v.rank) if a not in (*c, *b)]
        for v, c, b in zip(node.inputs, contracted, batched, strict=True)
    ]
    if len(free[0]) > 1 and not (len(free[1]) <= 1 and not batched[0]):
        raise Unmatched("it keeps several axes of an operand")
    if len(free[1]) > 1 or len(free[0]) == 0 or (len(free[1]) == 0 and batched[0]):
        raise Unmatched("its axes are not those of a matrix product")
    orders = [
        (*batched[0], *free[0], *contracted[0]),
        (*batched[1], *contracted[1], *free[1]),
    ]
    operands = []
    for number, (value, order) in enumerate(zip((left, right), orders, strict=True)):
        moves: tuple[Move, ...] = () if order == tuple(range(value.rank)) else (Permute(order),)
        operands.append(Operand(number, moves=moves))
    return Operation([node], list(node.inputs), [node.output], Plan("MatMul", operands))
