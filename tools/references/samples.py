"""What a sample is: one layer with inputs, which somebody can export as a case of a fixture."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

import cnnverify
from cnnverify.format import Array, Attribute

NAMES = {torch.float32: "f32", torch.float64: "f64"}


@dataclass(frozen=True)
class Export:
    """Where a sample goes, and under which name."""

    out: cnnverify.FixtureFile
    case: str
    seed: int
    has_twin: bool

    @property
    def twin(self) -> Literal["float64"] | None:
        """What the exporter calls a second reference."""
        return "float64" if self.has_twin else None


@dataclass(frozen=True)
class Sample:
    """One layer with its inputs."""

    title: str
    write: Callable[[Export], None]


@dataclass
class Samples:
    """All samples of one kind in one floating type."""

    usable: list[Sample] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    """How many samples are none of the format's, by the reason."""

    def drop(self, reason: str) -> None:
        """Count a sample that the format does not hold."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1


Maker = Callable[[torch.dtype], Iterator[Sample]]
"""Makes the samples of a kind in one floating type."""


def seeded(kind: str) -> int:
    """Give each kind its own seed, the same in every run."""
    seed = zlib.crc32(kind.encode())
    torch.manual_seed(seed)
    return seed


def vary(module: nn.Module) -> None:
    """Draw what begins as ones or zeros: such numbers would hide errors."""
    running = {n: b for n, b in module.named_buffers() if n.startswith("running_")}
    with torch.no_grad():
        for name, tensor in {**dict(module.named_parameters()), **running}.items():
            if tensor.numel() and bool((tensor == tensor.flatten()[0]).all()):
                lowest = 0.5 if name == "running_var" else -0.75
                tensor.copy_(torch.rand_like(tensor) + lowest)


def of_module(title: str, module: nn.Module | Callable[..., Any], *inputs: Any) -> Sample:
    """Make a sample of a module, or of a function of tensors.

    Floating targets of a loss are differentiated too, where PyTorch can and gets numbers.
    """

    def write(export: Export) -> None:
        try:
            _layer(module, tuple(map(_differentiated, inputs)), export)
            if not _has_undefined_gradient(export):
                return
            del export.out.fixture.cases[export.case]
        except (NotImplementedError, RuntimeError) as error:
            if "not implemented" not in str(error) and "not differentiable" not in str(error):
                raise
        _layer(module, inputs, export)

    return Sample(title, write)


def _has_undefined_gradient(export: Export) -> bool:
    """Whether a result is a number and a gradient is none."""
    reference = export.out.fixture.cases[export.case].layers[0].reference

    def has_nan(arrays: Iterable[Array]) -> bool:
        return any(bool(np.isnan(np.asarray(array)).any()) for array in arrays)

    return has_nan(reference.grad_inputs.values()) and not has_nan(reference.outputs.values())


def _layer(module: Any, inputs: tuple[Any, ...], export: Export) -> None:
    cnnverify.layer(
        module,
        *inputs,
        out=export.out,
        name="layer",
        case=export.case,
        seed=export.seed,
        twin=export.twin,
    )


def _differentiated(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return value


def of_statement(
    title: str,
    kind: str,
    function: Callable[..., Any],
    *inputs: Tensor,
    parameters: dict[str, Tensor] | None = None,
    auxiliary: dict[str, Tensor] | None = None,
    **attributes: Attribute,
) -> Sample:
    """Make a sample of a kind for which PyTorch has no single function."""

    def write(export: Export) -> None:
        cnnverify.stated_layer(
            kind,
            function,
            *inputs,
            out=export.out,
            name="layer",
            case=export.case,
            seed=export.seed,
            twin=export.twin,
            attributes=attributes,
            parameters=parameters,
            auxiliary=auxiliary,
        )

    return Sample(title, write)
