"""One layer at a time, standing alone, with a random upstream gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from ..delivery import Target, deliver
from ..errors import CaptureError
from ..findings import Findings
from ..fixture_file import FixtureFile
from ..format import Attribute, Case, Layer, Reference
from .provenance import producer, torch_provenance
from .session import capture
from .snapshot import Snapshot, to_array


def layer(
    module: nn.Module | Callable[..., Any],
    *inputs: Any,
    out: Target,
    seed: int = 0,
    name: str | None = None,
    case: str | None = None,
    twin: Literal["float64"] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Export one module, or one function, as a layer that stands alone.

    Floating inputs get gradients; the target of a loss does only if it requires grad. What has no
    kind in the format raises `CaptureError` with the reason. The upstream gradient is
    drawn from a normal distribution with `seed`, which the provenance records. With a
    `FixtureFile` as `out`, a case is added to it.
    """
    single = module if isinstance(module, nn.Module) else _Function(module)
    title = name or type(module).__name__.lower() if isinstance(module, nn.Module) else name
    if isinstance(out, FixtureFile):
        case = out.free_name(case or title or "layer")
    arguments = [_argument(single, k, x) for k, x in enumerate(inputs)]
    before = {n: p.grad for n, p in single.named_parameters()}
    try:
        facts = {"seed": seed, **(provenance or {})}
        with _SingleCapture(single, out, title, case, twin, facts) as recording:
            for parameter in single.parameters():
                parameter.grad = None
            returned = single(*arguments)
            outputs = [leaf for leaf in pytree.tree_leaves(returned) if isinstance(leaf, Tensor)]
            reached = [o for o in outputs if o.requires_grad]
            generator = torch.Generator().manual_seed(seed)
            upstream = [_random_like(o, generator) for o in reached]
            torch.autograd.backward(reached, upstream)
            recording.note_untouched(reached, upstream)
    finally:
        for parameter_name, parameter in single.named_parameters():
            parameter.grad = before[parameter_name]


def stated_layer(
    kind: str,
    function: Callable[..., Tensor],
    *inputs: Tensor,
    out: Target,
    seed: int = 0,
    name: str | None = None,
    case: str | None = None,
    attributes: Mapping[str, Attribute] | None = None,
    parameters: Mapping[str, Tensor] | None = None,
    auxiliary: Mapping[str, Tensor] | None = None,
    twin: Literal["float64"] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Export a layer of a stated kind that a function computes: `function(*inputs, **parameters)`.

    For kinds that torch has no single module for (a convolution with asymmetric padding, a sum
    pool, a plug-in's own layer): the function says in torch what the kind means.
    """
    parameters = parameters or {}
    stated = Layer(
        name=name or kind.rpartition(".")[2].lower(),
        kind=kind,
        attributes=dict(attributes or {}),
        arity=len(inputs),
        parameters={n: to_array(p) for n, p in parameters.items()},
        auxiliary={n: to_array(a) for n, a in (auxiliary or {}).items()},
    )
    stated.reference, upstream = _computed(function, inputs, parameters, seed, None)
    stated.reference.inputs = {k: to_array(x) for k, x in enumerate(inputs)}
    stated.reference.grad_outputs = {0: to_array(upstream)}
    if twin is not None:
        stated.reference_f64, _ = _computed(function, inputs, parameters, seed, upstream.double())
    title = case or stated.name
    deliver(
        Case(layers=[stated]),
        out,
        name=out.free_name(title) if isinstance(out, FixtureFile) else case,
        producer=producer(),
        facts={**torch_provenance(), "seed": seed, **(provenance or {})},
    )


def _computed(
    function: Callable[..., Tensor],
    inputs: tuple[Tensor, ...],
    parameters: Mapping[str, Tensor],
    seed: int,
    upstream: Tensor | None,
) -> tuple[Reference, Tensor]:
    """Run a function and its derivative, in the type of `upstream` if it is given."""
    dtype = upstream.dtype if upstream is not None else None
    xs = [_leaf(x, dtype) for x in inputs]
    ps = {n: _leaf(p, dtype) for n, p in parameters.items()}
    output = function(*xs, **ps)
    if upstream is None:
        upstream = _random_like(output, torch.Generator().manual_seed(seed))
    torch.autograd.backward(output, upstream)
    reference = Reference(outputs={0: to_array(output)})
    reference.grad_inputs = {k: to_array(x.grad) for k, x in enumerate(xs) if x.grad is not None}
    reference.grad_parameters = {n: to_array(p.grad) for n, p in ps.items() if p.grad is not None}
    return reference, upstream


def _leaf(tensor: Tensor, dtype: torch.dtype | None) -> Tensor:
    fresh = tensor.detach().clone()
    if not fresh.is_floating_point():
        return fresh
    return fresh.to(dtype or fresh.dtype).requires_grad_()


class _Function(nn.Module):
    """Lends a function the shape of a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        """Call the function."""
        return self.function(*inputs)


class _SingleCapture(capture):
    """A capture that must find exactly one layer, and may name it."""

    def __init__(
        self,
        module: nn.Module,
        out: Target,
        title: str | None,
        case: str | None,
        twin: Literal["float64"] | None,
        provenance: Mapping[str, Any],
    ) -> None:
        super().__init__(
            module, out, case=case, twin=twin, provenance=provenance, quiet=True, alone=True
        )
        self.title = title

    def note_untouched(self, outputs: list[Tensor], gradients: list[Tensor]) -> None:
        """Give a layer that returns its input the gradient that no node of its own can see."""
        for operation in self.recorder.tape.operations:
            for own in operation.outputs:
                for output, gradient in zip(outputs, gradients, strict=True):
                    if own.alias_of is not None and own.tensor is output:
                        own.gradient = Snapshot.of(gradient)

    def _write(self, findings: Findings, out: Target) -> int:
        layers = self.assembled.case.layers if self.assembled is not None else []
        for layer in layers:
            reason = layer.attributes.get("x_reason")
            if reason is not None:
                raise CaptureError(f"{layer.kind} cannot be expressed: {reason}")
        if len(layers) != 1:
            names = ", ".join(layer.name for layer in layers)
            raise CaptureError(
                f"layer() takes one operation, this made {len(layers)} layers ({names}); use "
                "capture() for more"
            )
        if self.title is not None:
            layers[0].name = self.title
        return super()._write(findings, out)


def _argument(module: nn.Module, position: int, value: Any) -> Any:
    """Copy an input; numbers and lists stay as they are."""
    if not isinstance(value, Tensor):
        return value
    wanted = value.requires_grad or not _is_target(module, position)
    return value.detach().clone().requires_grad_(value.is_floating_point() and wanted)


def _is_target(module: nn.Module, position: int) -> bool:
    """Whether an input is what a loss compares with: many have no derivative there."""
    called: Any = module.function if isinstance(module, _Function) else module.forward
    owner = module.function if isinstance(module, _Function) else type(module)
    if not str(getattr(owner, "__name__", "")).lower().endswith("loss"):
        return False
    try:
        names = list(inspect.signature(called).parameters)
    except ValueError:
        return position == 1
    return position < len(names) and names[position] in ("target", "targets")


def _random_like(tensor: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
