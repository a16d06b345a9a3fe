"""The kinds of layers that the format names."""

from __future__ import annotations

import inspect

from torch import nn

FUNCTIONS = frozenset(
    """
    Parameter SumPool1d SumPool2d SumPool3d Add Sub Mul Div Concat Split Reshape Permute Transpose
    Squeeze Unsqueeze Slice Mean Sum MatMul Scale Shift Clip Power Exp Log Sqrt Abs Neg
    """.split()
)
"""Kinds that are functions in PyTorch, or that it has not at all."""

_NO_LAYERS = frozenset(
    """
    Module Container Sequential ModuleList ModuleDict ParameterList ParameterDict DataParallel
    RNN RNNBase RNNCell RNNCellBase LSTM LSTMCell GRU GRUCell MultiheadAttention Transformer
    TransformerEncoder TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer
    SyncBatchNorm NLLLoss2d CrossMapLRN2d EmbeddingBag AdaptiveLogSoftmaxWithLoss
    LinearCrossEntropyLoss MaxUnpool1d MaxUnpool2d MaxUnpool3d FractionalMaxPool2d
    FractionalMaxPool3d
    """.split()
)
"""Classes of torch.nn that the format does not name, or that stand for another kind."""


def section_five() -> frozenset[str]:
    """Give the name of every kind of the format."""
    classes = inspect.getmembers(
        nn, lambda item: inspect.isclass(item) and issubclass(item, nn.Module)
    )
    names = {name for name, _ in classes if not name.startswith("Lazy")}
    return frozenset(names - _NO_LAYERS) | FUNCTIONS
