"""What Keras and its backend have to say about where a reference comes from."""

from __future__ import annotations

from typing import Any

import keras

from ..provenance import general_provenance
from .engines import Engine


def producer(engine: Engine) -> str:
    """Name Keras, its backend, and their versions."""
    return f"keras {keras.__version__} on {engine.producer()}"


def keras_provenance(engine: Engine) -> dict[str, Any]:
    """Give machine, versions, and the flags that choose an engine."""
    return {
        **general_provenance(),
        "framework": producer(engine),
        "backend": engine.name,
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image_data_format": keras.config.image_data_format(),
        "running_variance": "updated with the biased variance of the batch",
        "engine": engine.flags(),
    }
