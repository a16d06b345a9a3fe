"""From operations to the content of a fixture: names, kinds, tensors, the float64 twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from ..format import Array, Case, Layer, Reference, fitting_name
from .arrays import plain, to_array
from .execution import NoWideForm, wide_array
from .forms import (
    as_held,
    as_made,
    counted_axes,
    equal,
    fits,
    keeps_order,
    moves_between,
    moving_layer,
    moving_reference,
    through,
    widened,
)
from .graph import Graph, Value
from .layout import to_canonical
from .names import layer_name, parameter_name
from .operation import Operation
from .plan import Held, Move, Operand, Plan


@dataclass(eq=False)
class Assembled:
    """The content of a case, and what the printed line says about it."""

    case: Case
    without_kind: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)
    without_twin: list[str] = field(default_factory=list)
    converted: dict[str, str] = field(default_factory=dict)
    """Parameters that are written in canonical form, by name, and what was done to them."""
    holders: dict[int, list[tuple[Layer, str, Held]]] = field(default_factory=dict)
    """By the `id` of a parameter: the layers that hold it, and in which form."""


@dataclass(eq=False)
class Made:
    """Where a tensor stands in the file, and which axis of it is which."""

    name: str
    axes: str | None
    constant: bool = False


class Assembler:
    """Builds one case from the operations of one program."""

    def __init__(
        self, graph: Graph, operations: list[Operation], *, twin: bool, alone: bool
    ) -> None:
        self.graph = graph
        self.operations = operations
        self.twin = twin
        self.alone = alone
        self.result = Assembled(Case())
        self.made: dict[int, Made] = {}
        self.names: set[str] = set()
        self.constants: dict[tuple[Any, ...], str] = {}
        self.held: dict[tuple[Any, ...], Array] = {}
        self.free: dict[int, tuple[Layer, list[Any]]] = {}
        """Layers of free parameters, and the gradients of the edges out of them."""

    def assemble(self) -> Assembled:
        """Make every layer in forward order."""
        titles = [self._title(operation) for operation in self.operations]
        for operation, title in zip(self.operations, titles, strict=True):
            self._add(operation, title)
        for layer, gradients in self.free.values():
            if gradients:
                total = np.sum(np.stack(gradients), 0, dtype=gradients[0].dtype)
                layer.reference.grad_outputs[0] = total
                layer.reference.grad_parameters["value"] = total
                self._exact_twin(layer)
        for index, layer in enumerate(self.result.case.layers):
            layer.index = index
        made = self.made.get(id(self.graph.loss))
        if not self.alone and made is not None:
            self.result.case.loss = made.name
        return self.result

    def _title(self, operation: Operation) -> str:
        plan = _plan_of(operation)
        name = fitting_name(layer_name(operation, plan), self.names)
        self.names.add(name)
        return name

    def _fresh(self, wanted: str) -> str:
        name = fitting_name(wanted, self.names | self.result.case.inputs.keys())
        self.names.add(name)
        return name

    def _add(self, operation: Operation, title: str) -> None:
        plan = _plan_of(operation)
        axes = self._followed(operation, plan) if plan.follows else plan.axes
        layer = Layer(
            name=title,
            kind=plan.kind,
            attributes=counted_axes(operation, plan, axes),
            arity=len(plan.operands),
            outputs=len(operation.outputs),
            training=plan.training,
            source=operation.last.source,
        )
        wanted = layer_name(operation, plan)
        if title != wanted and not title.startswith(f"{wanted}@"):
            layer.attributes["x_original_name"] = wanted
        inputs = []
        for position, operand in enumerate(plan.operands):
            seen_as = axes if plan.follows else operand.axes
            inputs.append(self._feed(operation, layer, position, operand, seen_as))
        if not self.alone:
            layer.inputs = inputs
        for name, held in plan.parameters.items():
            layer.parameters[name] = self._parameter(operation, layer, name, held)
        layer.buffers = {name: plain(array) for name, array in plan.buffers.items()}
        layer.auxiliary = {
            name: to_array(array, axes if plan.follows else letters)
            for name, (array, letters) in plan.auxiliary.items()
        }
        if not plan.parameters.keys() & {"weight"} and plan.kind.startswith(("LayerNorm", "RMS")):
            layer.attributes["elementwise_affine"] = False
        for number, output in enumerate(operation.values):
            layer.reference.outputs[number] = as_made(output, plan, axes)
        for number, gradient in enumerate(operation.gradients):
            if gradient is not None:
                layer.reference.grad_outputs[number] = as_made(gradient, plan, axes)
        layer.reference.buffers = {n: plain(a) for n, a in plan.buffers_after.items()}
        if self.twin:
            layer.reference_f64 = self._twin(operation, plan, axes, title)
        if "." in plan.kind:
            self.result.without_kind.append(title)
        self.result.case.layers.append(layer)
        self._name_outputs(operation, plan, axes, title)

    def _followed(self, operation: Operation, plan: Plan) -> str | None:
        """Take the order of axes of the first operand that has all of them."""
        rank = max(operation.slots[o.slot].rank for o in plan.operands if o.slot is not None)
        for operand in plan.operands:
            if operand.slot is None or operand.moves:
                continue
            value = operation.slots[operand.slot]
            made = self.made.get(id(value))
            if value.rank == rank and made is not None:
                return made.axes if keeps_order(operation, plan, made.axes, rank) else None
        return None

    def _feed(
        self,
        operation: Operation,
        layer: Layer,
        position: int,
        operand: Operand,
        axes: str | None,
    ) -> str:
        """Name what feeds an operand; layers that bring it into form stand before."""
        if operand.slot is None:
            held = axes if fits(axes, np.ndim(operand.constant)) else None
            if self.alone:
                layer.reference.inputs[position] = to_array(operand.constant, held)
                return ""
            return self._given(operand.constant, held)
        value = operation.slots[operand.slot]
        edge = operation.edges[operand.slot] if value.active else None
        if self.alone:
            moves = moves_between(value, None, operand.moves, axes)
            layer.reference.inputs[position] = plain(through(moves, value.data))
            if edge is not None:
                layer.reference.grad_inputs[position] = plain(through(moves, edge))
            return ""
        if value.origin != "parameter" and not (value.active or value.leaf):
            return self._constant(value, operand.moves, axes)
        if value.leaf and value.origin not in ("parameter", "input"):
            return self._constant(value, operand.moves, axes)
        made = self._source(value, axes if not operand.moves else None, edge)
        moves = moves_between(value, made.axes, operand.moves, axes)
        if edge is not None and not moves:
            layer.reference.grad_inputs[position] = to_array(edge, made.axes)
        if not moves:
            return made.name
        order = to_canonical(made.axes, value.rank)
        array = np.transpose(np.asarray(value.data), order)
        gradient = None if edge is None else np.transpose(np.asarray(edge), order)
        name = made.name
        for move in moves:
            name, array, gradient = self._move(layer.name, name, move, array, gradient)
        if gradient is not None:
            layer.reference.grad_inputs[position] = plain(gradient)
        return name

    def _move(
        self, user: str, source: str, move: Move, array: Any, gradient: Any
    ) -> tuple[str, Any, Any]:
        """Add a layer that only moves elements, before the layer that needs it."""
        moved = move.apply(array)
        sent = None if gradient is None else move.apply(gradient)
        kind = type(move).__name__.lower()
        layer = moving_layer(self._fresh(f"{user}.{kind}"), move, source)
        layer.reference = moving_reference(moved, sent, gradient)
        self._exact_twin(layer)
        self.result.case.layers.append(layer)
        return layer.name, moved, sent

    def _source(self, value: Value, axes: str | None, edge: Any) -> Made:
        made = self.made.get(id(value))
        if made is None and value.origin == "parameter":
            made = self._free_parameter(value)
        elif made is None:
            name = self._fresh(value.path or "input")
            made = Made(name, axes)
            self.result.case.inputs[name] = to_array(value.data, axes)
            self.made[id(value)] = made
        if id(value) in self.free and edge is not None:
            self.free[id(value)][1].append(np.asarray(edge))
        return made

    def _free_parameter(self, value: Value) -> Made:
        """A parameter that feeds an operation like any tensor becomes a layer of its own."""
        name = self._fresh(parameter_name(value))
        array = self._written(value, Held(0))
        layer = Layer(name, "Parameter", arity=0, parameters={"value": array})
        layer.reference.outputs[0] = array
        self.free[id(value)] = (layer, [])
        self.result.holders.setdefault(id(value), []).append((layer, "value", Held(0)))
        self.result.case.layers.append(layer)
        self.made[id(value)] = Made(name, None)
        return self.made[id(value)]

    def _constant(self, value: Value, moves: tuple[Move, ...], axes: str | None) -> str:
        """Write what no derivative reaches as an input of the network, in the form it is read."""
        if value.leaf and value.origin == "input" and not moves:
            made = self.made.get(id(value))
            if made is not None and made.axes == axes:
                return made.name
        key = (id(value), moves, axes)
        if key not in self.constants:
            if value.leaf and value.path and value.origin == "input":
                name = self._fresh(value.path)
                self.made.setdefault(id(value), Made(name, axes, constant=True))
            else:
                name = self._fresh(f"const_{len(self.result.constants)}")
                self.result.constants.append(name)
            array = np.asarray(through(moves, value.data))
            fits = axes is not None and array.ndim == len(axes)
            self.result.case.inputs[name] = to_array(array, axes if fits else None)
            self.constants[key] = name
        return self.constants[key]

    def _given(self, constant: Any, axes: str | None) -> str:
        """Class indices and masks: the network's own input where it holds exactly these."""
        for leaf in self.graph.leaves:
            given = leaf.origin == "input" and leaf.path and not leaf.active
            if given and leaf.shape == constant.shape and equal(leaf.data, constant):
                return self._constant(leaf, (), None)
        key = ("given", constant.tobytes(), axes)
        if key not in self.constants:
            wanted = "indices" if constant.dtype == np.int64 else "mask"
            self.constants[key] = self._fresh(wanted)
            self.result.case.inputs[self.constants[key]] = to_array(constant, axes)
        return self.constants[key]

    def _parameter(self, operation: Operation, layer: Layer, name: str, held: Held) -> Array:
        value = operation.slots[held.slot]
        if held.convert is not None:
            self.result.converted[parameter_name(value)] = held.conversion
        if value.active:
            gradient = as_held(operation.edges[held.slot], held)
            layer.reference.grad_parameters[name] = gradient
        self.result.holders.setdefault(id(value), []).append((layer, name, held))
        return self._written(value, held)

    def _written(self, value: Value, held: Held) -> Array:
        """One object for one parameter in one form, so that shared ones are linked."""
        key = (id(value), held.axes, held.conversion)
        if key not in self.held:
            self.held[key] = as_held(value.data, held)
        return self.held[key]

    def _name_outputs(self, operation: Operation, plan: Plan, axes: str | None, title: str) -> None:
        if len(operation.outputs) > 1:
            for number, value in enumerate(operation.outputs):
                self.made[id(value)] = Made(f"{title}:{number}", axes)
            return
        value = operation.outputs[0]
        if not plan.after:
            rank_kept = axes is not None and value.rank == len(axes)
            self.made[id(value)] = Made(title, axes if rank_kept else None)
            return
        array = np.asarray(operation.values[0])
        gradient = operation.gradients[0]
        gradient = None if gradient is None else np.asarray(gradient)
        for move in reversed(plan.after):
            array = move.undo(array)
            gradient = None if gradient is None else move.undo(gradient)
        name = title
        for move in plan.after if not self.alone else ():
            sent = None if gradient is None else move.apply(gradient)
            array, before, gradient = move.apply(array), gradient, sent
            layer = moving_layer(self._fresh(f"{title}.{type(move).__name__.lower()}"), move, name)
            layer.reference = moving_reference(array, gradient, before)
            self._exact_twin(layer)
            self.result.case.layers.append(layer)
            name = layer.name
        self.made[id(value)] = Made(name, None)

    def _exact_twin(self, layer: Layer) -> None:
        """What only moves elements computes the same in every type."""
        if not self.twin:
            return
        given = layer.reference
        wide = Reference()
        for title in ("outputs", "grad_inputs", "grad_parameters"):
            arrays = getattr(given, title)
            getattr(wide, title).update({k: widened(a) for k, a in arrays.items()})
        layer.reference_f64 = wide

    def _twin(
        self, operation: Operation, plan: Plan, axes: str | None, title: str
    ) -> Reference | None:
        """Compute the operation alone in float64 from exactly what the first run saw."""
        if any(o.aval.dtype == np.float64 for o in operation.outputs):
            return None
        reference = Reference()
        with jax.enable_x64(True):
            arrays = operation.recorded_wide()
            upstream = [None if g is None else wide_array(g) for g in operation.gradients]
            try:
                if plan.formula is not None:
                    outputs, edges = _by_formula(operation, plan.formula, arrays, upstream)
                else:
                    outputs, edges = operation.differentiate(arrays, upstream, wide=True)
            except NoWideForm:
                self.result.without_twin.append(title)
                return None
            if any(o.dtype != np.float64 for o in outputs):
                self.result.without_twin.append(title)
                return None
        for number, output in enumerate(outputs):
            reference.outputs[number] = as_made(output, plan, axes)
        for position, operand in enumerate(plan.operands):
            if operand.slot is None or not operation.slots[operand.slot].active:
                continue
            value = operation.slots[operand.slot]
            edge = edges[operand.slot]
            if edge is not None:
                seen_as = axes if plan.follows else operand.axes
                moves = moves_between(value, None, operand.moves, seen_as)
                reference.grad_inputs[position] = plain(through(moves, edge))
        for name, held in plan.parameters.items():
            if operation.slots[held.slot].active:
                reference.grad_parameters[name] = as_held(edges[held.slot], held)
        return reference


def _plan_of(operation: Operation) -> Plan:
    assert operation.plan is not None
    return operation.plan


def _by_formula(
    operation: Operation, formula: Any, arrays: list[Any], upstream: list[Any]
) -> tuple[list[Any], list[Any]]:
    moving = [k for k, slot in enumerate(operation.slots) if slot.active]

    def of_moving(*moved: Any) -> Any:
        every = list(arrays)
        for k, array in zip(moving, moved, strict=True):
            every[k] = array
        return formula(*every)

    output, pull = jax.vjp(of_moving, *[arrays[k] for k in moving])
    sent = pull(upstream[0]) if upstream[0] is not None else [None] * len(moving)
    found = dict(zip(moving, sent, strict=True))
    return [output], [found.get(k) for k in range(len(operation.slots))]
