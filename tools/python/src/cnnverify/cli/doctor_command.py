"""`doctor`: versions, flags that change numbers, and what is missing."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
from typing import Any

from .arguments import Commands

_PACKAGES = {
    "numpy": "needed",
    "h5py": "needed",
    "torch": "pip install 'cnnverify[torch]'",
    "keras": "pip install 'cnnverify[keras]'",
    "jax": "pip install 'cnnverify[jax]'",
    "tensorflow": "only as a backend of Keras",
    "flax": "only for networks of Flax",
    "pandas": "only for DataFrames of reports",
}

_VARIABLES = (
    "OPENBLAS_CORETYPE",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "CUBLAS_WORKSPACE_CONFIG",
    "KERAS_BACKEND",
    "TF_ENABLE_ONEDNN_OPTS",
    "XLA_FLAGS",
    "SOURCE_DATE_EPOCH",
)
"""What of the environment changes numbers or bytes."""


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="versions, flags, and what is missing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print everything that a report of a problem should hold."""
    from .. import __version__
    from ..provenance import processor

    _line("cnnverify", __version__)
    _line("python", f"{platform.python_version()} on {platform.platform()}")
    _line("processor", processor())
    _line("cnn-verify", shutil.which("cnn-verify") or "missing: it is not on the PATH")
    for package, remedy in _PACKAGES.items():
        _line(package, _version(package) or f"missing: {remedy}")
    if importlib.util.find_spec("torch") is not None:
        _torch()
    for name in _VARIABLES:
        if name in os.environ:
            _line(name, os.environ[name])


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _torch() -> None:
    """Print torch's flags, or why it does not start."""
    try:
        from ..torch.provenance import torch_provenance

        facts: dict[str, Any] = torch_provenance()
    except (ImportError, OSError) as error:
        _line("torch", f"does not start: {error}")
        return
    _line("device", f"{facts['device']}, {facts['threads']} threads, {facts['vector_extensions']}")
    engine = {**facts["engine"]}
    engine["tf32"] = _allows_tf32()
    _line("engine", ", ".join(f"{name} {_word(flag)}" for name, flag in engine.items()))


def _allows_tf32() -> bool:
    import torch

    return torch.get_float32_matmul_precision() != "highest"


def _word(flag: Any) -> str:
    return {True: "on", False: "off", None: "none"}.get(flag, str(flag))


def _line(name: str, text: str) -> None:
    print(f"{name:<24}{text}")
