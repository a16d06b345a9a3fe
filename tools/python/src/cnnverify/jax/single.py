"""One layer at a time, standing alone, with a random upstream gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from ..delivery import Target
from ..fixture_file import FixtureFile
from .graph import Origin
from .modules import is_linen, linen_function, split_module
from .session import UPSTREAM, Recording, is_nnx_module


def layer_jax(
    layer: Callable[..., Any],
    *inputs: Any,
    out: Target,
    params: Any = None,
    rngs: Mapping[str, Any] | int | None = None,
    seed: int = 0,
    name: str | None = None,
    case: str | None = None,
    twin: Literal["float64"] | None = None,
    method_arguments: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Export one function or Flax module as a layer that stands alone.

    A function is called with `inputs`, after `params` if there are any; a linen module with the
    variables `params`, which are made from `seed` where they are not given. What has no kind in the
    format raises `CaptureError` with the reason. The upstream gradient is drawn from a normal
    distribution with `seed`, which the provenance records. With a `FixtureFile` as `out`, a case is
    added to it.
    """
    named = dict(method_arguments or {})
    given: list[tuple[str, Origin, Any]] = [
        (f"input_{k}", "input", x) for k, x in enumerate(inputs)
    ]
    called = str(getattr(layer, "__name__", ""))
    title = name or ("" if called.startswith("<") else called)
    if isinstance(out, FixtureFile):
        case = out.free_name(case or title or type(layer).__name__.lower())

    function, arguments = _called(layer, params, given, rngs, seed, named)

    def weighted(*every: Any) -> Any:
        """Give a loss whose derivative by the output is the random upstream gradient."""
        generator = np.random.default_rng(seed)
        result, changed = function(*every)
        with jax.named_scope(UPSTREAM):
            total = jnp.zeros(())
            for part in jax.tree_util.tree_leaves(result):
                upstream = jnp.asarray(generator.standard_normal(part.shape), part.dtype)
                total = total + jnp.vdot(part, upstream).astype(total.dtype)
        return total, changed

    Recording(
        out=out,
        twin=twin,
        case=case,
        quiet=True,
        alone=True,
        title=title or None,
        provenance={"seed": seed, **(provenance or {})},
    ).record(weighted, [*arguments, *given])


def _called(
    layer: Any,
    params: Any,
    given: list[tuple[str, Origin, Any]],
    rngs: Mapping[str, Any] | int | None,
    seed: int,
    named: dict[str, Any],
) -> tuple[Callable[..., Any], list[tuple[str, Origin, Any]]]:
    """Give the layer as a function of parameters, state and inputs: its output and new state."""
    if is_nnx_module(layer):
        function, arguments = split_module(lambda m, *xs: m(*xs, **named), layer, [])
        return function, arguments
    if is_linen(layer):
        keys = {"dropout": jax.random.key(rngs if isinstance(rngs, int) else seed)}
        keys = dict(rngs) if isinstance(rngs, Mapping) else keys
        if params is None:
            first = {"params": jax.random.key(seed), **keys}
            params = layer.init(first, *[x for _, _, x in given], **named)
        return linen_function(layer, params, lambda y: y, keys, named)
    if params is None:
        return (lambda *xs: (layer(*xs, **named), None)), []
    return (lambda p, *xs: (layer(p, *xs, **named), None)), [("params", "parameter", params)]
