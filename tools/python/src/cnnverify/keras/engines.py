"""What the three backends of Keras do differently: derivatives, random state, wide numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import keras

from ..errors import CaptureError

Tensor: TypeAlias = Any
"""A tensor of the backend."""

Function: TypeAlias = Callable[[list[Tensor]], tuple[list[Tensor], Any]]
"""From floating tensors to floating tensors, and anything else made of tensors on the side."""


class Engine(Protocol):
    """One backend of Keras."""

    name: str

    def differentiate(
        self, function: Function, leaves: Sequence[Tensor], upstream: Sequence[Tensor | None]
    ) -> tuple[list[Tensor], list[Tensor | None], Any]:
        """Run a function; its outputs, the gradients of its leaves, and what it has on the side.

        `upstream` are the gradients of the outputs; None where nothing arrives. Without any, the
        only output is the objective and its gradient 1.
        """
        ...

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor of this backend."""
        ...

    def random_state(self) -> Any:
        """Give the random numbers' state outside of Keras' variables."""
        ...

    def restored_random(self, state: Any) -> contextlib.AbstractContextManager[None]:
        """Draw from a former state, and go back to the present one afterwards."""
        ...

    def settled(self) -> contextlib.AbstractContextManager[None]:
        """Compute plainly and repeatably in the block."""
        ...

    def wide(self) -> contextlib.AbstractContextManager[None]:
        """Allow float64 in the block."""
        ...

    def producer(self) -> str:
        """Name the backend and its version."""
        ...

    def flags(self) -> dict[str, Any]:
        """Give the settings that choose how numbers are computed."""
        ...


def engine() -> Engine:
    """Give the engine of the backend that this process runs."""
    name = keras.backend.backend()
    if name == "jax":
        from .engine_jax import JaxEngine

        return JaxEngine()
    if name == "torch":
        from .engine_torch import TorchEngine

        return TorchEngine()
    if name == "tensorflow":
        from .engine_tensorflow import TensorFlowEngine

        return TensorFlowEngine()
    raise CaptureError(
        f"the backend {name} has no gradients to export; set KERAS_BACKEND to tensorflow, torch "
        "or jax before keras is imported"
    )


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Change nothing in the block."""
    yield


@contextlib.contextmanager
def without_narrowing() -> Iterator[None]:
    """Keep float64 where Keras finds a common type; except on TensorFlow it makes float32 of it."""
    from keras.src.backend.common import dtypes

    table: dict[str, str] = dtypes.BIT64_TO_BIT32_DTYPE
    before = table["float64"]
    table["float64"] = "float64"
    try:
        yield
    finally:
        table["float64"] = before
