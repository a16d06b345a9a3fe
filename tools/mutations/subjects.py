"""A layer with everything that a reference says of it, computed right, to plant mistakes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnverify.format import Array, Attribute, Layer, Reference

Function = Callable[..., Tensor]
"""`function(*inputs, **parameters)`: what a layer computes, said in torch."""


class Draw:
    """Random operands of one type and scale; the seed makes them again."""

    def __init__(self, seed: int, dtype: torch.dtype, scale: float) -> None:
        self.dtype = dtype
        self.scale = scale
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Draw normal numbers, times the scale."""
        return self.plain(*shape) * self.scale

    def plain(self, *shape: int) -> Tensor:
        """Draw normal numbers whatever the scale is."""
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(self.dtype)

    def whole(self, *shape: int, low: int = -3, high: int = 4) -> Tensor:
        """Draw whole numbers, among which there are ties and zeros."""
        return torch.randint(low, high, shape, generator=self.generator).to(self.dtype)

    def indices(self, limit: int, *shape: int) -> Tensor:
        """Draw indices below a limit."""
        return torch.randint(0, limit, shape, generator=self.generator)

    def probabilities(self, *shape: int) -> Tensor:
        """Draw numbers between 0 and 1, away from both."""
        drawn = torch.rand(*shape, generator=self.generator, dtype=torch.float64)
        return (0.05 + 0.9 * drawn).to(self.dtype)

    def mask(self, *shape: int, keep: float) -> Tensor:
        """Draw ones and zeros."""
        return (torch.rand(*shape, generator=self.generator) < keep).to(self.dtype)


@dataclass
class Mutant:
    """One tensor of a reference in the place of which a wrong one stands."""

    cause: str
    """The id that names the mistake."""
    path: str
    value: Tensor
    blame: str = "reference"


@dataclass
class Subject:
    """A layer, its operands, and the right results."""

    kind: str
    function: Function
    inputs: Sequence[Tensor]
    upstream: Tensor
    parameters: Mapping[str, Tensor] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    auxiliary: Mapping[str, Tensor] = field(default_factory=dict)
    buffers: Mapping[str, Tensor] = field(default_factory=dict)
    after: Mapping[str, Tensor] = field(default_factory=dict)
    """The buffers after the forward pass."""
    training: bool | None = None
    frozen: frozenset[int] = frozenset()
    """Inputs that no gradient reaches."""

    def __post_init__(self) -> None:
        self.right = self.computed()
        self.right.update({f"buffers/{name}": value for name, value in self.after.items()})

    @property
    def dtype(self) -> torch.dtype:
        """The type of the reference."""
        return self.upstream.dtype

    def computed(
        self,
        function: Function | None = None,
        inputs: Sequence[Tensor] | None = None,
        parameters: Mapping[str, Tensor] | None = None,
        upstream: Tensor | None = None,
        dtype: torch.dtype | None = None,
    ) -> dict[str, Tensor]:
        """Give all results by their paths, of this or of another computation."""
        kind = dtype or self.dtype
        xs = [_leaf(x, kind) for x in (self.inputs if inputs is None else inputs)]
        ps = {
            n: _leaf(p, kind)
            for n, p in (self.parameters if parameters is None else parameters).items()
        }
        for position in self.frozen:
            xs[position].requires_grad_(False)
        output = (function or self.function)(*xs, **ps)
        results = {"output": output.detach()}
        gradient = (self.upstream if upstream is None else upstream).to(kind)
        if output.shape == gradient.shape and output.requires_grad:
            output.backward(gradient)
        several = len(xs) > 1
        for position, x in enumerate(xs):
            if x.grad is not None:
                results[f"grad_input.{position}" if several else "grad_input"] = x.grad
        for name, p in ps.items():
            if p.grad is not None:
                results[f"grad_parameters/{name}"] = p.grad
        return results

    def replay(
        self,
        cause: str,
        function: Function | None = None,
        *,
        inputs: Sequence[Tensor] | None = None,
        parameters: Mapping[str, Tensor] | None = None,
        upstream: Tensor | None = None,
        only: Sequence[str] = (),
        blame: str = "reference",
    ) -> Iterator[Mutant]:
        """Plant what another computation gives, tensor by tensor, wherever it differs."""
        wrong = self.computed(function, inputs, parameters, upstream)
        for path, value in wrong.items():
            if path in self.right and (not only or path in only):
                yield from self.plant(cause, path, value, blame)

    def plant(
        self, cause: str, path: str, value: Tensor, blame: str = "reference"
    ) -> Iterator[Mutant]:
        """Plant one tensor, unless it is right after all."""
        right = self.right[path]
        if value.shape != right.shape or not self.is_close(path, value):
            yield Mutant(cause, path, value.to(right.dtype), blame)

    def is_close(self, path: str, value: Tensor) -> bool:
        """Whether a tensor could pass for the right one in a careful comparison."""
        right = self.right[path].double()
        error = (value.double() - right).abs().max() if right.numel() else torch.tensor(0.0)
        return bool(error <= 1e3 * torch.finfo(self.dtype).eps * right.abs().max())

    def layer(self, path: str | None = None, value: Tensor | None = None) -> Layer:
        """Give the layer as a fixture has it, one tensor exchanged."""
        results = {**self.right}
        if path is not None and value is not None:
            results[path] = value
        arrays = {name: array(tensor) for name, tensor in results.items()}
        reference = Reference(
            inputs={k: array(x) for k, x in enumerate(self.inputs)},
            outputs={0: arrays["output"]},
            grad_outputs={0: array(self.upstream)},
            grad_inputs={
                int(name.partition(".")[2] or 0): a
                for name, a in arrays.items()
                if name.startswith("grad_input")
            },
            grad_parameters=_below("grad_parameters/", arrays),
            buffers=_below("buffers/", arrays),
        )
        return Layer(
            name="layer",
            kind=self.kind,
            attributes=dict(self.attributes),
            training=self.training,
            arity=len(self.inputs),
            parameters={n: array(p) for n, p in self.parameters.items()},
            buffers={n: array(b) for n, b in self.buffers.items()},
            auxiliary={n: array(a) for n, a in self.auxiliary.items()},
            reference=reference,
        )

    def truth(self) -> dict[str, Tensor]:
        """Give the results in float64, from the same operands."""
        return self.computed(dtype=torch.float64)


def array(tensor: Tensor) -> NDArray[Any]:
    """Give a tensor's elements to whoever writes files."""
    found: NDArray[Any] = tensor.detach().contiguous().numpy()
    return found


def _below(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Array]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def _leaf(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    fresh = tensor.detach().clone()
    return fresh.to(dtype).requires_grad_() if fresh.is_floating_point() else fresh
