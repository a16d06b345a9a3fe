"""PyTorch's own samples of its modules, which its test suite runs."""

from __future__ import annotations

import inspect
import re
from typing import Any

import torch
from torch import Tensor, nn
from torch.testing._internal.common_modules import ModuleInfo, module_db
from torch.utils import _pytree as pytree

from samples import Sample, Samples, of_module, seeded, vary

INFOS: dict[str, ModuleInfo] = {info.module_cls.__name__: info for info in module_db}
"""By the name of the class of torch.nn."""

_WITHOUT_BATCH_AXIS = re.compile(
    r"(Conv|Pool|Pad|ConvTranspose|InstanceNorm|BatchNorm|Dropout|Unpool)(?P<axes>[123])d$|Softmax2d$"
)


def torch_samples(kind: str, dtype: torch.dtype) -> Samples:
    """Give the samples of a kind; both modes where they differ."""
    found = Samples()
    info = INFOS.get(kind)
    if info is None:
        return found
    for training in (True, False) if info.train_and_eval_differ else (True,):
        seeded(kind)
        inputs = info.module_inputs_func(
            info, device="cpu", dtype=dtype, requires_grad=True, training=training
        )
        mode = ("training" if training else "evaluation") if info.train_and_eval_differ else ""
        for number, given in enumerate(inputs):
            forward = given.forward_input
            if forward is None:
                found.drop("no input")
                continue
            reason = _unfit(kind, (forward.args, forward.kwargs))
            if reason is not None:
                found.drop(reason)
                continue
            module = _module(kind, given.constructor_input, dtype)
            module.train(training)
            title = " ".join(filter(None, [f"{number}", mode, given.desc]))
            found.usable.append(_sample(title, module, forward))
    return found


def _module(kind: str, constructor: Any, dtype: torch.dtype) -> nn.Module:
    made: nn.Module = getattr(nn, kind)(*constructor.args, **constructor.kwargs)
    made = made.to(dtype)
    vary(made)
    return made


def _sample(title: str, module: nn.Module, forward: Any) -> Sample:
    if not forward.kwargs:
        return of_module(title, module, *forward.args)
    return of_module(title, module, *_in_order(module, forward))


def _in_order(module: nn.Module, forward: Any) -> list[Any]:
    bound = inspect.signature(module.forward).bind(*forward.args, **forward.kwargs)
    return list(bound.arguments.values())


def _unfit(kind: str, arguments: Any) -> str | None:
    """Say why the format does not hold a sample, if it does not."""
    tensors = [leaf for leaf in pytree.tree_leaves(arguments) if isinstance(leaf, Tensor)]
    if any(t.is_complex() for t in tensors):
        return "complex"
    if any(t.numel() == 0 for t in tensors):
        return "empty"
    image = _WITHOUT_BATCH_AXIS.search(kind)
    if image is None:
        return None
    axes = int(image["axes"] or 2)
    with_batch = {axes + 2, 2} if kind == "BatchNorm1d" else {axes + 2}
    return None if tensors[0].dim() in with_batch else "no batch axis"
