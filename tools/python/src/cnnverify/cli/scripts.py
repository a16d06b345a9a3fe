"""Finds what a command line names in the user's code: `net.py:build`."""

from __future__ import annotations

import difflib
import importlib.util
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..provenance import git_state


class ScriptError(Exception):
    """The user's script does not have what was named."""


def load(place: str) -> Any:
    """Give the object `NAME` of `FILE.py:NAME`."""
    file, colon, name = place.rpartition(":")
    if not colon or not name.isidentifier():
        raise ScriptError(f"{place}: say the file and the name in it, net.py:build")
    path = Path(file)
    if not path.is_file():
        raise ScriptError(f"there is no file {file}; check the path")
    module = _module(path)
    if not hasattr(module, name):
        names = [n for n in vars(module) if not n.startswith("_")]
        close = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(names) or 'nothing'}"
        raise ScriptError(f"{file} has no {name}; {hint}")
    return getattr(module, name)


def _module(path: Path) -> Any:
    """Run the file once, as a module that may import its neighbours."""
    # No installed package is hidden by a script of its name.
    name = f"cnnverify_script_{path.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and loaded.__file__ == str(path.resolve()):
        return loaded
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ScriptError(f"{path} is no Python file")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ScriptError(f"{path}, line {error.lineno}: {error.msg}") from error
    return module


def built(place: str, seed: Callable[[], Any]) -> Any:
    """Call what `load` finds, unless it is a model that is there already.

    `seed` sets the framework's random state: before the file runs, and before the call, so that
    the model is the same whatever the file did on the way.
    """
    seed()
    found = load(place)
    seed()
    is_function = callable(found) and hasattr(found, "__code__")
    return found() if is_function or isinstance(found, type) else found


def provenance(place: str, seed: int) -> dict[str, Any]:
    """Give the command, the seed, and the state of the user's file."""
    return {
        "command": " ".join(["python -m cnnverify", *map(shlex.quote, sys.argv[1:])]),
        "git": git_state(Path(place.rpartition(":")[0])),
        "seed": seed,
    }
