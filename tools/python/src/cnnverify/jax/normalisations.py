"""Normalisations, however they are written: Flax's fast variance, `jnp.var`, or by hand.

The formulas use methods of arrays alone, so that NumPy can take a first look.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from .graph import Graph, Node, Value
from .layout import image_axes
from .operation import Operation
from .plan import Held, Operand, Plan
from .search import (
    VIEWS,
    Candidate,
    closed,
    dominators,
    group_between,
    needed_consumers,
)

ROOTS = {"rsqrt", "sqrt", "pow", "integer_pow"}
_ONWARDS = VIEWS | {"mul", "add", "sub", "div"}
_LONGEST = 12
"""Equations from the root of the variance to the end of the formula."""


def match_normalisation(graph: Graph, root: Node) -> Operation | None:
    """Find the normalisation around the square root of a variance."""
    if root.name not in ROOTS or root.output.static:
        return None
    epsilon = _epsilon(root)
    for output in reversed(list(_ends(root))):
        for source in dominators(output):
            if source.shape != output.shape or not source.active:
                continue
            nodes, leaves = group_between(graph, source, output)
            if root not in nodes or len(leaves) > 4 or not closed(nodes, [output]):
                continue
            operation = Operation(nodes, [source, *leaves], [output])
            operation.plan = _plan(graph, operation, leaves, root, epsilon)
            if operation.plan is not None:
                return operation
    return None


def _epsilon(root: Node) -> float:
    """Read what was added to the variance."""
    value = root.inputs[0]
    while value.node is not None and value.node.name in VIEWS:
        value = value.node.inputs[0]
    if value.node is None or value.node.name != "add":
        return 0.0
    numbers = [v.uniform() for v in value.node.inputs]
    return next((n for n in numbers if n is not None), 0.0)


def _ends(root: Node) -> Iterator[Value]:
    """Give where the formula may end, along the only way on from the root."""
    value = root.output
    for _ in range(_LONGEST):
        yield value
        onwards = needed_consumers(value)
        if len(onwards) != 1 or onwards[0].name not in _ONWARDS:
            return
        value = onwards[0].output


def _plan(
    graph: Graph, operation: Operation, leaves: list[Value], root: Node, epsilon: float
) -> Plan | None:
    candidate = Candidate(operation)
    source = operation.slots[0]
    variance = [v for v in leaves if _feeds(graph, v, root)]
    if len(variance) == 1 and 2 <= len(leaves) <= 4:
        return _in_evaluation(candidate, leaves, variance[0], epsilon)
    if len(leaves) > 2:
        return None
    for tensors in _assignments(leaves):
        for plan in _candidates(source, tensors, epsilon):
            if plan.formula is not None and candidate.is_formula(plan.formula):
                plan.formula = None
                _hold(plan, operation, tensors, source)
                if plan.kind.startswith("BatchNorm"):
                    _running_statistics(operation, plan)
                return plan
    return None


def _feeds(graph: Graph, leaf: Value, root: Node) -> bool:
    behind = {id(n) for n in graph.behind(root.output, set())}
    return any(id(c) in behind for c in leaf.consumers)


def _assignments(leaves: list[Value]) -> Iterator[dict[str, int]]:
    """Give every way in which the leaves (slots from 1 on) are weight and bias."""
    slots = range(1, len(leaves) + 1)
    for names in itertools.permutations(("weight", "bias"), len(leaves)):
        yield dict(zip(names, slots, strict=True))


def _candidates(source: Value, tensors: dict[str, int], epsilon: float) -> Iterator[Plan]:
    """Give every normalisation that the shapes allow; those that subtract a mean first."""
    rank, shape = source.rank, source.shape
    eps: dict[str, Any] = {"eps": epsilon}
    channels = dict.fromkeys([rank - 1, 1]) if rank >= 2 else {}
    for channel in channels:
        axes = image_axes(rank, channel) if rank <= 5 else None
        others = tuple(a for a in range(rank) if a != channel)
        spatial = others[1:]
        dimensions = f"{max(rank - 2, 1)}d"
        if rank > 5:
            continue
        per_channel = [n if a == channel else 1 for a, n in enumerate(shape)]
        batch = _formula(others, epsilon, tensors, per_channel)
        yield _normalisation(f"BatchNorm{dimensions}", dict(eps), axes, batch, training=True)
        if spatial:
            single = _formula(spatial, epsilon, tensors, per_channel)
            yield _normalisation(f"InstanceNorm{dimensions}", dict(eps), axes, single)
    for count in range(1, rank):
        last = tuple(range(rank - count, rank))
        extents = [n if a in last else 1 for a, n in enumerate(shape)]
        attributes = {"normalized_shape": list(shape[-count:]), **eps}
        formula = _formula(last, epsilon, tensors, extents)
        yield _normalisation("LayerNorm", dict(attributes), None, formula)
        formula = _formula(last, epsilon, tensors, extents, mean=False)
        if "bias" not in tensors:
            yield _normalisation("RMSNorm", dict(attributes), None, formula)
    for channel in channels:
        for groups in range(1, shape[channel] + 1):
            if rank <= 5 and shape[channel] % groups == 0:
                formula = _grouped(channel, groups, epsilon, tensors, shape)
                attributes = {"num_groups": groups, **eps}
                yield _normalisation("GroupNorm", attributes, image_axes(rank, channel), formula)


def _normalisation(
    kind: str, attributes: dict[str, Any], axes: str | None, formula: Any, training: bool = False
) -> Plan:
    return Plan(
        kind,
        [Operand(0, axes=axes)],
        attributes=attributes,
        axes=axes,
        formula=formula,
        training=True if training else None,
    )


def _affine(y: Any, arrays: tuple[Any, ...], tensors: dict[str, int], extents: list[int]) -> Any:
    if "weight" in tensors:
        y = y * arrays[tensors["weight"]].reshape(extents)
    if "bias" in tensors:
        y = y + arrays[tensors["bias"]].reshape(extents)
    return y


def _standardised(x: Any, axes: tuple[int, ...], epsilon: float, *, mean: bool = True) -> Any:
    """`(x - mean) / sqrt(mean((x - mean)^2) + eps)`; without the mean for RMSNorm."""
    centred = x - x.mean(axes, keepdims=True) if mean else x
    return centred / ((centred * centred).mean(axes, keepdims=True) + epsilon) ** 0.5


def _formula(
    axes: tuple[int, ...],
    epsilon: float,
    tensors: dict[str, int],
    extents: list[int],
    *,
    mean: bool = True,
) -> Any:
    def formula(*arrays: Any) -> Any:
        y = _standardised(arrays[0], axes, epsilon, mean=mean)
        return _affine(y, arrays, tensors, extents)

    return formula


def _grouped(
    channel: int, groups: int, epsilon: float, tensors: dict[str, int], shape: tuple[int, ...]
) -> Any:
    extents = [n if a == channel else 1 for a, n in enumerate(shape)]
    order = (0, channel, *(a for a in range(1, len(shape)) if a != channel))

    def formula(*arrays: Any) -> Any:
        first = arrays[0].transpose(order)
        split = first.reshape(first.shape[0], groups, -1)
        even = _standardised(split, (2,), epsilon).reshape(first.shape)
        return _affine(even.transpose(np.argsort(order)), arrays, tensors, extents)

    return formula


def _in_evaluation(
    candidate: Candidate, leaves: list[Value], variance: Value, epsilon: float
) -> Plan | None:
    """Batch normalisation with given statistics: `(x - mean) / sqrt(var + eps) w + b`."""
    source = candidate.operation.slots[0]
    rest = [k for k, leaf in enumerate(leaves, 1) if leaf is not variance]
    given = next(k for k, leaf in enumerate(leaves, 1) if leaf is variance)
    for channel in dict.fromkeys([source.rank - 1, 1]):
        extents = [n if a == channel else 1 for a, n in enumerate(source.shape)]
        for names in itertools.permutations(("running_mean", "weight", "bias"), len(rest)):
            tensors = {**dict(zip(names, rest, strict=True)), "running_var": given}
            if "running_mean" not in tensors or source.rank > 5:
                continue

            def formula(*arrays: Any, t: Any = tensors, e: Any = extents) -> Any:
                mean = arrays[t["running_mean"]].reshape(e)
                spread = (arrays[t["running_var"]].reshape(e) + epsilon) ** 0.5
                return _affine((arrays[0] - mean) / spread, arrays, t, e)

            if candidate.is_formula(formula):
                axes = image_axes(source.rank, channel)
                kind = f"BatchNorm{max(source.rank - 2, 1)}d"
                plan = _normalisation(kind, {"eps": epsilon}, axes, formula)
                _hold(plan, candidate.operation, tensors, source)
                plan.training = False
                plan.formula = None
                return plan
    return None


def _hold(plan: Plan, operation: Operation, tensors: dict[str, int], source: Value) -> None:
    for name, slot in tensors.items():
        extents = plan.attributes.get("normalized_shape")
        leaf = operation.slots[slot]
        shape = tuple(extents) if isinstance(extents, list) else (leaf.aval.size,)
        if name.startswith("running"):
            plan.buffers[name] = np.reshape(leaf.data, shape)
            continue
        held = Held(slot)
        if leaf.shape != shape:
            held.convert = lambda array, s=shape: np.reshape(array, s)
            held.conversion = f"reshaped to {list(shape)}"
        plan.parameters[name] = held


def _running_statistics(operation: Operation, plan: Plan) -> None:
    """Find what the program makes of the batch's mean and variance besides normalising with them.

    `new = m old + (1 - m) statistic`: `m` is a number of the program, and torch's momentum 1 - m.
    """
    source = operation.slots[0]
    letters = plan.axes or "NCDHW"[: source.rank]
    axes = tuple(axis for axis, letter in enumerate(letters) if letter != "C")
    x = np.asarray(source.data, np.float64)
    statistics = {"running_mean": x.mean(axes), "running_var": x.var(axes)}
    for new, kept, old in _averages(operation):
        for name, statistic in statistics.items():
            if name in plan.buffers or new.shape != statistic.shape:
                continue
            before, after = (np.asarray(v.data, np.float64) for v in (old, new))
            expected = kept * before + (1 - kept) * statistic
            size = max(1e-30, float(np.max(np.abs(expected))))
            if np.all(np.abs(expected - after) <= 1e-5 * size):
                plan.buffers[name] = np.asarray(old.data)
                plan.buffers_after[name] = np.asarray(new.data)
                plan.attributes["momentum"] = round(1 - kept, 12)
                # Flax and `jnp.var` divide by the number of elements, torch by one less.
                plan.attributes["unbiased_running_variance"] = False
                break
    if len(plan.buffers) != 2:
        plan.buffers.clear()
        plan.buffers_after.clear()
        plan.attributes.pop("momentum", None)
        plan.attributes.pop("unbiased_running_variance", None)


def _averages(operation: Operation) -> Iterator[tuple[Value, float, Value]]:
    """Give the moving averages that the group goes into: new value, share kept, old value."""
    stack = [c for n in operation.nodes for v in n.outputs for c in v.consumers if not c.needed]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.name != "add":
            stack += [c for c in node.output.consumers if node.name in _ONWARDS]
            continue
        for side in node.inputs:
            if side.node is None or side.node.name != "mul" or id(side.node) in seen:
                continue
            numbers = [v.uniform() for v in side.node.inputs]
            for number, other in zip(numbers, reversed(side.node.inputs), strict=True):
                if number is not None:
                    yield node.output, number, other
