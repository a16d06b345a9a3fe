"""From the tape to the content of a fixture: names, kinds, orders of axes, the float64 twin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..format import Arranged, Array, Case, Layer, Reference, fitting_name
from .chain import StageValues, check_chain, run_chain, twin_of, widened
from .engines import Engine, Tensor
from .kinds import expressed
from .layouts import Layout, arranged, permutation, usable
from .replay import Replayed, numbers_of
from .stages import Call, Inexpressible, Previous, Stage, Weight
from .tape import Edge, NetworkInput, Output, Step, Tape, VariableUse


@dataclass(eq=False)
class Assembled:
    """The content of a case, and what the printed line says about it."""

    case: Case
    without_kind: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    without_twin: list[str] = field(default_factory=list)
    holders: dict[int, list[tuple[Layer, str, Weight]]] = field(default_factory=dict)
    """The layers that hold a variable, by its `id`, with its name there."""


@dataclass(eq=False)
class Feed:
    """What feeds a stage: a name, the layout it has, the numbers, the gradient of the edge."""

    name: str
    layout: Layout
    value: Tensor
    gradient: Tensor | None


class Assembler:
    """Builds one case from one tape."""

    def __init__(self, engine: Engine, tape: Tape, *, twin: bool, alone: bool) -> None:
        self.engine = engine
        self.tape = tape
        self.twin = twin
        self.alone = alone
        self.result = Assembled(Case())
        self.taken: set[str] = {i.name for i in tape.inputs} if not alone else set()
        self.layouts: dict[int, Layout] = {}
        """Of everything that makes tensors, by `id`."""
        self.names: dict[int, str] = {}
        self.weights: dict[tuple[Any, ...], Array] = {}
        self.parameter_layers: dict[int, Layer] = {}
        self.usual = _ranks_of_images(tape)

    def assemble(self) -> Assembled:
        """Make every layer in forward order."""
        for step in self.tape.steps:
            self._add(step)
        for index, layer in enumerate(self.result.case.layers):
            layer.index = index
        loss = self.tape.loss
        if loss is not None and not self.alone:
            self.result.case.loss = self.names[id(loss)]
        return self.result

    def _add(self, step: Step) -> None:
        stages, values = self._plan(step)
        names: list[str] = []
        for stage in stages:
            names.append(fitting_name(step.path + stage.suffix, self.taken))
            self.taken.add(names[-1])
        made = None
        if self.twin:
            with self.engine.wide():
                made = widened(step)
        for position, stage in enumerate(stages):
            value = values[position] if values else None
            self._add_stage(step, stage, value, names, position, stages, made)
        for output in step.outputs:
            several = len(step.outputs) > 1
            self.names[id(output)] = f"{names[-1]}:{output.number}" if several else names[-1]
            self.layouts[id(output)] = usable(stages[-1].result, len(output.value.shape))

    def _plan(self, step: Step) -> tuple[list[Stage], list[StageValues]]:
        call = Call(step, {id(e): self._layout(e) for e in step.edges})
        try:
            stages = expressed(call)
            if len(stages) == 1:
                return stages, []
            values = run_chain(self.engine, step, stages)
            check_chain(step, stages, values)
            return stages, values
        except Inexpressible as reason:
            return [_without_kind(call, str(reason))], []

    def _layout(self, edge: Edge) -> Layout:
        """Give the order of an edge's tensor; one that nobody has spoken of yet is an image."""
        rank = len(edge.value.shape)
        if isinstance(edge.producer, NetworkInput) and id(edge.producer) not in self.layouts:
            return Layout.LAST if rank in self.usual else Layout.PLAIN
        return self.layouts.get(id(edge.producer), Layout.PLAIN)

    def _add_stage(
        self,
        step: Step,
        stage: Stage,
        value: StageValues | None,
        names: list[str],
        position: int,
        stages: list[Stage],
        made: Any,
    ) -> None:
        layer = Layer(
            name=names[position],
            kind=stage.kind,
            attributes=dict(stage.attributes),
            arity=len(stage.sources),
            outputs=len(step.outputs) if value is None else 1,
            training=stage.training,
            source=step.source,
            parameters={n: self._weight(w) for n, w in stage.parameters.items()},
            buffers={n: numbers_of(u.value) for n, u in stage.buffers.items()},
            auxiliary=dict(stage.auxiliary),
        )
        if step.path + stage.suffix != names[position] and "@" not in names[position]:
            layer.attributes["x_original_name"] = step.path + stage.suffix
        feeds = [
            self._feed(step, stage, k, source, value, names, position, stages)
            for k, source in enumerate(stage.sources)
        ]
        layer.reference = self._reference(step, stage, value, feeds)
        if not self.alone:
            layer.inputs = [self._adapted(layer, stage, k, f) for k, f in enumerate(feeds)]
        if "." in stage.kind:
            self.result.without_kind.append(layer.name)
        if self.twin:
            self._add_twin(layer, step, stage, value, made)
        self.result.case.layers.append(layer)
        for name, weight in stage.parameters.items():
            if weight.use is not None:
                held = self.result.holders.setdefault(id(weight.use.variable), [])
                held.append((layer, name, weight))

    def _feed(
        self,
        step: Step,
        stage: Stage,
        number: int,
        source: Any,
        value: StageValues | None,
        names: list[str],
        position: int,
        stages: list[Stage],
    ) -> Feed:
        gradient = value.grad_inputs.get(number) if value is not None else None
        if isinstance(source, Previous):
            before = source.of(position)
            tensor = value.inputs[number] if value is not None else None
            layout = (
                usable(stages[before].result, len(tensor.shape))
                if tensor is not None
                else Layout.PLAIN
            )
            return Feed(names[before], layout, tensor, gradient)
        if not isinstance(source, Edge):
            raise Inexpressible("a stage that is fed with a number")
        wanted = usable(stage.wanted(number), len(source.value.shape))
        name = self._producer(source, wanted)
        if value is None:
            gradient = source.gradient
        layout = self.layouts.get(id(source.producer), wanted) if source.producer else wanted
        return Feed(name, layout, source.value, gradient)

    def _producer(self, edge: Edge, wanted: Layout) -> str:
        """Name what made a tensor; what comes from outside is written as it is first wanted."""
        if self.alone:
            return ""
        producer = edge.producer
        if isinstance(producer, Output):
            return self.names[id(producer)]
        if isinstance(producer, VariableUse):
            return self._parameter_layer(producer, edge).name
        if isinstance(producer, NetworkInput):
            if id(producer) not in self.layouts:
                self.layouts[id(producer)] = wanted
                array = arranged(numbers_of(producer.value), wanted)
                self.result.case.inputs[producer.name] = array
            return producer.name
        name = fitting_name(f"const_{len(self.result.constants)}", self.taken)
        self.taken.add(name)
        self.result.constants.append(name)
        self.result.case.inputs[name] = arranged(numbers_of(edge.value), wanted)
        return name

    def _parameter_layer(self, use: VariableUse, edge: Edge) -> Layer:
        """A variable that feeds an operation like any tensor becomes a layer of its own."""
        key = id(use.variable)
        layer = self.parameter_layers.get(key)
        weight = Weight(use)
        if layer is None:
            name = fitting_name(str(use.variable.path).replace("/", "."), self.taken)
            self.taken.add(name)
            value = self._weight(weight)
            layer = Layer(name=name, kind="Parameter", arity=0, parameters={"value": value})
            layer.reference = Reference(outputs={0: value})
            self.parameter_layers[key] = layer
            self.result.case.layers.append(layer)
            self.result.holders.setdefault(key, []).append((layer, "value", weight))
        if edge.gradient is not None:
            part = numbers_of(edge.gradient)
            total = layer.reference.grad_outputs.get(0)
            whole = part if total is None else np.asarray(total) + part
            layer.reference.grad_outputs[0] = whole
            layer.reference.grad_parameters["value"] = whole
        return layer

    def _adapted(self, layer: Layer, stage: Stage, number: int, feed: Feed) -> str:
        """Put a Permute between two orders of axes; the numbers are the same on both sides."""
        rank = len(feed.value.shape)
        wanted = usable(stage.wanted(number), rank)
        if feed.layout is wanted:
            return feed.name
        name = fitting_name(f"{layer.name}.permute", self.taken)
        self.taken.add(name)
        turn = Layer(name=name, kind="Permute", source=layer.source, inputs=[feed.name])
        turn.attributes["dims"] = permutation(feed.layout, rank)
        values = numbers_of(feed.value)
        turn.reference = _turned(values, feed, wanted)
        if self.twin:
            turn.reference_f64 = _turned(values.astype(np.float64), feed, wanted)
        self.result.case.layers.append(turn)
        return name

    def _weight(self, weight: Weight) -> Array:
        """One array for one variable, so that shared parameters stay one object."""
        if weight.use is None:
            return weight.written()
        array = weight.written(numbers_of(weight.use.value))
        axes = array.axes if isinstance(array, Arranged) else None
        return self.weights.setdefault((id(weight.use.variable), axes, array.shape), array)

    def _reference(
        self, step: Step, stage: Stage, value: StageValues | None, feeds: list[Feed]
    ) -> Reference:
        reference = Reference()
        for number, feed in enumerate(feeds):
            wanted = stage.wanted(number)
            if self.alone:
                reference.inputs[number] = arranged(numbers_of(feed.value), wanted)
            if feed.gradient is not None:
                reference.grad_inputs[number] = arranged(numbers_of(feed.gradient), wanted)
        outputs = [(o.value, o.gradient) for o in step.outputs]
        if value is not None:
            outputs = [(value.output, value.grad_output)]
        several = any(gradient is not None for _, gradient in outputs)
        for number, (tensor, gradient) in enumerate(outputs):
            numbers = numbers_of(tensor)
            reference.outputs[number] = arranged(numbers, stage.result)
            if gradient is not None:
                reference.grad_outputs[number] = arranged(numbers_of(gradient), stage.result)
            elif several:
                # An output that does not reach the loss, beside others that do.
                reference.grad_outputs[number] = arranged(np.zeros_like(numbers), stage.result)
        for name, weight in stage.parameters.items():
            use = weight.use
            if use is not None and use.gradient is not None:
                reference.grad_parameters[name] = weight.written(numbers_of(use.gradient))
        if stage.training:
            for name, use in stage.buffers.items():
                if use.after is not None:
                    reference.buffers[name] = numbers_of(use.after)
        return reference

    def _add_twin(
        self, layer: Layer, step: Step, stage: Stage, value: StageValues | None, made: Any
    ) -> None:
        with self.engine.wide():
            found = twin_of(self.engine, step, stage, value, made)
            if found is None:
                self.result.without_twin.append(layer.name)
                return
            layer.reference_f64 = _twin(step, stage, found, whole=value is None)


