"""Models of Keras for the tests; each backend exports the same ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops


def hard() -> keras.Model:
    """All at once: a residual sum, a functional ReLU, a layer called twice, batch normalisation,
    dropout, a strided convolution with uneven `same` padding, a depthwise and a transposed one."""
    keras.utils.set_random_seed(31)
    image = keras.Input((9, 8, 3), name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv1")(image)
    x = ops.relu(layers.BatchNormalization(name="bn1")(x))
    twice = layers.Conv2D(4, 3, padding="same", activation="relu", name="twice")
    y = layers.Add(name="sum")([twice(twice(x)), x])
    y = layers.Dropout(0.4, name="dropout", seed=7)(ops.relu(y))
    y = layers.DepthwiseConv2D((3, 2), depth_multiplier=2, padding="same", name="depthwise")(y)
    y = layers.Conv2DTranspose(3, (3, 4), strides=2, padding="same", name="up")(y)
    y = layers.LayerNormalization(name="norm")(y)
    y = layers.Flatten(name="flatten")(layers.MaxPooling2D(2, padding="same", name="pool")(y))
    model = keras.Model(image, layers.Dense(5, name="fc")(y))
    for variable in model.trainable_variables:
        if variable.name in ("gamma", "beta", "bias"):
            noise = np.random.default_rng(len(variable.path)).normal(0, 0.3, variable.shape)
            variable.assign_add(noise.astype("float32"))
    return model


def hard_batch() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    random = np.random.default_rng(5)
    return random.standard_normal((3, 9, 8, 3)).astype("float32"), np.array([1, 4, 0])


class Scaled(layers.Layer):
    """A layer of the user's own, with a parameter that is used like any tensor."""

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs: Any) -> Any:
        return ops.tanh(inputs * self.factor) - inputs


class Written(keras.Model):
    """A model as a class, with a nested model and a layer of the user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = layers.Conv2D(4, 3, padding="same", name="stem")
        self.block = keras.Sequential(
            [layers.Conv2D(4, 1, name="inner"), layers.Activation("gelu", name="act")], name="block"
        )
        self.scaled = Scaled(name="scaled")
        self.fc = layers.Dense(3, name="fc")

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = ops.silu(self.stem(inputs))
        x = self.block(x) + self.block(x * 0.5)
        if training:
            x = self.scaled(x)
        return self.fc(ops.mean(x, axis=(1, 2)))
