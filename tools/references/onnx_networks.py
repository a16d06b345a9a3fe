"""ONNX's normalisations, losses, dropout, and changes of shape."""

from __future__ import annotations

import numpy as np

from cnnverify.format import Layer
from onnx_node import Converter, Inexpressible, Node, floating, layer, whole


def _batch_norm(node: Node) -> Layer:
    """Running statistics follow with the biased variance, and momentum weighs the old ones."""
    d = max(1, node.x.ndim - 2)
    scale, bias, mean, variance = (floating(node.input(k)) for k in (1, 2, 3, 4))
    training = bool(node.get("training_mode", 0))
    after = {}
    if training:
        after = {"running_mean": node.outputs[1], "running_var": node.outputs[2]}
    return layer(
        f"BatchNorm{d}d",
        [node.x],
        [node.y],
        parameters={"weight": scale, "bias": bias},
        buffers={"running_mean": mean, "running_var": variance},
        buffers_after=after,
        training=training,
        eps=node.get("epsilon", 1e-5),
        momentum=1 - node.get("momentum", 0.9),
        unbiased_running_variance=False,
    )


def _instance_norm(node: Node) -> Layer:
    return layer(
        f"InstanceNorm{node.spatial}d",
        [node.x],
        [node.y],
        parameters={"weight": node.input(1), "bias": node.input(2)},
        eps=node.get("epsilon", 1e-5),
    )


def _over_last_axes(kind: str) -> Converter:
    def convert(node: Node) -> Layer:
        axis = int(node.get("axis", -1)) % node.x.ndim
        shape = node.x.shape[axis:]
        weight, bias = node.input(1), node.optional(2)
        return layer(
            kind,
            [node.x],
            [node.y],
            parameters={
                "weight": np.broadcast_to(weight, shape).copy(),
                "bias": None if bias is None else np.broadcast_to(bias, shape).copy(),
            },
            normalized_shape=list(shape),
            eps=node.get("epsilon", 1e-5),
        )

    return convert


def _group_norm(node: Node) -> Layer:
    return layer(
        "GroupNorm",
        [node.x],
        [node.y],
        parameters={"weight": node.input(1), "bias": node.input(2)},
        num_groups=int(node.get("num_groups")),
        eps=node.get("epsilon", 1e-5),
    )


def _local_response_norm(node: Node) -> Layer:
    return layer(
        "LocalResponseNorm",
        [node.x],
        [node.y],
        size=int(node.get("size")),
        alpha=node.get("alpha", 1e-4),
        beta=node.get("beta", 0.75),
        k=node.get("bias", 1.0),
    )


def _loss(kind: str) -> Converter:
    def convert(node: Node) -> Layer:
        return layer(
            kind,
            [node.x, node.input(1)],
            [node.y],
            auxiliary={"weight": node.optional(2)},
            reduction=node.get("reduction", "mean"),
            ignore_index=node.get("ignore_index"),
        )

    return convert


def _dropout(node: Node) -> Layer:
    """In training the mask must be known, which some tests give as the second output."""
    ratio, mode = node.optional(1), node.optional(2)
    p = 0.5 if ratio is None else float(ratio)
    p = node.get("ratio", p)
    training = mode is not None and bool(mode)
    mask = np.asarray(node.outputs[1]).astype(np.uint8) if len(node.outputs) > 1 else None
    if training and mask is None and p > 0:
        raise Inexpressible("the mask is not given")
    return layer(
        "Dropout",
        [node.x],
        [node.y],
        auxiliary={"mask": mask if training else None},
        training=training,
        p=float(str(np.float32(p))),
    )


def _reshaped(node: Node) -> Layer:
    if node.x.size == 0:
        raise Inexpressible("empty")
    asked = whole(node.optional(1)) if node.operator == "Reshape" else None
    shape = asked if asked and 0 not in asked else list(node.y.shape)
    return layer("Reshape", [node.x], [node.y], shape=shape)


def _flatten(node: Node) -> Layer:
    if node.get("axis", 1) % node.x.ndim == 1:
        return layer("Flatten", [node.x], [node.y])
    return _reshaped(node)


def _transpose(node: Node) -> Layer:
    dims = node.get("perm") or list(range(node.x.ndim))[::-1]
    return layer("Permute", [node.x], [node.y], dims=list(dims))


def _concat(node: Node) -> Layer:
    inputs = [floating(node.input(k)) for k in range(len(node.inputs))]
    return layer("Concat", inputs, [node.y], dim=int(node.get("axis")))


def _split(node: Node) -> Layer:
    axis = int(node.get("axis", 0))
    sizes = [int(y.shape[axis]) for y in node.outputs]
    if 0 in sizes:
        raise Inexpressible("empty")
    return layer("Split", [node.x], node.outputs, split_sizes=sizes, dim=axis)


def _slice(node: Node) -> Layer:
    """One axis is cut by the layer, the others beforehand."""
    x = node.x
    starts, ends = whole(node.input(1)) or [], whole(node.input(2)) or []
    axes = [a % x.ndim for a in whole(node.optional(3)) or range(len(starts))]
    steps = whole(node.optional(4)) or [1] * len(starts)
    if min(steps) < 0:
        raise Inexpressible("a negative step")
    if node.y.size == 0:
        raise Inexpressible("empty")
    for start, end, axis, step in list(zip(starts, ends, axes, steps, strict=True))[:-1]:
        x = x[(slice(None),) * axis + (slice(start, end, step),)]
    return layer(
        "Slice",
        [np.ascontiguousarray(x)],
        [node.y],
        dim=axes[-1],
        start=starts[-1],
        stop=ends[-1],
        step=steps[-1],
    )


def _squeeze(node: Node) -> Layer:
    axes = whole(node.optional(1)) or node.get("axes")
    if axes is None:
        return layer("Squeeze", [node.x], [node.y])
    x = np.squeeze(node.x, tuple(axes[:-1])) if len(axes) > 1 else node.x
    last = axes[-1] % node.x.ndim
    last -= sum(a % node.x.ndim < last for a in axes[:-1])
    return layer("Squeeze", [x], [node.y], dim=last)


def _unsqueeze(node: Node) -> Layer:
    axes = whole(node.optional(1)) or node.get("axes")
    rank = node.y.ndim
    last = max(a % rank for a in axes)
    before = np.squeeze(node.y, last).shape
    return layer("Unsqueeze", [node.x.reshape(before)], [node.y], dim=last)


NETWORKS: dict[str, Converter] = {
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _over_last_axes("LayerNorm"),
    "RMSNormalization": _over_last_axes("RMSNorm"),
    "GroupNormalization": _group_norm,
    "LRN": _local_response_norm,
    "NegativeLogLikelihoodLoss": _loss("NLLLoss"),
    "SoftmaxCrossEntropyLoss": _loss("CrossEntropyLoss"),
    "Dropout": _dropout,
    "Reshape": _reshaped,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
}
"""By operator."""
