"""Single layers and functions of Keras, each with random inputs of awkward shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers, losses, ops

_RANDOM = np.random.default_rng(11)

Single = tuple[str, Callable[..., Any], list[Any]]


def _normal(*shape: int) -> np.ndarray[Any, Any]:
    return _RANDOM.standard_normal(shape).astype("float32")


def _probabilities(*shape: int) -> np.ndarray[Any, Any]:
    positive = _RANDOM.random(shape) + 0.1
    shares: np.ndarray[Any, Any] = (positive / positive.sum(-1, keepdims=True)).astype("float32")
    return shares


IMAGE, OTHER, ROW = _normal(3, 7, 6, 4), _normal(3, 7, 6, 4), _normal(3, 9, 4)
VOLUME, VECTOR = _normal(2, 5, 4, 3, 2), _normal(4, 6)
ONE_HOT = np.eye(6, dtype="float32")[[1, 0, 3, 2]]

SINGLES: list[Single] = [
    ("conv2d", layers.Conv2D(6, (3, 2), strides=2, padding="same", groups=2), [IMAGE]),
    ("conv2d dilated", layers.Conv2D(5, 3, dilation_rate=2, activation="relu"), [IMAGE]),
    ("conv1d causal", layers.Conv1D(5, 3, dilation_rate=2, padding="causal"), [ROW]),
    ("conv3d", layers.Conv3D(3, (3, 2, 1), strides=(2, 1, 1)), [VOLUME]),
    ("transposed", layers.Conv2DTranspose(5, (1, 4), strides=2, padding="same"), [IMAGE]),
    ("transposed valid", layers.Conv2DTranspose(5, (2, 4), strides=3), [IMAGE]),
    ("depthwise", layers.DepthwiseConv2D((3, 2), padding="same", depth_multiplier=2), [IMAGE]),
    ("separable", layers.SeparableConv2D(5, 3, padding="same", activation="tanh"), [IMAGE]),
    ("dense", layers.Dense(5, activation="softmax"), [VECTOR]),
    ("dense of rows", layers.Dense(5), [ROW]),
    ("embedding", layers.Embedding(9, 4), [_RANDOM.integers(0, 9, (3, 5))]),
    ("max pool", layers.MaxPooling2D((3, 2), strides=2, padding="same"), [IMAGE]),
    ("average pool", layers.AveragePooling2D((3, 2), strides=2, padding="same"), [IMAGE]),
    ("average pool uneven", layers.AveragePooling2D((2, 3), strides=1, padding="same"), [IMAGE]),
    ("global average", layers.GlobalAveragePooling2D(), [IMAGE]),
    ("global maximum", layers.GlobalMaxPooling2D(), [IMAGE]),
    ("batch norm", layers.BatchNormalization(), [IMAGE]),
    ("batch norm of rows", layers.BatchNormalization(scale=False), [ROW]),
    ("batch norm second axis", layers.BatchNormalization(axis=1), [IMAGE]),
    ("layer norm", layers.LayerNormalization(), [IMAGE]),
    ("layer norm of all", layers.LayerNormalization(axis=[1, 2, 3], center=False), [IMAGE]),
    ("rms norm", layers.RMSNormalization(), [VECTOR]),
    ("group norm", layers.GroupNormalization(2), [IMAGE]),
    ("dropout", layers.Dropout(0.4, seed=3), [IMAGE]),
    ("dropout without a seed", layers.Dropout(0.4), [VECTOR]),
    ("spatial dropout", layers.SpatialDropout2D(0.4), [IMAGE]),
    ("alpha dropout", layers.AlphaDropout(0.3), [IMAGE]),
    ("zero padding", layers.ZeroPadding2D(((1, 2), (0, 3))), [IMAGE]),
    ("cropping", layers.Cropping2D(((1, 2), (0, 3))), [IMAGE]),
    ("up sampling", layers.UpSampling2D((2, 3)), [IMAGE]),
    ("flatten", layers.Flatten(), [IMAGE]),
    ("permute", layers.Permute((3, 1, 2)), [IMAGE]),
    ("repeat vector", layers.RepeatVector(3), [VECTOR]),
    ("prelu", layers.PReLU(alpha_initializer="uniform", shared_axes=[1, 2]), [IMAGE]),
    ("leaky", layers.LeakyReLU(), [IMAGE]),
    ("rescaling", layers.Rescaling(0.5, 1.0), [IMAGE]),
    ("average", layers.Average(), [IMAGE, OTHER]),
    ("concatenate", layers.Concatenate(), [IMAGE, OTHER]),
    ("dot", layers.Dot(1), [_normal(3, 4, 5), _normal(3, 4, 2)]),
    ("gelu", ops.gelu, [IMAGE]),
    ("number minus", lambda x: 2 - x, [IMAGE]),
    ("broadcast", lambda a, b: a * b, [IMAGE, _normal(4)]),
    ("mean", lambda x: ops.mean(x, axis=(1, 2)), [IMAGE]),
    ("sum of channels", lambda x: ops.sum(x, axis=-1), [IMAGE]),
    ("index", lambda x: x[:, 1:5, 2], [IMAGE]),
    ("split", lambda x: ops.split(x, 2, axis=-1), [IMAGE]),
    ("stack", lambda a, b: ops.stack([a, b], 1), [IMAGE, OTHER]),
    ("clip", lambda x: ops.clip(x, -0.5, 0.7), [IMAGE]),
    ("mse", losses.MeanSquaredError(), [OTHER, IMAGE]),
    ("mse sum", losses.MeanSquaredError(reduction="sum"), [_normal(4, 6), VECTOR]),
    ("huber", losses.Huber(0.7), [_normal(4, 6), VECTOR]),
    ("bce logits", losses.BinaryCrossentropy(from_logits=True), [ONE_HOT, VECTOR]),
    ("bce", losses.BinaryCrossentropy(label_smoothing=0.1), [ONE_HOT, _probabilities(4, 6)]),
    ("cce logits", losses.CategoricalCrossentropy(True, 0.1), [ONE_HOT, VECTOR]),
    ("cce", losses.CategoricalCrossentropy(), [ONE_HOT, _probabilities(4, 6)]),
    (
        "sce of pixels",
        losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
        [_RANDOM.integers(0, 4, (3, 7, 6)), IMAGE],
    ),
    ("kl", losses.KLDivergence(), [_probabilities(4, 6), _probabilities(4, 6)]),
    ("hinge", losses.SquaredHinge(), [ONE_HOT, VECTOR]),
    ("poisson", losses.Poisson(), [_probabilities(4, 6), _probabilities(4, 6)]),
]
"""A name, what computes, and what goes in."""
