"""`grid`: a case for each combination of hyper-parameters; `canary`: those that hide nothing."""

from __future__ import annotations

import difflib
import itertools
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch

from ...errors import CaptureError
from ...fixture_file import FixtureFile
from ..module_kinds import MODULE_KINDS
from ..single import layer
from .draw import Draw
from .losses import LOSS_RECIPES
from .pointwise import POINTWISE
from .recipe import Recipe, Settings
from .shapes import SHAPED
from .windows import WINDOWS

RECIPES: dict[str, Recipe] = {**WINDOWS, **POINTWISE, **SHAPED, **LOSS_RECIPES}

Target = str | os.PathLike[str] | FixtureFile


def kinds() -> list[str]:
    """Give the kinds that `grid` and `canary` take, in alphabetical order."""
    return sorted(RECIPES)


def grid(
    kind: str,
    *,
    out: Target,
    canary: bool = False,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    twin: Literal["float64"] | None = None,
    provenance: Mapping[str, Any] | None = None,
    quiet: bool = False,
    **settings: Any,
) -> int:
    """Write a case for each combination of hyper-parameters of a kind; the number of cases.

    `grid("Conv2d", stride=[1, 2], kernel_size=(3, 2), out="grid.h5")`: a list is an axis of the
    grid, anything else holds throughout, and what is not given is chosen so that it hides little
    (a batch of 5, unequal sizes, strides that leave a remainder). Besides the hyper-parameters of
    the kind, `input` is the shape of its first input, and `training` its mode. A class weight
    that is True is drawn.

    A combination that torch refuses is left out, and counted in the printed lines with torch's
    reason. Each case is drawn with a seed of its own, `seed` plus its number, which its layer's
    attribute `x_seed` holds. With `canary` the grid stands on the settings that `canary` writes.
    """
    recipe = _recipe(kind)
    _check_names(kind, recipe, settings)
    bases = recipe.canaries if canary else {"": {}}
    combinations = list(_combinations(bases, settings))
    if isinstance(out, FixtureFile):
        count = _fill(out, kind, recipe, combinations, seed, dtype, twin, quiet)
    else:
        facts = {"seed": f"{seed} and up, one a case: x_seed", **(provenance or {})}
        file = FixtureFile(out, provenance=facts)
        count = _fill(file, kind, recipe, combinations, seed, dtype, twin, quiet)
        file.write()
    return count


def canary(
    kind: str,
    *,
    out: Target,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    twin: Literal["float64"] | None = None,
    provenance: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> int:
    """Write the configurations of a kind in which no known fault can hide; their number.

    A fixture can agree because it does not show a fault: a 1×1 kernel hides a rotated one, a
    stride that divides hides what is dropped at the end, data without ties hides which of two
    equal elements wins.
    """
    return grid(
        kind,
        out=out,
        canary=True,
        seed=seed,
        dtype=dtype,
        twin=twin,
        provenance=provenance,
        quiet=quiet,
    )


def _recipe(kind: str) -> Recipe:
    if kind in RECIPES:
        return RECIPES[kind]
    close = difflib.get_close_matches(kind, RECIPES, 1)
    hint = f"did you mean {close[0]}?" if close else "layer() and stated_layer() take any layer"
    raise CaptureError(f"there is no grid of {kind}; {hint}")


def _check_names(kind: str, recipe: Recipe, settings: Settings) -> None:
    for name, value in settings.items():
        if name not in recipe.known:
            known = sorted(recipe.known)
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}"
            raise CaptureError(f"{kind} has no hyper-parameter {name}; {hint}")
        if isinstance(value, list) and not value:
            raise CaptureError(f"the list of {name} is empty; name at least one value")


def _combinations(
    bases: Mapping[str, Settings], settings: Settings
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the name and the settings of each case; the last axis changes fastest."""
    axes = {name: value for name, value in settings.items() if isinstance(value, list)}
    fixed = {name: value for name, value in settings.items() if name not in axes}
    for base, chosen in bases.items():
        for point in itertools.product(*axes.values()):
            place = dict(zip(axes, point, strict=True))
            words = [base] * bool(base) + [f"{n}={_word(v)}" for n, v in place.items()]
            yield ",".join(words), {**chosen, **fixed, **place}


def _word(value: Any) -> str:
    """Write a value as part of a name: `2`, `3x2`, `none`, `true`."""
    if isinstance(value, tuple):
        return "x".join(map(_word, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _fill(
    file: FixtureFile,
    kind: str,
    recipe: Recipe,
    combinations: list[tuple[str, dict[str, Any]]],
    seed: int,
    dtype: torch.dtype,
    twin: Literal["float64"] | None,
    quiet: bool,
) -> int:
    skipped: Counter[str] = Counter()
    written = 0
    for number, (name, settings) in enumerate(combinations):
        case = file.free_name(name or kind.lower())
        complete = {**recipe.defaults, **settings}
        try:
            _export(file, case, kind, recipe, complete, seed + number, dtype, twin)
            written += 1
        except _Refused as refusal:
            skipped[str(refusal)] += 1
    if not quiet:
        print(f"{kind}: {written} cases")
        for reason, count in skipped.items():
            print(f"  {count} left out: {reason}")
    if not written:
        reasons = "; ".join(skipped)
        raise CaptureError(f"no combination of {kind} is possible: {reasons}")
    return written


class _Refused(Exception):
    """Torch does not take these settings."""


def _export(
    file: FixtureFile,
    case: str,
    kind: str,
    recipe: Recipe,
    settings: Settings,
    seed: int,
    dtype: torch.dtype,
    twin: Literal["float64"] | None,
) -> None:
    draw = Draw(seed, dtype)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        try:
            made = recipe.make(draw, settings)
            inputs = recipe.inputs(draw, settings)
            # What torch refuses, it refuses here, before anything is recorded.
            state = torch.get_rng_state()
            buffers = _buffers(made)
            made(*(x.clone() if isinstance(x, torch.Tensor) else x for x in inputs))
        except (ValueError, RuntimeError, TypeError) as error:
            raise _Refused(_first_sentence(error)) from error
        _restore(buffers)
        torch.set_rng_state(state)
        name = None if kind in MODULE_KINDS else kind.lower()
        layer(made, *inputs, out=file, seed=seed, case=case, name=name, twin=twin)
    file.fixture.cases[case].layers[0].attributes["x_seed"] = seed


def _buffers(made: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Copy the state that a trial run changes."""
    if not isinstance(made, torch.nn.Module):
        return []
    return [(buffer, buffer.clone()) for buffer in made.buffers()]


def _restore(buffers: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
    for buffer, before in buffers:
        buffer.copy_(before)


def _first_sentence(error: Exception) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line if len(line) <= 160 else line[:157] + "…"
