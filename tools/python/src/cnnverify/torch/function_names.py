"""Plain names of the functions that a TorchFunctionMode sees, and which do no arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_SYNONYMS = {
    "__add__": "add",
    "__radd__": "add",
    "__iadd__": "add",
    "__sub__": "sub",
    "__isub__": "sub",
    "__rsub__": "rsub",
    "subtract": "sub",
    "__mul__": "mul",
    "__rmul__": "mul",
    "__imul__": "mul",
    "multiply": "mul",
    "__truediv__": "div",
    "__itruediv__": "div",
    "__div__": "div",
    "__idiv__": "div",
    "divide": "div",
    "true_divide": "div",
    "__rtruediv__": "rdiv",
    "__rdiv__": "rdiv",
    "__neg__": "neg",
    "negative": "neg",
    "__pow__": "pow",
    "__ipow__": "pow",
    "__matmul__": "matmul",
    "__imatmul__": "matmul",
    "__rmatmul__": "rmatmul",
    "__abs__": "abs",
    "absolute": "abs",
    "__getitem__": "getitem",
    "__setitem__": "setitem",
    "concat": "cat",
    "concatenate": "cat",
    "clip": "clamp",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "view_as": "reshape_as",
}

_TENSOR_GETTERS = {"T", "mT", "H", "mH"}

SILENT = frozenset(
    """
    size dim ndimension numel nelement stride storage_offset element_size data_ptr item tolist
    numpy detach detach_ requires_grad_ retain_grad register_hook
    register_post_accumulate_grad_hook is_floating_point is_complex is_contiguous is_same_size
    is_nonzero is_leaf get_device type untyped_storage storage share_memory_ pin_memory
    __repr__ __str__ __format__ __len__ __bool__ __float__ __int__ __index__ __hash__
    __contains__ __array__ __dir__ __reduce_ex__ __deepcopy__ __set__ __delete__
    result_type can_cast zeros_like ones_like empty_like full_like
    rand_like randn_like new_zeros new_ones new_empty new_full new_tensor allclose equal
    """.split()
)
"""Functions that do no arithmetic on a value that is differentiated."""

BACKWARD = frozenset({"backward", "grad"})


def plain_name(function: Callable[..., Any]) -> str:
    """Name a function as a user thinks of it: `add` for `+`, `+=`, `add_` and `torch.add`."""
    name = str(getattr(function, "__name__", type(function).__name__))
    if name == "__get__":
        attribute = getattr(getattr(function, "__self__", None), "__name__", "")
        return attribute if attribute in _TENSOR_GETTERS else "__set__"
    if name in _SYNONYMS:
        return _SYNONYMS[name]
    if name.startswith("__"):
        return name
    stripped = name[:-1] if name.endswith("_") else name
    return _SYNONYMS.get(stripped, stripped)


def is_silent(function: Callable[..., Any]) -> bool:
    """Whether a function needs no record."""
    raw = str(getattr(function, "__name__", ""))
    return raw in SILENT or plain_name(function) in SILENT
