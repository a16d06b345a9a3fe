"""Settings under which the framework repeats itself bit by bit; restored afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch


@contextmanager
def deterministic(*, keep_tf32: bool) -> Iterator[None]:
    """Ask torch for deterministic algorithms and plain arithmetic while the block runs."""
    with ExitStack() as stack:
        _algorithms(stack)
        if torch.cuda.is_available():
            _cuda(stack, keep_tf32)
        yield


def _algorithms(stack: ExitStack) -> None:
    on = torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    stack.callback(torch.use_deterministic_algorithms, on, warn_only=warn)
    stack.callback(setattr, torch.utils.deterministic, "fill_uninitialized_memory", fill)
    torch.use_deterministic_algorithms(True)
    # Filling fresh memory costs time and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def _cuda(stack: ExitStack, keep_tf32: bool) -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    stack.callback(setattr, torch.backends.cudnn, "benchmark", torch.backends.cudnn.benchmark)
    torch.backends.cudnn.benchmark = False
    if not keep_tf32:
        backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
        for backend in backends:
            stack.callback(setattr, backend, "allow_tf32", backend.allow_tf32)
            backend.allow_tf32 = False
