"""One layer at a time, standing alone, with a random upstream gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import keras
import numpy as np

from ..delivery import Target, deliver
from ..errors import CaptureError, SelfCheckError
from ..fixture_file import FixtureFile
from .assembly import Assembler
from .engines import Tensor, engine
from .graph import Graphs, check_version, title
from .kinds import is_expressible
from .loss_kinds import prepared_target
from .provenance import keras_provenance, producer
from .recorder import Pass, record
from .selfcheck import replay_problems
from .tape import Output, is_floating


def layer_keras(
    layer: keras.Operation | Callable[..., Any],
    *inputs: Any,
    out: Target,
    seed: int = 0,
    name: str | None = None,
    case: str | None = None,
    twin: Literal["float64"] | None = None,
    training: bool = True,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Export one layer, one loss, or one function of `keras.ops`, standing alone.

    Floating inputs get gradients, the target of a loss does not. The upstream gradient is drawn
    from a normal distribution with `seed`, which the provenance records. What is expressed by a
    short chain of kinds (a convolution with an activation) makes one layer for each. What has no
    kind in the format raises `CaptureError` with the reason. With a `FixtureFile` as `out`, a case
    is added to it.
    """
    check_version()
    backend = engine()
    tensors = [_tensor(x) for x in inputs]
    loss = isinstance(layer, keras.losses.Loss)
    if loss and is_expressible(layer):
        tensors[0] = keras.ops.convert_to_tensor(prepared_target(layer, inputs[0], tensors[1]))
    if isinstance(layer, keras.Layer) and not layer.built:
        layer(_arguments(layer, tensors)[0], training=False)

    def run(run: Pass, graphs: Graphs) -> list[Output]:
        given = [
            run.input(f"x_{k}", t, differentiable=not (loss and k == 0))
            for k, t in enumerate(tensors)
        ]
        if isinstance(layer, keras.Operation) or loss:
            arguments = _arguments(layer, given)
            kwargs = {"training": training} if _trains(layer) else {}
            label = title(layer) if isinstance(layer, keras.Operation) else "loss"
            run.apply(layer, name or label, None, arguments, kwargs)
        else:
            graph = graphs.trace(layer, tuple(given), {})
            graphs.visit(graph, given, run.apply)
            if len(run.tape.steps) != 1:
                raise CaptureError(
                    f"layer_keras takes one operation, this function made {len(run.tape.steps)}; "
                    "use capture_keras for more"
                )
            run.tape.steps[0].path = name or run.tape.steps[0].path
        return [o for o in run.tape.steps[-1].outputs if is_floating(o.value)]

    def upstream(ends: list[Output]) -> list[Tensor | None]:
        random = np.random.default_rng(seed)
        return [
            keras.ops.convert_to_tensor(random.standard_normal(tuple(o.value.shape)), o.value.dtype)
            for o in ends
        ]

    with backend.settled():
        tape = record(backend, run, training, upstream=upstream)
        problems = list(replay_problems(backend, tape.steps[0]))
        if problems:
            raise SelfCheckError(f"self-check failed, no file was written: {'; '.join(problems)}")
        done = Assembler(backend, tape, twin=twin is not None, alone=True).assemble()
        facts = keras_provenance(backend) | {"seed": seed, "training": training}
    for made in done.case.layers:
        if "." in made.kind:
            raise CaptureError(f"{made.kind} cannot be expressed: {made.attributes['x_reason']}")
    wanted = case or name or done.case.layers[-1].name
    deliver(
        done.case,
        out,
        name=out.free_name(wanted) if isinstance(out, FixtureFile) else case,
        producer=producer(backend),
        facts=facts,
        changes=provenance,
    )


def _tensor(value: Any) -> Tensor:
    array = value if hasattr(value, "dtype") else np.asarray(value)
    return keras.ops.convert_to_tensor(array)


def _arguments(layer: Any, tensors: list[Tensor]) -> tuple[Any, ...]:
    """Merging layers take a list, everything else one argument for each tensor."""
    if isinstance(layer, keras.Layer) and len(tensors) > 1:
        return (tensors,)
    return tuple(tensors)


def _trains(layer: Any) -> bool:
    import inspect

    return isinstance(layer, keras.Layer) and "training" in inspect.signature(layer.call).parameters
