"""What JAX itself has to say about where a reference comes from."""

from __future__ import annotations

import os
from importlib import metadata
from typing import Any

import jax

from ..provenance import general_provenance


def producer() -> str:
    """Name the framework and its version."""
    return f"jax {jax.__version__}"


def jax_provenance() -> dict[str, Any]:
    """Give machine, versions, and the settings that choose how JAX computes."""
    versions = {"jaxlib": metadata.version("jaxlib")}
    for library in ("flax", "optax"):
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    device = jax.devices()[0]
    return general_provenance() | {
        "framework": producer(),
        "versions": versions,
        "device": f"{device.platform} {device.device_kind}",
        "engine": {
            "xla_flags": os.environ.get("XLA_FLAGS", ""),
            "default_matmul_precision": str(jax.config.jax_default_matmul_precision),
            "enable_x64": bool(jax.config.jax_enable_x64),
            "threefry_partitionable": bool(jax.config.jax_threefry_partitionable),
        },
    }
