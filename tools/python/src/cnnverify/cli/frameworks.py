"""Finds the exporter of a framework, or says what is missing."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from ..errors import CnnVerifyError


def exporter(name: str, framework: str, package: str) -> Callable[..., Any]:
    """Give `cnnverify.<name>`, which needs a framework."""
    spec = importlib.util.find_spec(package)
    # A folder of that name beside the script is no package.
    if spec is None or spec.origin is None:
        raise CnnVerifyError(
            f"{framework} is not installed; pip install 'cnnverify[{package}]' brings it"
        )
    module = importlib.import_module("cnnverify")
    try:
        found: Callable[..., Any] = getattr(module, name)
    except AttributeError as error:
        raise CnnVerifyError(
            f"this cnnverify has no {name}; install a newer one to export from {framework}"
        ) from error
    return found
