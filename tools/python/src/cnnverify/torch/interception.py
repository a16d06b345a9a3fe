"""Sees every call: functions by a TorchFunctionMode, leaf modules by their forward hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ..errors import CaptureError
from .function_names import BACKWARD, is_silent, plain_name
from .recorder import Pending, Recorder

Leaf = type[nn.Module] | nn.Module | str

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


class FunctionWatch(TorchFunctionMode):
    """Records functions called outside leaf modules; everything else passes through."""

    def __init__(self, recorder: Recorder, modules: ModuleWatch) -> None:
        super().__init__()
        self.recorder = recorder
        self.modules = modules

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run the function, recording it if it is an operation of the network."""
        kwargs = kwargs or {}
        recorder = self.recorder
        if plain_name(func) in BACKWARD:
            return self._backward(func, args, kwargs)
        if recorder.suspended or self.modules.depth or is_silent(func):
            return func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            pending = recorder.begin(args, kwargs, function=func, path=recorder.path)
        result = func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            recorder.end(pending, result)
        return result

    def _backward(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run the backward pass once; what it calls (checkpoints) is no part of the forward."""
        tape = self.recorder.tape
        if self.recorder.suspended and tape.backward_calls == 0:
            return func(*args, **kwargs)
        tape.backward_calls += 1
        if tape.backward_calls > 1:
            raise CaptureError(
                "backward was called twice inside the block: sum the losses and call it once, or "
                "make one capture for each"
            )
        if args and isinstance(args[0], torch.Tensor):
            tape.loss = args[0]
        tape.gradients_before = self._gradients()
        self.recorder.suspended = True
        result = func(*args, **kwargs)
        tape.gradients_after = self._gradients()
        return result

    def _gradients(self) -> dict[int, torch.Tensor]:
        with torch._C.DisableTorchFunction():
            return {
                id(p): p.grad.detach().clone()
                for p in self.modules.model.parameters()
                if p.grad is not None
            }


class ModuleWatch:
    """Hooks on every module of the model: leaves become one operation, others give the path."""

    def __init__(self, recorder: Recorder, model: nn.Module, leaf: tuple[Leaf, ...]) -> None:
        self.recorder = recorder
        self.model = model
        self.depth = 0
        self.pending: Pending | None = None
        self.handles: list[Any] = []
        for path, module in model.named_modules():
            _refuse_opaque(module, path)
            self._watch(module, path, is_leaf(module, path, leaf))

    def _watch(self, module: nn.Module, path: str, leaf: bool) -> None:
        before = self._before_leaf(path) if leaf else self._before_container(path)
        after = self._after_leaf if leaf else self._after_container
        self.handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
        self.handles.append(
            module.register_forward_hook(after, prepend=True, with_kwargs=True, always_call=True)
        )

    def remove(self) -> None:
        """Leave the model as it was."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _before_leaf(self, path: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, kwargs: Any) -> None:
            with torch._C.DisableTorchFunction():
                if module is self.model and not self.recorder.suspended:
                    self.recorder.begin_model(module, args, kwargs)
                if self.depth == 0 and not self.recorder.suspended:
                    self.pending = self.recorder.begin(args, kwargs, module=module, path=path)
            self.depth += 1

        return hook

    def _after_leaf(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        self.depth -= 1
        if self.depth == 0:
            pending, self.pending = self.pending, None
            if result is not None and not self.recorder.suspended:
                with torch._C.DisableTorchFunction():
                    self.recorder.end(pending, result)
                    if module is self.model:
                        self.recorder.end_model(result)

    def _before_container(self, path: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, kwargs: Any) -> None:
            if module is self.model and not self.recorder.suspended:
                with torch._C.DisableTorchFunction():
                    self.recorder.begin_model(module, args, kwargs)
            self.recorder.paths.append(path)

        return hook

    def _after_container(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        self.recorder.paths.pop()
        if module is self.model and result is not None and not self.recorder.suspended:
            self.recorder.end_model(result)


def is_leaf(module: nn.Module, path: str, named: tuple[Leaf, ...]) -> bool:
    """Whether a module is one layer: defined by torch.nn and no container, or named by the user."""
    for leaf in named:
        if leaf is module or leaf == path:
            return True
        if isinstance(leaf, type) and isinstance(module, leaf):
            return True
    if isinstance(module, _CONTAINERS):
        return False
    return type(module).__module__.split(".")[:2] == ["torch", "nn"]


def _refuse_opaque(module: nn.Module, path: str) -> None:
    """Compiled, scripted and distributed models hide their operations."""
    name = type(module).__name__
    place = f"module {path!r}" if path else "the model"
    if isinstance(module, torch.jit.ScriptModule) or name == "OptimizedModule":
        raise CaptureError(
            f"{place} is compiled or scripted ({name}), its operations cannot be seen: capture "
            "the eager model (model._orig_mod of a compiled one)"
        )
    if name in ("DistributedDataParallel", "DataParallel", "FullyShardedDataParallel"):
        raise CaptureError(f"{place} is {name}: capture the plain model it wraps (.module)")