def _twin(step: Step, stage: Stage, found: Replayed, *, whole: bool) -> Reference:
    reference = Reference()
    for number, output in enumerate(found.outputs):
        reference.outputs[number] = arranged(numbers_of(output), stage.result)
    order = {id(e): k for k, e in enumerate(step.edges)}
    for number, source in enumerate(stage.sources):
        place = order[id(source)] if isinstance(source, Edge) and whole else number
        gradient = found.grad_inputs.get(place)
        if gradient is not None:
            reference.grad_inputs[number] = arranged(numbers_of(gradient), stage.wanted(number))
    for name, weight in stage.parameters.items():
        if weight.use is not None and id(weight.use.variable) in found.grad_variables:
            gradient = found.grad_variables[id(weight.use.variable)]
            reference.grad_parameters[name] = weight.written(numbers_of(gradient))
    if stage.training:
        for name, use in stage.buffers.items():
            reference.buffers[name] = numbers_of(found.after[id(use.variable)])
    return reference


def _turned(values: NDArray[Any], feed: Feed, wanted: Layout) -> Reference:
    reference = Reference(outputs={0: arranged(values, wanted)})
    if feed.gradient is not None:
        gradient = numbers_of(feed.gradient).astype(values.dtype)
        reference.grad_outputs[0] = arranged(gradient, wanted)
        reference.grad_inputs[0] = arranged(gradient, feed.layout)
    return reference


