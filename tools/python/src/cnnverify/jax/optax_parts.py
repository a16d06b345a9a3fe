"""The parts of a step of optax: what a chain does around its core, a slot of the state, a rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import CaptureError
from ..format import Attribute
from .optax_blocks import Block

LINEAR = {"scale", "scale_by_schedule", "add_decayed_weights", "trace"}
"""The transformations that scale, decay and sum up, and are linear in the gradient."""


@dataclass(frozen=True, eq=False)
class Slot:
    """A slot of the format, made of a tree that optax keeps: `factor` · value + what is added."""

    before: Any
    after: Any
    factor: float = 1.0
    added: float = 0.0
    added_after: float = 0.0

    def written(self, values: Any, *, after: bool) -> Any:
        """Give the slot of one parameter: unchanged as it is, otherwise in float64."""
        added = self.added_after if after else self.added
        if self.factor == 1 and not added:
            return np.asarray(values)
        if self.factor == -1 and not added:
            return -np.asarray(values)
        return self.factor * np.asarray(values, np.float64) + added


@dataclass(eq=False)
class Rule:
    """A step as one of the format's optimisers."""

    kind: str
    settings: dict[str, Attribute]
    slots: dict[str, Slot] = field(default_factory=dict)
    taken: int | None = None
    """The number of steps before this one, where optax counts them."""
    alone: str = ""
    """Why it holds for this step only, and no trajectory can be made of it."""


class Line:
    """What scalings, decays and a trace make of a vector d: `factor` · (d + `decay` · p).

    With a trace, `inner` is the factor in front of it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.factor = 1.0
        self.decay = 0.0
        self.inner = 1.0
        self.trace: Block | None = None

    def follow(self, block: Block) -> None:
        """Put a block behind."""
        held = block.settings
        if block.name == "scale":
            self.factor *= float(held["step_size"])
        elif block.name == "scale_by_schedule":
            self.factor *= float(held["step_size_fn"](block.state.count))
        elif block.name == "add_decayed_weights":
            given = held["weight_decay"]
            added = float(given(block.state.count) if callable(given) else given)
            if added and not self.factor:
                raise CaptureError(f"optax: {self.name} with a decay behind a rate of 0")
            self.decay += added / self.factor if added else 0.0
        elif self.trace is not None:
            raise CaptureError(f"optax: {self.name} with two traces cannot be expressed")
        elif float(held["decay"]):
            self.trace, self.inner, self.factor = block, self.factor, 1.0

    @property
    def momentum(self) -> float:
        """The decay of the trace."""
        return 0.0 if self.trace is None else float(self.trace.settings["decay"])

    @property
    def nesterov(self) -> bool:
        """Whether the trace looks ahead."""
        return self.trace is not None and bool(self.trace.settings["nesterov"])

    def buffer(self, factor: float) -> Slot:
        """Give the slot of the trace."""
        assert self.trace is not None
        return Slot(self.trace.state.trace, self.trace.after.trace, factor)
