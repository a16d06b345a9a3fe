"""From the tape to the content of a fixture: names, kinds, tensors, the float64 twin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from ..format import Array, Case, Layer, Reference, fitting_name
from .chain import StageValues, check_chain, giving, run_chain
from .function_kinds import call_arguments, function_stages
from .module_kinds import module_stage
from .settling import output_gradients
from .snapshot import Snapshot, to_array
from .stages import Inexpressible, Previous, Source, Stage
from .tape import NetworkInput, Operation, Output, Slot, Tape
from .twin import twin_of
from .updates import add_update


@dataclass(eq=False)
class Assembled:
    """The content of a case, and what the printed line says about it."""

    case: Case
    without_kind: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    without_twin: list[str] = field(default_factory=list)
    holders: dict[int, list[tuple[Layer, str, Slot]]] = field(default_factory=dict)
    """The layers that hold a parameter, by its `id`, with its name there."""


class Assembler:
    """Builds one case from one tape."""

    def __init__(self, tape: Tape, *, twin: bool, alone: bool, arithmetic: str | None) -> None:
        self.tape = tape
        self.twin = twin
        self.alone = alone
        self.result = Assembled(Case(arithmetic=arithmetic))
        self.arrays: dict[int, tuple[Snapshot, Array]] = {}
        self.layer_names: set[str] = set()
        self.names_of_operations: dict[int, str] = {}
        self.names_of_outputs: dict[int, str] = {}
        self.names_of_inputs: dict[int, str] = {}
        self.parameter_layers: dict[int, Layer] = {}

    def assemble(self) -> Assembled:
        """Make every layer in forward order."""
        plans = [(operation, *self._plan(operation)) for operation in self.tape.operations]
        # Layers are named first: an input never takes a layer's name.
        names = [self._stage_names(operation, stages) for operation, stages, _ in plans]
        for (operation, stages, values), titles in zip(plans, names, strict=True):
            self._add(operation, stages, values, titles)
        self._finish_parameter_layers()
        for index, layer in enumerate(self.result.case.layers):
            layer.index = index
        self.result.case.loss = self._loss()
        if self.tape.update is not None:
            self.result.case.optimizer = add_update(self.tape.update, self.result.holders)
        return self.result

    def _plan(self, operation: Operation) -> tuple[list[Stage], list[StageValues]]:
        try:
            if operation.module is not None:
                return [module_stage(operation)], []
            stages = function_stages(operation)
            if len(stages) == 1:
                return stages, []
            values = run_chain(operation, stages)
            check_chain(operation, stages, values)
            return stages, values
        except Inexpressible as reason:
            return [_without_kind(operation, str(reason))], []

    def _stage_names(self, operation: Operation, stages: list[Stage]) -> list[str]:
        names = []
        for position, stage in enumerate(stages):
            last = position == len(stages) - 1
            wanted = operation.name if last else f"{operation.name}.{stage.kind.lower()}"
            name = fitting_name(wanted, self.layer_names)
            self.layer_names.add(name)
            names.append(name)
        self.names_of_operations[id(operation)] = names[-1]
        if len(stages) > 1:
            named = {number: names[k] for k, number in giving(stages).items()}
        elif len(operation.outputs) == 1:
            named = {0: names[0]}
        else:
            named = {k: f"{names[0]}:{k}" for k in range(len(operation.outputs))}
        for output in operation.outputs:
            self.names_of_outputs[id(output)] = named[output.number]
        return names

    def _add(
        self,
        operation: Operation,
        stages: list[Stage],
        values: list[StageValues],
        names: list[str],
    ) -> None:
        for position, (stage, name) in enumerate(zip(stages, names, strict=True)):
            layer = Layer(
                name=name,
                kind=stage.kind,
                attributes=dict(stage.attributes),
                arity=len(stage.sources),
                outputs=1 if values else len(operation.outputs),
                training=stage.training,
                source=operation.source,
                parameters={k: self._array(s.snapshot) for k, s in stage.parameters.items()},
                buffers={k: self._array(s.snapshot) for k, s in stage.buffers.items()},
                auxiliary={k: to_array(t) for k, t in stage.auxiliary.items()},
            )
            if not self.alone:
                layer.inputs = [
                    names[s.of(position)] if isinstance(s, Previous) else self._feeding(s, stage, k)
                    for k, s in enumerate(stage.sources)
                ]
            if operation.name != name and position == len(stages) - 1 and "@" not in name:
                layer.attributes["x_original_name"] = operation.name
            if "." in stage.kind:
                self.result.without_kind.append(name)
            if values:
                layer.reference = _chain_reference(values[position], self.alone)
            else:
                layer.reference = self._reference(operation, stage)
            if self.twin:
                layer.reference_f64 = twin_of(operation, stage, stages, position)
                if layer.reference_f64 is None:
                    self.result.without_twin.append(name)
            self.result.case.layers.append(layer)
            for parameter, slot in stage.parameters.items():
                self._hold(layer, parameter, slot)

    def _hold(self, layer: Layer, name: str, slot: Slot) -> None:
        self.result.holders.setdefault(id(slot.tensor), []).append((layer, name, slot))

    def _array(self, snapshot: Snapshot) -> Array:
        """One array for one snapshot, so that shared parameters stay one object."""
        key = id(snapshot.value)
        if key not in self.arrays:
            self.arrays[key] = (snapshot, to_array(snapshot.value))
        return self.arrays[key][1]

    def _feeding(self, source: Source, stage: Stage, position: int) -> str:
        if isinstance(source, Tensor):
            return self._constant(source)
        if isinstance(source, Previous):
            raise Inexpressible("a stage before the first")
        if source.role == "parameter":
            return self._parameter_layer(source).name
        if source.role == "buffer":
            return self._input(source, source.snapshot, source.path or "buffer")
        if isinstance(source.origin, Output):
            return self.names_of_outputs[id(source.origin)]
        if isinstance(source.origin, NetworkInput):
            hint = source.origin.hint
            if hint is None and stage.kind.endswith("Loss") and position == 1:
                hint = "target"
            return self._input(source.origin, source.origin.snapshot, hint)
        raise Inexpressible("a tensor that nobody made")

    def _input(self, owner: object, snapshot: Snapshot, wanted: str | None) -> str:
        name = self.names_of_inputs.get(id(owner))
        if name is None:
            if wanted is None:
                return self._constant(snapshot.value, owner)
            name = fitting_name(wanted, self.layer_names | self.result.case.inputs.keys())
            self.names_of_inputs[id(owner)] = name
            self.result.case.inputs[name] = self._array(snapshot)
        return name

    def _constant(self, value: Tensor, owner: object | None = None) -> str:
        name = fitting_name(f"const_{len(self.result.constants)}", self.layer_names)
        self.result.constants.append(name)
        self.result.case.inputs[name] = to_array(value)
        if owner is not None:
            self.names_of_inputs[id(owner)] = name
        return name

    def _parameter_layer(self, slot: Slot) -> Layer:
        """A parameter that feeds an operation like any tensor becomes a layer of its own."""
        key = id(slot.snapshot.value)
        layer = self.parameter_layers.get(key)
        if layer is None:
            name = fitting_name(slot.path or "parameter", self.layer_names)
            self.layer_names.add(name)
            value = self._array(slot.snapshot)
            layer = Layer(
                name=name,
                kind="Parameter",
                arity=0,
                parameters={"value": value},
                reference=Reference(outputs={0: value}),
            )
            self.parameter_layers[key] = layer
            self.result.case.layers.append(layer)
            self._hold(layer, "value", slot)
        return layer

    def _finish_parameter_layers(self) -> None:
        """The gradient of a free parameter: the sum over everything it fed."""
        for key, layer in self.parameter_layers.items():
            parts = [
                s.gradient.value
                for o in self.tape.operations
                for s in o.slots
                if s.role == "parameter"
                and id(s.snapshot.value) == key
                and s.gradient is not None
                and self._feeds(o, s, layer)
            ]
            if not parts:
                continue
            total = parts[0].clone()
            for part in parts[1:]:
                total = total + part
            layer.reference.grad_outputs[0] = to_array(total)
            layer.reference.grad_parameters["value"] = to_array(total)

    def _feeds(self, operation: Operation, slot: Slot, layer: Layer) -> bool:
        """Whether an operation takes the parameter as an input rather than as its own."""
        name = self.names_of_operations[id(operation)]
        own = next(x for x in self.result.case.layers if x.name == name)
        return layer.name in (own.inputs or ()) or any(
            layer.name in (x.inputs or ())
            for x in self.result.case.layers
            if x.name.startswith(f"{name}.")
        )

    def _reference(self, operation: Operation, stage: Stage) -> Reference:
        reference = Reference()
        for position, source in enumerate(stage.sources):
            if isinstance(source, Slot):
                if self.alone:
                    reference.inputs[position] = to_array(source.snapshot.value)
                if source.gradient is not None:
                    reference.grad_inputs[position] = to_array(source.gradient.value)
            elif isinstance(source, Tensor) and self.alone:
                reference.inputs[position] = to_array(source)
        for output in operation.outputs:
            reference.outputs[output.number] = to_array(output.snapshot.value)
        for number, gradient in enumerate(output_gradients(operation)):
            if gradient is not None:
                reference.grad_outputs[number] = to_array(gradient)
        for name, slot in stage.parameters.items():
            if slot.gradient is not None:
                reference.grad_parameters[name] = to_array(slot.gradient.value)
        for name, slot in stage.buffers.items():
            if stage.training:
                reference.buffers[name] = self._array(slot.after or slot.snapshot)
        return reference

    def _loss(self) -> str | None:
        """The scalar on which backward was called, or the only scalar end that has a gradient."""
        loss = self.tape.loss
        if loss is not None:
            known = self.tape.known.get(id(loss))
            if known is not None and isinstance(known.origin, Output):
                ends = [known.origin] if known.origin.snapshot.value.numel() == 1 else []
            else:
                ends = []
        else:
            ends = [
                o
                for operation in self.tape.operations
                for o in operation.outputs
                if o.gradient is not None
                and o.snapshot.value.numel() == 1
                and not self.tape.consumers(o)
            ]
        if self.alone or len(ends) != 1:
            return None
        return self.names_of_operations[id(ends[0].operation)]


def _chain_reference(values: StageValues, alone: bool) -> Reference:
    reference = Reference(outputs={0: to_array(values.output)})
    if alone:
        reference.inputs = {k: to_array(t) for k, t in enumerate(values.inputs)}
    if values.grad_output is not None:
        reference.grad_outputs[0] = to_array(values.grad_output)
    reference.grad_inputs = {k: to_array(t) for k, t in values.grad_inputs.items()}
    return reference


def _without_kind(operation: Operation, reason: str) -> Stage:
    """An operation the format has no kind for keeps everything but the comparison."""
    module = operation.module
    if module is None:
        kind = f"aten.{operation.label}"
        arguments: Any = call_arguments(operation)
    else:
        cls = type(module)
        home = "torch.nn" if cls.__module__.startswith("torch.nn") else cls.__module__
        kind = f"{home}.{cls.__qualname__}"
        settings = {k: v for k, v in operation.settings.items() if not isinstance(v, Tensor)}
        arguments = {"settings": {k: str(v) for k, v in settings.items() if k != "training"}}
        arguments |= call_arguments(operation)
    stage = Stage(kind, list[Source](operation.slots))
    stage.attributes["x_reason"] = reason
    stage.attributes["x_arguments"] = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    stage.parameters = dict(operation.parameters)
    stage.buffers = dict(operation.buffers)
    stage.training = operation.training if module is not None else None
    return stage
