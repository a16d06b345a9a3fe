"""Names of layers: where their parameters stand, else where the program calls them."""

from __future__ import annotations

from .graph import Value
from .operation import Operation
from .plan import Plan

COLLECTIONS = ("params.",)
"""What Flax puts in front of every parameter's path."""


USUAL = ("kernel", "weight", "bias", "scale", "embedding")
"""What parameters are called everywhere; no name for a layer."""


def parameter_name(value: Value) -> str:
    """Name a parameter by its path."""
    path = value.path
    for collection in COLLECTIONS:
        path = path.removeprefix(collection)
    return path or "parameter"


def layer_name(operation: Operation, plan: Plan) -> str:
    """Name a layer: `encoder.conv1` by its weights, `encoder.relu` by its place and kind."""
    for held in plan.parameters.values():
        value = operation.slots[held.slot]
        if value.path:
            holder, dot, last = parameter_name(value).rpartition(".")
            if dot:
                return holder
            if not last.isdigit() and last not in USUAL:
                return last
    label = plan.label or _short(plan.kind)
    place = operation.last.scope.split("/")
    scope = ".".join(p for p in place[1:] if p)
    return f"{scope}.{label}" if scope else label


def _short(kind: str) -> str:
    return {"CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss"}.get(kind, kind.lower())


def path_of(keys: tuple[object, ...]) -> str:
    """Write the path of a leaf in a tree of parameters with dots."""
    parts = []
    for key in keys:
        part = next((getattr(key, n) for n in ("key", "idx", "name") if hasattr(key, n)), str(key))
        parts.append(str(part))
    if parts and parts[-1] == "value":
        parts.pop()
    return ".".join(parts)
