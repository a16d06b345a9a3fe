"""What several training steps in one file must have in common, whatever the framework."""

from __future__ import annotations

from typing import Any

from .errors import CaptureError
from .format import Case


def several(value: Any) -> tuple[Any, ...]:
    """Give what stands in a batch as a tuple: a tuple means several."""
    return value if isinstance(value, tuple) else (value,)


def check_same(first: Case, other: Case, number: int) -> None:
    """Raise unless a step ran the same layers with the same settings as the first one."""
    for layer in other.layers:
        if layer.training and "Dropout" in layer.kind:
            raise CaptureError(
                f"layer {layer.name} ({layer.kind}) draws other numbers in each step, which a "
                "trajectory cannot say; set its p to 0, or train in evaluation mode"
            )
    mine = [(x.name, x.kind, x.attributes, x.inputs) for x in first.layers]
    theirs = [(x.name, x.kind, x.attributes, x.inputs) for x in other.layers]
    if mine != theirs or first.inputs.keys() != other.inputs.keys():
        raise CaptureError(
            f"step {number} runs other layers than step 0; a trajectory is one network throughout"
        )
    if first.optimizer is None or other.optimizer is None:
        raise CaptureError("the optimizer holds no parameter of the model")
    if first.optimizer.attributes != other.optimizer.attributes:
        raise CaptureError(
            f"the optimizer's hyper-parameters changed before step {number}; a trajectory has one "
            "set of them"
        )