def _ranks_of_images(tape: Tape) -> set[int]:
    """Give the ranks of what the model's layers take as images with the channels last."""
    return {
        len(step.edges[0].value.shape)
        for step in tape.steps
        if getattr(step.operation, "data_format", None) == "channels_last" and step.edges
    }


def _without_kind(call: Call, reason: str) -> Stage:
    """An operation the format has no kind for keeps everything but the comparison."""
    operation = call.operation
    cls = type(operation)
    home = "keras" if cls.__module__.startswith("keras.") else cls.__module__
    stage = Stage(f"{home}.{cls.__qualname__}".replace("<locals>.", ""), list(call.edges))
    settings: dict[str, Any] = {}
    if isinstance(operation, keras.Layer | keras.losses.Loss):
        try:
            settings = operation.get_config()
        except (NotImplementedError, TypeError):
            settings = {}
    else:
        settings = {k: v for k, v in vars(operation).items() if not k.startswith("_")}
    arguments = {k: str(v) for k, v in settings.items()}
    arguments["arguments"] = str(call.step.arguments)
    stage.attributes["x_reason"] = reason
    stage.attributes["x_arguments"] = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    for use in call.step.variables:
        if use.trainable:
            stage.parameters[use.name] = Weight(use)
        elif "float" in str(use.variable.dtype):
            stage.buffers[use.name] = use
    stage.training = call.step.training if isinstance(operation, keras.Layer) else None
    return stage
