"""Gradients of single edges, by hooks on autograd's nodes that leave the forward pass alone.

For an operation, the edges of its inputs are taken before it runs. After it, the graph is walked
from each output back to these edges. A pre-hook on the output's node sees the gradient with respect
to the output, already summed over the consumers; a hook on the node in front of an input's edge
sees what this operation alone sends there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from ..errors import CaptureError
from .snapshot import Snapshot
from .tape import Operation, Output, Slot, Tape


def take_edges(slots: list[Slot]) -> bool:
    """Note where each slot's gradient will arrive; whether two slots share such a place."""
    places = set()
    shared = False
    for slot in slots:
        if not slot.requires_grad:
            continue
        slot.edge = get_gradient_edge(slot.tensor)
        place = (slot.edge.node, slot.edge.output_nr)
        shared = shared or place in places
        places.add(place)
    return shared


class GradientListener:
    """Attaches hooks to the autograd nodes of recorded operations."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.output_nodes: set[Any] = set()

    def attach(self, operation: Operation) -> None:
        """Listen to everything that will flow through an operation in the backward pass."""
        targets: dict[tuple[Any, int], list[Slot]] = {}
        for slot in operation.every_slot:
            if slot.edge is not None:
                targets.setdefault((slot.edge.node, slot.edge.output_nr), []).append(slot)
        seen: set[Any] = set()
        for output in operation.outputs:
            node = output.tensor.grad_fn
            if node is None or output.alias_of is not None:
                continue
            operation.keep_alive.append(node)
            operation.handles.append(
                node.register_prehook(_receive_output(output, output.tensor.output_nr))
            )
            self._walk(operation, node, targets, seen)
            self.output_nodes.add(node)

    def _walk(
        self,
        operation: Operation,
        start: Any,
        targets: dict[tuple[Any, int], list[Slot]],
        seen: set[Any],
    ) -> None:
        stack = [start]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            operation.keep_alive.append(node)
            if node.name().endswith("CopySlices"):
                operation.hidden_in_view = True
                continue
            arrivals: dict[int, list[Slot]] = {}
            for position, (following, number) in enumerate(node.next_functions):
                if following is None:
                    continue
                slots = targets.get((following, number))
                if slots is not None:
                    arrivals[position] = slots
                    for slot in slots:
                        slot.reached = True
                    continue
                if following in self.output_nodes or following.name().endswith("AccumulateGrad"):
                    raise CaptureError(
                        f"{operation.where} uses a tensor that requires grad and was not passed "
                        f"to it ({following.name()}); pass it as an argument, or name the module "
                        "that contains it with leaf="
                    )
                stack.append(following)
            if arrivals:
                operation.handles.append(node.register_hook(_receive_inputs(arrivals)))


def _receive_output(output: Output, number: int) -> Callable[[tuple[Tensor | None, ...]], None]:
    def hook(gradients: tuple[Tensor | None, ...]) -> None:
        if torch.is_grad_enabled():
            raise CaptureError(
                "backward runs with create_graph=True: double backward cannot be captured; "
                "capture the first-order pass alone"
            )
        if output.gradient is not None:
            raise CaptureError(
                f"backward went through {output.operation.where} twice; sum the losses and call "
                "backward once inside the block"
            )
        gradient = gradients[number]
        if gradient is not None:
            with torch._C.DisableTorchFunction():
                output.gradient = Snapshot.of(gradient)

    return hook


def _receive_inputs(
    arrivals: dict[int, list[Slot]],
) -> Callable[[tuple[Tensor | None, ...], tuple[Tensor | None, ...]], None]:
    def hook(sent: tuple[Tensor | None, ...], _: tuple[Tensor | None, ...]) -> None:
        with torch._C.DisableTorchFunction():
            for position, slots in arrivals.items():
                gradient = sent[position]
                if gradient is None:
                    continue
                shape = slots[0].tensor.shape
                if gradient.shape != shape:
                    gradient = gradient.sum_to_size(shape)
                copy = gradient.detach().clone()
                for slot in slots:
                    slot.gradients.append(copy)

    return hook
