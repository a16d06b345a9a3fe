"""Runs single equations, as JAX runs them eagerly, or in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np


def bind(primitive: Any, arguments: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    """Run one equation.

    `get_bind_params` turns what an equation holds into what its primitive takes. It is internal to
    JAX: 0.10 returns the parameters, earlier versions a pair of functions and parameters.
    """
    given = primitive.get_bind_params(params)
    functions: Sequence[Any] = ()
    if isinstance(given, tuple):
        functions, given = given
    result = primitive.bind(*functions, *arguments, **given)
    return list(result) if primitive.multiple_results else [result]


_TYPES = ("new_dtype", "preferred_element_type", "dtype", "out_dtype")
_CLOSED = ("jaxpr", "call_jaxpr", "cond_jaxpr", "body_jaxpr", "branches", "fun_jaxpr")


class NoWideForm(Exception):
    """An equation whose body is typed cannot run in another type."""


def wide_params(params: dict[str, Any]) -> dict[str, Any]:
    """Change what an equation says of floating types to float64."""
    if any(name in params for name in _CLOSED):
        raise NoWideForm("a function with a body of its own")
    changed = dict(params)
    for name in _TYPES:
        wanted = changed.get(name)
        if wanted is not None and jnp.issubdtype(wanted, jnp.floating):
            changed[name] = np.dtype(np.float64)
    return changed


def wide_array(data: Any) -> Any:
    """Cast a floating tensor to float64 exactly; other types stay."""
    return jnp.asarray(data, jnp.float64) if jnp.issubdtype(data.dtype, jnp.floating) else data
