"""What torch itself has to say about where a reference comes from."""

from __future__ import annotations

from typing import Any

import torch

from ..provenance import general_provenance


def producer() -> str:
    """Name the framework and its version."""
    return f"torch {torch.__version__}"


def torch_provenance() -> dict[str, Any]:
    """Give machine, versions, and the flags that choose an engine."""
    facts = general_provenance()
    backends: Any = torch.backends
    facts |= {
        "framework": producer(),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "vector_extensions": torch.backends.cpu.get_cpu_capability(),
        "seed": torch.initial_seed(),
        "engine": {
            "onednn": bool(backends.mkldnn.is_available() and backends.mkldnn.enabled),
            "mkl": backends.mkl.is_available(),
            "cudnn": backends.cudnn.version(),
            "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        },
    }
    return facts
