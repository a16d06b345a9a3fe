"""Traces the user's loss function into a graph, with a name for each of its tensors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import CaptureError
from .graph import Graph, Origin, Value, is_floating
from .names import path_of


def trace(
    function: Callable[..., Any],
    arguments: Sequence[tuple[str, Origin, Any]],
) -> tuple[Graph, list[Value], Callable[..., list[Any]]]:
    """Trace `function(*arguments)`; each argument has a name and an origin.

    Gives the graph, its leaves, and the function of the leaves' arrays (the loss first).
    """
    leaves: list[Value] = []
    trees = []
    for name, origin, argument in arguments:
        paths, tree = jax.tree_util.tree_flatten_with_path(argument)
        trees.append(tree)
        for keys, leaf in paths:
            leaves.append(_leaf(name, origin, path_of(keys), leaf))

    def of_leaves(*arrays: Any) -> list[Any]:
        given, rebuilt = list(arrays), []
        for tree in trees:
            part, given = given[: tree.num_leaves], given[tree.num_leaves :]
            rebuilt.append(jax.tree_util.tree_unflatten(tree, part))
        return _loss_first(function(*rebuilt))

    closed = jax.make_jaxpr(of_leaves)(*[leaf.data for leaf in leaves])
    graph = Graph(closed, leaves)
    if not graph.loss.active:
        raise CaptureError(
            "the loss does not depend on a parameter or a floating input, so there is nothing to "
            "differentiate; check what the function returns"
        )
    return graph, leaves, of_leaves


def _leaf(name: str, origin: Origin, path: str, data: Any) -> Value:
    array = data if isinstance(data, jax.Array) else jnp.asarray(data)
    if array.dtype == np.float64 and not jax.config.jax_enable_x64:
        array = array.astype(np.float32)
    floating = is_floating(array)
    whole = ".".join(p for p in ((name if origin != "parameter" else ""), path) if p)
    return Value(
        jax.typeof(array),
        origin,
        active=floating and origin in ("parameter", "input"),
        static=not floating,
        data=array,
        path=whole,
    )


def _loss_first(result: Any) -> list[Any]:
    """Take `loss` or `(loss, anything)`, as `jax.value_and_grad` does with `has_aux`."""
    loss, rest = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
    if isinstance(loss, tuple) and len(loss) == 2:
        # What a module's own state adds to a pair that the user returned.
        loss, rest = loss[0], (loss[1], rest)
    if (
        not hasattr(loss, "shape")
        or loss.shape != ()
        or not jnp.issubdtype(loss.dtype, jnp.floating)
    ):
        raise CaptureError(
            "the loss function must return one floating number, or a pair of it and anything "
            f"else; it returned {jax.tree_util.tree_map(_described, result)}"
        )
    return [loss, *jax.tree_util.tree_leaves(rest)]


def _described(leaf: Any) -> str:
    return f"{getattr(leaf, 'dtype', type(leaf).__name__)}{list(getattr(leaf, 'shape', ()))}"


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """Give the names of a function's arguments after the first, for the inputs of the network."""
    try:
        names = list(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):
        names = []
    return [names[k] if k < len(names) else f"input_{k}" for k in range(count)]
