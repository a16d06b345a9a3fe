"""Several training steps as one fixture: plain functions, Flax linen and Flax nnx."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import jax
import numpy as np

from ..delivery import Target
from ..errors import CaptureError
from ..format import Array, ParameterName, Trajectory
from ..trajectories import check_same, several
from .arrays import plain
from .forms import as_held
from .modules import Argument, is_linen, linen_function, split_module
from .session import Recording, is_nnx_module, stepper_of
from .trace import argument_names
from .updates import the_holder


def capture_training_jax(
    loss_fn: Callable[..., Any],
    params: Any,
    batches: Iterable[Any],
    optimizer: Any,
    *,
    out: Target,
    optimizer_state: Any = None,
    twin: Literal["float64"] | None = None,
    seed: int | None = None,
    **settings: Any,
) -> None:
    """Export several training steps of `loss_fn(params, *batch)`, a batch being a tuple of inputs.

    Nothing of the caller's changes. The file holds the first step as `capture_jax` writes it, with
    the update, and for all steps the inputs, the losses, and the parameters at the end. `params`
    may be a `flax.nnx` module, whose other state goes on from step to step; a plain function has
    none. Dropout is refused, as is an optimiser whose hyper-parameters change. `settings` are
    `case`, `self_check`, `compress`, … as for `capture_jax`.
    """
    given = [several(batch) for batch in batches]
    names = argument_names(loss_fn, max((len(batch) for batch in given), default=0))
    function: Callable[..., Any] = loss_fn
    arguments: list[Argument] = [("params", "parameter", params)]
    if is_nnx_module(params):
        function, arguments = split_module(loss_fn, params, [])
    settings["provenance"] = {"seed": seed, **(settings.get("provenance") or {})}
    _train(
        function, arguments, names, given, optimizer, optimizer_state, out, twin=twin, **settings
    )


def capture_training_flax(
    module: Any,
    variables: Any,
    loss: Callable[..., Any],
    batches: Iterable[tuple[Any, Any]],
    optimizer: Any,
    *,
    out: Target,
    optimizer_state: Any = None,
    rngs: Mapping[str, Any] | int | None = None,
    method_arguments: Mapping[str, Any] | None = None,
    twin: Literal["float64"] | None = None,
    **settings: Any,
) -> None:
    """Export several training steps: `loss(module(inputs), targets)` for each batch.

    A batch is a pair of inputs and targets; several of either as a tuple. Collections besides
    `params` (running statistics) go on from step to step. Otherwise as `capture_training_jax` and
    `capture_flax`.
    """
    named = dict(method_arguments or {})
    pairs = [(several(x), several(y)) for x, y in batches]
    count = len(pairs[0][0]) if pairs else 0
    names = _numbered("x", count) + _numbered("y", len(pairs[0][1]) if pairs else 0)
    seed = settings.pop("seed", rngs if isinstance(rngs, int) else None)
    settings["provenance"] = {"seed": seed, **(settings.get("provenance") or {})}
    arguments: list[Argument]
    if is_linen(module):
        called, arguments = linen_function(module, variables, lambda y: y, rngs, named)

        def function(params: Any, held: Any, keys: Any, *given: Any) -> Any:
            result, changed = called(params, held, keys, *given[:count])
            return loss(result, *given[count:]), changed
    else:
        if variables is not None:
            raise CaptureError("a flax.nnx module holds its variables: say variables=None")

        def of_module(model: Any, *given: Any) -> Any:
            return loss(model(*given[:count], **named), *given[count:])

        function, arguments = split_module(of_module, module, [])
    given = [(*x, *y) for x, y in pairs]
    _train(
        function, arguments, names, given, optimizer, optimizer_state, out, twin=twin, **settings
    )


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}{k}" for k in range(count)]


def _train(
    function: Callable[..., Any],
    arguments: list[Argument],
    names: Sequence[str],
    batches: Sequence[tuple[Any, ...]],
    optimizer: Any,
    optimizer_state: Any,
    out: Target,
    **settings: Any,
) -> None:
    """Record every step, each from what the one before it left behind."""
    if not batches:
        raise CaptureError("a trajectory needs at least one batch")
    stepper = stepper_of(optimizer, arguments, optimizer_state)
    if stepper is None:
        raise CaptureError("a trajectory needs an optimizer")
    first: Recording | None = None
    inputs: list[dict[str, Array]] = []
    losses: list[Any] = []
    for number, batch in enumerate(batches):
        if number > 0:
            settings |= {"twin": None, "self_check": False}
        recording = Recording(out=out, stepper=stepper, **settings)
        given = [(n, "input", x) for n, x in zip(names, batch, strict=True)]
        recording.run(function, [*arguments, *given])  # type: ignore[list-item]
        first = first or recording
        check_same(first.assembled.case, recording.assembled.case, number)
        inputs.append(recording.assembled.case.inputs)
        losses.append(plain(recording.results[0].reshape(1)))
        made = recording.step
        if made is None:
            return
        if made.rule.alone:
            raise CaptureError(
                f"no trajectory with this {made.rule.kind}, single steps alone: {made.rule.alone}"
            )
        stepper.go_on(made)
        arguments = _following(arguments, made.parameters, recording.results)
    if first is None:
        return
    first.assembled.case.trajectory = Trajectory(
        inputs, np.concatenate([np.asarray(value) for value in losses]), _final(first, stepper)
    )
    first.finish()


def _following(arguments: list[Argument], parameters: Any, results: list[Any]) -> list[Argument]:
    """Give what the next step begins with: new parameters, and the state that the function gave."""
    following = []
    for name, origin, value in arguments:
        tree, leaves = jax.tree_util.tree_structure(value), []
        if origin == "parameter":
            leaves = jax.tree_util.tree_leaves(parameters)
        elif origin == "state":
            leaves = results[len(results) - tree.num_leaves :]
        else:
            leaves = jax.tree_util.tree_leaves(value)
        following.append((name, origin, jax.tree_util.tree_unflatten(tree, leaves)))
    return following


def _final(first: Recording, stepper: Any) -> dict[ParameterName, Array]:
    """Give every parameter after the last step, with the first layer that holds it."""
    final: dict[ParameterName, Array] = {}
    leaves = jax.tree_util.tree_leaves(stepper.parameters)
    for value, leaf in zip(first.parameters, leaves, strict=True):
        held = first.assembled.holders.get(id(value))
        if held:
            layer, name, form = the_holder(value, held)
            final[layer.name, name] = as_held(leaf, form)
    return final
