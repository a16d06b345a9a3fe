"""Finds what expresses a recorded application."""

from __future__ import annotations

from typing import Any

import keras

from .activation_kinds import ACTIVATION_FUNCTIONS, ACTIVATION_LAYERS
from .arithmetic_kinds import ARITHMETIC
from .convolution_kinds import CONVOLUTION_LAYERS
from .image_kinds import IMAGE_LAYERS
from .loss_kinds import LOSSES
from .merging_kinds import MERGING
from .normalization_kinds import NORMALIZATION_LAYERS
from .stages import Builder, Call, Inexpressible, Stage

BUILDERS: dict[str, Builder] = {
    **{
        f"layers.{name}": builder
        for table in (ACTIVATION_LAYERS, CONVOLUTION_LAYERS, IMAGE_LAYERS, NORMALIZATION_LAYERS)
        for name, builder in table.items()
    },
    **{f"ops.{name}": builder for name, builder in ACTIVATION_FUNCTIONS.items()},
    **MERGING,
    **ARITHMETIC,
}
"""By `layers.` or `ops.` and the name of the class in Keras."""


def expressed(call: Call) -> list[Stage]:
    """Express an application in kinds, or raise `Inexpressible`."""
    operation = call.operation
    if type(operation) in LOSSES:
        return LOSSES[type(operation)](call)
    name = type(operation).__name__
    if not type(operation).__module__.startswith("keras."):
        raise Inexpressible(f"{name} is no operation of Keras")
    home = "layers" if isinstance(operation, keras.Layer) else "ops"
    builder = BUILDERS.get(f"{home}.{name}")
    if builder is None:
        raise Inexpressible(f"no kind for keras.{home}.{name}")
    if len(call.step.outputs) > 1 and name != "Split":
        raise Inexpressible("several outputs")
    return builder(call)


def is_expressible(loss: Any) -> bool:
    """Whether a loss has stages of its own."""
    return type(loss) in LOSSES
