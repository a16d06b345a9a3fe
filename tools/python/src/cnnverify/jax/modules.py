"""Flax modules, both linen and nnx, as plain functions of parameters, state and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax

from ..delivery import Target
from ..errors import CaptureError
from .graph import Origin
from .session import Recording, stepper_of

Argument = tuple[str, Origin, Any]


def capture_flax(
    module: Any,
    variables: Any,
    x: Any,
    loss: Callable[..., Any],
    out: Target,
    *,
    optimizer: Any = None,
    optimizer_state: Any = None,
    rngs: Mapping[str, Any] | int | None = None,
    method_arguments: Mapping[str, Any] | None = None,
    **settings: Any,
) -> None:
    """Record a Flax module and a loss of its output, and write them as a fixture.

    Parameters
    ----------
    module: a `flax.linen` module, or a `flax.nnx` one (then `variables` is None).
    variables: what `module.init` gave; collections besides `params` may change in the call.
    x: the input, or a tuple of inputs.
    loss: from the module's output to a number.
    out: the file to write, or a `FixtureFile` that collects several cases.
    optimizer, optimizer_state: as for `capture_jax`; the step is of the collection `params`.
    rngs: keys by name for linen, or a seed from which `dropout` gets its key.
    method_arguments: arguments of the call by name, `{"train": True}`.
    settings: as for `capture_jax` (`twin`, `case`, `self_check`, …).

    """
    inputs = x if isinstance(x, tuple) else (x,)
    named = dict(method_arguments or {})
    given: list[Argument] = [
        ("x" if len(inputs) == 1 else f"x{k}", "input", v) for k, v in enumerate(inputs)
    ]
    seed = settings.pop("seed", rngs if isinstance(rngs, int) else None)
    settings["provenance"] = {"seed": seed, **(settings.get("provenance") or {})}
    if is_linen(module):
        function, arguments = linen_function(module, variables, loss, rngs, named)
        arguments += given
        stepper = stepper_of(optimizer, arguments, optimizer_state)
        Recording(out=out, stepper=stepper, **settings).record(function, arguments)
        return
    if variables is not None:
        raise CaptureError("a flax.nnx module holds its variables: say variables=None")

    def called(model: Any, *images: Any) -> Any:
        return loss(model(*images, **named))

    function, arguments = split_module(called, module, given)
    stepper = stepper_of(optimizer, arguments, optimizer_state)
    Recording(out=out, stepper=stepper, **settings).record(function, arguments)


def is_linen(module: Any) -> bool:
    """Whether something is a module of `flax.linen`."""
    return any(c.__module__.startswith("flax.linen") for c in type(module).__mro__)


def linen_function(
    module: Any,
    variables: Any,
    loss: Callable[..., Any],
    rngs: Mapping[str, Any] | int | None,
    named: dict[str, Any],
) -> tuple[Callable[..., Any], list[Argument]]:
    """Turn a linen module into a function of its parameters, its other state, keys, and inputs."""
    state = {name: tree for name, tree in variables.items() if name != "params"}
    keys = {"dropout": jax.random.key(rngs)} if isinstance(rngs, int) else dict(rngs or {})

    def function(params: Any, held: Any, keys: Any, *images: Any) -> Any:
        output = module.apply(
            {"params": params, **held}, *images, rngs=keys or None, mutable=list(held), **named
        )
        result, changed = output if isinstance(output, tuple) else (output, {})
        return loss(result), changed

    return function, [
        ("params", "parameter", variables.get("params", {})),
        ("", "state", state),
        ("rngs", "input", keys),
    ]


def split_module(
    function: Callable[..., Any], module: Any, inputs: list[Argument]
) -> tuple[Callable[..., Any], list[Argument]]:
    """Turn a function of an nnx module into one of its parameters, its other state, and inputs.

    The module itself is left as it is: the function runs on a copy made from its state.
    """
    from flax import nnx

    definition, params, rest = nnx.split(module, nnx.Param, ...)

    def of_state(params: Any, rest: Any, *given: Any) -> Any:
        model = nnx.merge(definition, params, rest)
        result = function(model, *given)
        return result, nnx.state(model, nnx.Not(nnx.Param))

    return of_state, [("params", "parameter", params), ("", "state", rest), *inputs]
