"""Finds the graph of a model, whatever way it is written, without changing the model."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from ..errors import CaptureError

OLDEST = (3, 9)
"""The first version of Keras that this was written for."""

_LIBRARY = (str(Path(keras.__file__).parent) + os.sep, str(Path(__file__).parent.parent) + os.sep)


def check_version() -> None:
    """Refuse a Keras whose graph cannot be walked."""
    version = tuple(int(part) for part in keras.__version__.split(".")[:2])
    if version < OLDEST or not hasattr(keras.Function, "_run_through_graph"):
        raise CaptureError(
            f"keras {keras.__version__} keeps its graphs in a way this exporter does not know; "
            f"install keras {'.'.join(map(str, OLDEST))} or newer"
        )


class Graphs:
    """The graphs of a model and of the layers in it that are made of others."""

    def __init__(self, training: bool) -> None:
        self.training = training
        self.traced: dict[Any, tuple[Any, keras.Function | None]] = {}
        self.sources: dict[int, str] = {}
        """The user's line of each call, by the `id` of the symbolic output, where it was seen."""

    def of(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Give the graph inside an operation, or nothing if it is one of Keras' own."""
        if isinstance(operation, keras.Function):
            if type(operation).call is _functional_call():
                return operation
        elif isinstance(operation, keras.Sequential):
            return operation._functional or self._trace(operation, args, kwargs)
        elif not isinstance(operation, keras.Layer) or _is_from_keras(operation):
            return None
        return self._trace(operation, args, kwargs)

    def _trace(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the layer's own `call` with symbols; the graph shares its layers and variables."""
        shapes = [tuple(x.shape) for x in keras.tree.flatten((args, kwargs)) if hasattr(x, "shape")]
        key = (id(layer), tuple(shapes))
        known = self.traced.get(key)
        if known is not None:
            return known[1]
        try:
            function = self.trace(layer.call, args, kwargs)
        except CaptureError:
            raise
        except Exception as error:
            if isinstance(layer, keras.Model) or list(layer._flatten_layers(include_self=False)):
                raise CaptureError(
                    f"{type(layer).__name__}.call of {layer.name} cannot be followed "
                    f"({type(error).__name__}: {_first_line(error)}): write it with layers and "
                    "keras.ops only, without branches on values"
                ) from error
            function = None
        self.traced[key] = (layer, function)
        return function

    def trace(
        self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> keras.Function:
        """Give the graph of a Python function of tensors."""
        symbols: list[Any] = []

        def symbol(value: Any) -> Any:
            if not hasattr(value, "shape") or isinstance(value, keras.Variable):
                return value
            dtype = keras.backend.standardize_dtype(value.dtype)
            symbols.append(keras.KerasTensor(tuple(value.shape), dtype=dtype))
            return symbols[-1]

        args, kwargs = keras.tree.map_structure(symbol, (args, kwargs))
        if _takes(call, "training"):
            kwargs["training"] = self.training
        with self._noting_sources():
            outputs = call(*args, **kwargs)
        function = keras.Function(symbols, outputs)
        _forget(function)
        return function

    @contextmanager
    def _noting_sources(self) -> Iterator[None]:
        """Note which line of the user's makes each symbolic tensor."""
        from keras.src.ops.node import Node

        original = Node.__init__

        def noting(node: Any, *args: Any, **kwargs: Any) -> None:
            original(node, *args, **kwargs)
            line = _calling_line()
            if line is not None:
                self.sources[id(node)] = line

        Node.__init__ = noting
        try:
            yield
        finally:
            Node.__init__ = original

    def visit(
        self, function: Any, inputs: Any, apply: Callable[..., Any], path: str = ""
    ) -> list[Any]:
        """Go through a graph; `apply` is called for every operation of Keras' own.

        It gets the operation, its path, the user's line, and the arguments.
        """
        nodes = _nodes(function)

        def operation_fn(operation: Any) -> Callable[..., Any]:
            # A node that lacks an input is passed over.
            node = next(n for n in nodes if n.operation is operation)
            source = self.sources.get(id(node))
            name = f"{path}.{title(operation)}" if path else title(operation)

            def call(*args: Any, **kwargs: Any) -> Any:
                inner = self.of(operation, args, kwargs)
                if inner is None:
                    if isinstance(operation, keras.Layer) and _takes(operation.call, "training"):
                        kwargs["training"] = self.training
                    return apply(operation, name, source, args, kwargs)
                tensors = [
                    x
                    for x in keras.tree.flatten((args, kwargs))
                    if hasattr(x, "shape") and not isinstance(x, keras.Variable)
                ]
                outputs = self.visit(inner, tensors, apply, name)
                return keras.tree.pack_sequence_as(_outputs_of(inner), outputs)

            return call

        outputs = function._run_through_graph(inputs, operation_fn=operation_fn)
        return list(keras.tree.flatten(outputs))


def title(operation: Any) -> str:
    """Name an operation: a layer by its name, a function by what it does."""
    if isinstance(operation, keras.Layer):
        return str(operation.name)
    name = type(operation).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _nodes(function: Any) -> Iterator[Any]:
    """Give the nodes in the order in which `_run_through_graph` computes them."""
    by_depth = function._nodes_by_depth
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            if node.operation and not node.is_input:
                yield node


def _outputs_of(function: Any) -> Any:
    return function._outputs_struct


def _functional_call() -> Any:
    from keras.src.models.functional import Functional

    return Functional.call


def _is_from_keras(layer: Any) -> bool:
    return type(layer).__module__.split(".")[0] == "keras"


def _takes(call: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(call).parameters
    except (TypeError, ValueError):
        return False


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no message"


def _forget(function: Any) -> None:
    """Take the nodes of a graph out of the layers' own lists: `layer.output` stays as it was."""
    for node in _nodes(function):
        node.operation._inbound_nodes = [n for n in node.operation._inbound_nodes if n is not node]
        for tensor in node.input_tensors:
            maker = tensor._keras_history.operation
            if maker is not None:
                maker._outbound_nodes = [n for n in maker._outbound_nodes if n is not node]


def _calling_line() -> str | None:
    """Give `file.py:42` of the first frame outside Keras and this package."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARY) and not file.startswith("<"):
            return f"{os.path.basename(file)}:{frame.f_lineno}"
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None
