"""Exports everything that the tests of Keras look at: `KERAS_BACKEND=… keras_exports.py FOLDER`.

A process has one backend of Keras; the tests start one for each.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, losses, ops

import cnnverify as cv
from keras_models import Written, hard, hard_batch
from keras_singles import SINGLES

SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)


def printed(export: Callable[[], None]) -> str:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        export()
    return stream.getvalue()


def refusal(export: Callable[[], None]) -> str:
    try:
        export()
    except cv.CnnVerifyError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def models(folder: Path, facts: dict[str, Any]) -> None:
    model, (x, y) = hard(), hard_batch()
    before = [np.array(v) for v in model.get_weights()]
    nodes = len(model.get_layer("twice")._inbound_nodes)
    path = folder / "hard.h5"
    optimizer = keras.optimizers.Adam(0.01)
    facts["hard"] = printed(
        lambda: cv.capture_keras(
            model, x, y, SPARSE, path, twin="float64", optimizer=optimizer, seed=3
        )
    )
    facts["unchanged"] = all(
        np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)
    ) and nodes == len(model.get_layer("twice")._inbound_nodes)
    cv.capture_keras(model, x, y, SPARSE, folder / "evaluated.h5", training=False, quiet=True)
    stepped(folder, model, x, y)
    keras.utils.set_random_seed(8)
    written, image = Written(), x[:, :5, :6]
    facts["written"] = printed(
        lambda: cv.capture_keras(written, image, y % 3, SPARSE, folder / "written.h5")
    )
    probabilities = keras.Sequential(
        [layers.Input((7,)), layers.Dense(6, activation="relu"), layers.Dense(3, "softmax")]
    )
    vectors = np.random.default_rng(2).standard_normal((4, 7)).astype("float32")
    facts["probabilities"] = printed(
        lambda: cv.capture_keras(
            probabilities,
            vectors,
            np.array([2, 0, 1, 1]),
            "sparse_categorical_crossentropy",
            folder / "probabilities.h5",
        )
    )


def stepped(folder: Path, model: keras.Model, x: Any, y: Any) -> None:
    """Second steps too: the optimiser goes on from its own state."""
    rules = {
        "sgd": keras.optimizers.SGD(0.1),
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        "adamw": keras.optimizers.AdamW(0.01, weight_decay=0.1, amsgrad=True),
        "rmsprop": keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        "rmsprop without epsilon": keras.optimizers.RMSprop(0.01, epsilon=0),
        "adagrad": keras.optimizers.Adagrad(0.01, epsilon=1e-3),
    }
    with cv.FixtureFile(folder / "steps.h5") as file:
        for name, rule in rules.items():
            copy = keras.models.clone_model(model)
            copy.set_weights(model.get_weights())
            rule.build(copy.trainable_variables)
            random = np.random.default_rng(4)
            gradients = [
                ops.convert_to_tensor(random.standard_normal(v.shape), "float32")
                for v in copy.trainable_variables
            ]
            rule.apply(gradients, copy.trainable_variables)
            cv.capture_keras(
                copy, x, y, SPARSE, file, case=name, optimizer=rule, training=False, quiet=True
            )


def trained(folder: Path, facts: dict[str, Any]) -> None:
    """Several steps, and the same by hand: gradients of the backend, `optimizer.apply`."""
    random = np.random.default_rng(12)
    batches = [
        (random.standard_normal((4, 5)).astype("float32"), random.standard_normal((4, 3)))
        for _ in range(4)
    ]
    model = small()
    before = [np.array(v) for v in model.get_weights()]
    rules = {
        "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        "adagrad": lambda: keras.optimizers.Adagrad(0.1),
        "rmsprop": lambda: keras.optimizers.RMSprop(0.003, epsilon=0, centered=True),
    }
    lines = []
    with cv.FixtureFile(folder / "trained.h5") as file:
        for name, rule in rules.items():

            def export(name: str = name, rule: Callable[[], Any] = rule) -> None:
                cv.capture_training_keras(
                    model, "mse", batches, rule(), out=file, case=name, seed=2
                )

            lines.append(printed(export))
    facts["trained"] = lines
    same = zip(before, model.get_weights(), strict=True)
    facts["put back"] = all(np.array_equal(a, b) for a, b in same)
    facts["by hand"] = {}
    for name, rule in rules.items():
        other = small()
        losses = by_hand(other, rule(), batches)
        dense = other.get_layer("head")
        facts["by hand"][name] = [losses, np.array(dense.kernel).tolist()]
    untrained: list[tuple[str, Any, keras.Model]] = [
        ("adam", keras.optimizers.Adam(0.1), model),
        ("rmsprop", keras.optimizers.RMSprop(0.1), model),
        ("schedule", keras.optimizers.SGD(decaying()), model),
        ("dropout", keras.optimizers.SGD(0.1), small(0.5)),
    ]
    facts["untrained"] = {}
    for name, optimizer, net in untrained:

        def attempt(optimizer: Any = optimizer, net: keras.Model = net) -> None:
            cv.capture_training_keras(
                net, "mse", batches, optimizer, out=folder / "refused.h5", self_check=False
            )

        facts["untrained"][name] = refusal(attempt)


def decaying() -> Any:
    return keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)


def small(rate: float = 0.0) -> keras.Model:
    keras.utils.set_random_seed(6)
    return keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(4, use_bias=False, name="first"),
            layers.BatchNormalization(name="bn"),
            layers.Activation("tanh"),
            *([layers.Dropout(rate)] if rate else []),
            layers.Dense(3, name="head"),
        ]
    )


def by_hand(model: keras.Model, optimizer: Any, batches: list[Any]) -> list[float]:
    """Train without the exporter; the losses."""
    losses_seen = []
    backend = keras.backend.backend()
    objective = losses.MeanSquaredError()
    for x, y in batches:
        variables = model.trainable_variables
        x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y, "float32")
        if backend == "torch":
            model.zero_grad()
            value = objective(y, model(x, training=True))
            value.backward()
            gradients = [v.value.grad for v in variables]
        elif backend == "jax":
            import jax

            def of(values: Any, x: Any = x, y: Any = y) -> Any:
                others = [v.value for v in model.non_trainable_variables]
                scores, changed = model.stateless_call(values, others, x, training=True)
                return objective(y, scores), changed

            values = [v.value for v in variables]
            (value, changed), gradients = jax.value_and_grad(of, has_aux=True)(values)
            for variable, new in zip(model.non_trainable_variables, changed, strict=True):
                variable.assign(new)
        else:
            import tensorflow as tf

            with tf.GradientTape() as tape:
                value = objective(y, model(x, training=True))
            gradients = tape.gradient(value, [v.value for v in variables])
        with ops_without_gradient(backend):
            optimizer.apply(gradients, variables)
        losses_seen.append(float(ops.convert_to_numpy(ops.stop_gradient(value))))
    return losses_seen


def ops_without_gradient(backend: str) -> Any:
    if backend == "torch":
        import torch

        return torch.no_grad()
    return contextlib.nullcontext()


def singles(folder: Path, facts: dict[str, Any]) -> None:
    facts["singles"] = {}
    with cv.FixtureFile(folder / "singles.h5") as file:
        for name, layer, inputs in SINGLES:
            cv.layer_keras(layer, *inputs, out=file, case=name, twin="float64", seed=2)
            facts["singles"][name] = [x.kind for x in file.fixture.cases[name].layers]


def refusals(folder: Path, facts: dict[str, Any]) -> None:
    out, x = folder / "refused.h5", np.ones((2, 5), "float32")
    tokens = keras.Sequential([layers.Input((5,)), layers.Embedding(9, 4, mask_zero=True)])
    half = keras.Sequential([layers.Input((5,)), layers.Dense(3, dtype="mixed_float16")])
    plain = keras.Sequential([layers.Input((5,)), layers.Dense(3)])
    y = np.ones((2, 3), "float32")

    class Branching(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.fc = layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            z = self.fc(inputs)
            return z if float(ops.sum(z)) > 0 else -z

    def capture(model: Any, **settings: Any) -> Callable[[], None]:
        return lambda: cv.capture_keras(model, x, y, "mse", out, quiet=True, **settings)

    clipped = keras.optimizers.SGD(0.1, clipnorm=1.0)
    facts["refusals"] = {
        "mask": refusal(lambda: cv.capture_keras(tokens, x, np.ones((2, 5, 4)), "mse", out)),
        "half": refusal(capture(half)),
        "branch": refusal(capture(Branching())),
        "lion": refusal(capture(plain, optimizer=keras.optimizers.Lion(0.1))),
        "clipping": refusal(capture(plain, optimizer=clipped)),
        "several": refusal(lambda: cv.capture_keras(plain, x, [y, y], ["mse", "mse"], out)),
        "single": refusal(lambda: cv.layer_keras(layers.GaussianNoise(0.1), x, out=out)),
    }
    facts["no file"] = not out.exists()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regular = layers.Dense(3, kernel_regularizer="l2")
        model = keras.Sequential([layers.Input((5,)), regular, layers.GaussianNoise(0.1)])
        facts["without a kind"] = printed(
            lambda: cv.capture_keras(model, x, y, "mse", folder / "noise.h5")
        )
        facts["warned"] = [str(w.message) for w in caught]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    found: dict[str, Any] = {}
    for part in (models, trained, singles, refusals):
        part(target, found)
    (target / "facts.json").write_text(json.dumps(found))
