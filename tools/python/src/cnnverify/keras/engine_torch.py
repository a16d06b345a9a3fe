"""Keras on PyTorch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..torch.determinism import deterministic
from .engines import Function, Tensor, without_narrowing


class TorchEngine:
    """Tensors keep their strides all the way, for kernels choose the order of sums by them."""

    name = "torch"

    def differentiate(
        self, function: Function, leaves: Sequence[Tensor], upstream: Sequence[Tensor | None]
    ) -> tuple[list[Tensor], list[Tensor | None], Any]:
        """Run forward and backward with `torch.autograd.grad`."""
        own = [leaf.detach().clone().requires_grad_() for leaf in leaves]
        with torch.enable_grad():
            outputs, beside = function(own)
        given: Sequence[Tensor | None] = upstream or [torch.ones_like(outputs[0])]
        pairs = [
            (o, g) for o, g in zip(outputs, given, strict=True) if g is not None and o.requires_grad
        ]
        gradients: list[Tensor | None] = [None] * len(own)
        if pairs and own:
            gradients = list(
                torch.autograd.grad(
                    [o for o, _ in pairs], own, [g for _, g in pairs], allow_unused=True
                )
            )
        return [o.detach() for o in outputs], gradients, _detached(beside)

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor."""
        return isinstance(value, torch.Tensor)

    def random_state(self) -> Any:
        """Give the state of the generator that layers without a seed draw from."""
        return torch.get_rng_state()

    @contextlib.contextmanager
    def restored_random(self, state: Any) -> Iterator[None]:
        """Draw from a former state."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            yield

    def settled(self) -> contextlib.AbstractContextManager[None]:
        """Use deterministic algorithms and no TF32."""
        return deterministic(keep_tf32=False)

    def wide(self) -> contextlib.AbstractContextManager[None]:
        """Torch always has float64; Keras on torch avoids it."""
        return without_narrowing()

    def producer(self) -> str:
        """Name the version of PyTorch."""
        return f"torch {torch.__version__}"

    def flags(self) -> dict[str, Any]:
        """Give what the exporter of PyTorch gives."""
        from ..torch.provenance import torch_provenance

        names = ("device", "threads", "vector_extensions", "engine", "seed")
        facts = torch_provenance()
        return {("torch_seed" if n == "seed" else n): facts[n] for n in names}


def _detached(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, list | tuple):
        return type(value)(_detached(item) for item in value)
    if isinstance(value, dict):
        return {key: _detached(item) for key, item in value.items()}
    return value
