"""Opens a transformation of optax: the building blocks it is chained from, with their settings.

A transformation is a pair of functions, and its settings are what these functions close over. They
are read there, by the names that optax gives them; whatever was read is proved afterwards by
computing the step a second time (`updates`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Block:
    """One transformation that is no combination of others."""

    name: str
    """As optax calls it: `scale_by_adam`."""
    settings: Mapping[str, Any]
    """What its update closes over."""
    state: Any
    after: Any
    """The state after the step."""


def blocks_of(update: Callable[..., Any], state: Any, after: Any) -> Iterator[Block]:
    """Give the building blocks of a transformation's update in the order they are applied."""
    name = name_of(update)
    held = _closure(update)
    if name == "identity":
        return
    if name == "with_extra_args_support":
        yield from blocks_of(held["tx"].update, state, after)
    elif name == "chain":
        for part, before, behind in zip(held["update_fns"], state, after, strict=True):
            yield from blocks_of(part, before, behind)
    elif name == "named_chain":
        for title, part in held["transforms"]:
            yield from blocks_of(part.update, state[title], after[title])
    elif name == "inject_hyperparams":
        # What the step used, schedules included, stands in the state behind it.
        inner = held["inner_factory"](**held["other_hps"], **after.hyperparams)
        yield from blocks_of(inner.update, state.inner_state, after.inner_state)
    else:
        yield Block(name, held, state, after)


def name_of(update: Callable[..., Any]) -> str:
    """Name a transformation by the function of optax that made it; others by their own path."""
    name = str(getattr(update, "__qualname__", type(update).__qualname__)).split(".<locals>")[0]
    home = str(getattr(update, "__module__", ""))
    return name if home.split(".")[0] == "optax" else f"{home}.{name}"


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    if code is None or not cells:
        return {}
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True)}
