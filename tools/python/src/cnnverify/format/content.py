"""What a fixture holds, as plain data: the one description that every exporter fills in.

Nothing here knows a framework. Tensors are NumPy arrays in canonical axis order; bfloat16, which
NumPy lacks, travels as its bits, and a tensor in another order of axes says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FORMAT = "cnn-fixture"
FORMAT_VERSION = "1.0"


@dataclass(frozen=True, eq=False)
class BFloat16:
    """A bfloat16 tensor as the 16-bit patterns of its elements."""

    bits: NDArray[np.uint16]

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return tuple(self.bits.shape)


@dataclass(frozen=True, eq=False)
class Arranged:
    """A tensor as a framework holds it, in another order of axes than the canonical one.

    `axes` has one letter for each axis of `values`: `"NHWC"`, `"HWIO"`, `"IO"`. Who reads the file
    permutes.
    """

    values: NDArray[Any] | BFloat16
    axes: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as it is stored."""
        return tuple(self.values.shape)


Array: TypeAlias = NDArray[Any] | BFloat16 | Arranged
Attribute: TypeAlias = bool | int | float | str | Sequence[int] | Sequence[float] | Sequence[str]


@dataclass
class Reference:
    """What the framework computed for one layer; everything in it is optional.

    `inputs`, `outputs` and their gradients are keyed by position, the rest by name.
    """

    inputs: dict[int, Array] = field(default_factory=dict)
    outputs: dict[int, Array] = field(default_factory=dict)
    grad_outputs: dict[int, Array] = field(default_factory=dict)
    grad_inputs: dict[int, Array] = field(default_factory=dict)
    grad_parameters: dict[str, Array] = field(default_factory=dict)
    buffers: dict[str, Array] = field(default_factory=dict)
    updated_parameters: dict[str, Array] = field(default_factory=dict)
    initial_buffers: dict[str, Array] = field(default_factory=dict)


@dataclass
class Layer:
    """One application of one layer.

    `inputs` names what feeds it; None makes it stand alone with its own `reference.inputs`.
    Two layers share a parameter by holding the same array object.
    `arity` and `outputs` are the numbers of inputs and outputs: with one, no number is appended.
    """

    name: str
    kind: str
    attributes: dict[str, Attribute] = field(default_factory=dict)
    inputs: list[str] | None = None
    arity: int = 1
    outputs: int = 1
    index: int | None = None
    training: bool | None = None
    source: str | None = None
    expected_failure: str | None = None
    parameters: dict[str, Array] = field(default_factory=dict)
    buffers: dict[str, Array] = field(default_factory=dict)
    auxiliary: dict[str, Array] = field(default_factory=dict)
    reference: Reference = field(default_factory=Reference)
    reference_f64: Reference | None = None


ParameterName: TypeAlias = tuple[str, str]
"""A parameter by the name of the layer that holds it and its own."""


@dataclass
class Update:
    """One step of an optimiser: its rule, and the state of each parameter before and after.

    The parameters after it are the layers' `reference.updated_parameters`.
    """

    kind: str
    attributes: dict[str, Attribute] = field(default_factory=dict)
    step: int = 0
    """The number of steps already taken."""
    state: dict[ParameterName, dict[str, Array]] = field(default_factory=dict)
    reference_state: dict[ParameterName, dict[str, Array]] = field(default_factory=dict)


@dataclass
class Trajectory:
    """Several training steps from the layers' own parameters on."""

    batches: list[dict[str, Array]]
    """The inputs of the network in each step."""
    losses: Array
    parameters: dict[ParameterName, Array] = field(default_factory=dict)
    """After the last step."""


@dataclass
class Case:
    """A network, or several layers that stand alone, with the inputs that feed them."""

    inputs: dict[str, Array] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    loss: str | None = None
    arithmetic: str | None = None
    optimizer: Update | None = None
    trajectory: Trajectory | None = None


@dataclass
class Fixture:
    """A whole file: one case at the root, or several by name, never both."""

    root: Case | None = None
    cases: dict[str, Case] = field(default_factory=dict)
    producer: str | None = None
    provenance: Mapping[str, Any] | None = None
