"""Which elements a dropout kept, recovered from the random state it started from."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .tape import Operation

_FUNCTIONS = {
    "Dropout": functional.dropout,
    "Dropout1d": functional.dropout1d,
    "Dropout2d": functional.dropout2d,
    "Dropout3d": functional.dropout3d,
}


def kept_elements(kind: str, p: float, operation: Operation) -> Tensor:
    """Give the mask (0 or 1) that the operation used.

    The same function runs on ones with the same random state: what is not zero was kept. Looking
    for zeros in the real output would miss the kept elements whose input was zero. Whole channels
    drop together in the dimensional kinds, so one value a channel says it all.
    """
    given = operation.slots[0].snapshot
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(operation.random_state)
        result = _FUNCTIONS[kind](torch.ones_like(given.restored()), p, True)
    mask = (result != 0).to(torch.uint8)
    if kind == "Dropout":
        return mask
    spatial = int(kind[-2])
    for axis in range(mask.dim() - spatial, mask.dim()):
        mask = mask.narrow(axis, 0, 1)
    return mask
