import LayerKit
import Tensors
import Testing

// The numbers are those of PyTorch 2.13 in double precision, computed from random eighths.
private let cases: [TorchCase] = [
  TorchCase(
    "a vector", "Linear", [:],
    inputs: [tensor([3], "1.75 -1.25 2")],
    parameters: [
      "weight": tensor([2, 3], "-2 -1.875 -0.75 -0.875 1.5 -1"),
      "bias": tensor([2], "1.375 0.625"),
    ],
    upstream: tensor([2], "-1.375 0.875"),
    output: tensor([2], "-1.28125 -4.78125"),
    inputGradients: [tensor([3], "1.984375 3.890625 0.15625")],
    parameterGradients: [
      "weight": tensor([2, 3], "-2.40625 1.71875 -2.75 1.53125 -1.09375 1.75"),
      "bias": tensor([2], "-1.375 0.875"),
    ]),
  TorchCase(
    "more axes", "Linear", ["bias": false],
    inputs: [tensor([2, 2, 2], "0.125 -1 0.375 -1.375 -0.5 1.25 -0.875 -0.625")],
    parameters: [
      "weight": tensor([3, 2], "0.375 1.625 -0.625 -0.5 0.5 -0.375")
    ],
    upstream: tensor([2, 2, 3], "-0.5 1.25 0.625 0.75 -1.125 1 -1.5 1.5 1.875 0.125 0.875 2"),
    output: tensor(
      [2, 2, 3],
      """
      -1.578125 0.421875 0.4375 -2.09375 0.453125 0.703125 1.84375 -0.3125 -0.71875 \
      -1.34375 0.859375 -0.203125
      """),
    inputGradients: [
      tensor(
        [2, 2, 2],
        """
        -0.65625 -1.671875 1.484375 1.40625 -0.5625 -3.890625 0.5 -0.984375
        """)
    ],
    parameterGradients: [
      "weight": tensor([3, 2], "0.859375 -2.484375 -1.78125 1.625 -2.234375 -0.90625")
    ]),
  TorchCase(
    "no feature", "Linear", ["in_features": 0],
    inputs: [tensor([2, 0], "")],
    parameters: [
      "weight": tensor([2, 0], ""),
      "bias": tensor([2], "-0.875 0.125"),
    ],
    upstream: tensor([2, 2], "-0.75 -0.625 -1.875 0.25"),
    output: tensor([2, 2], "-0.875 0.125 -0.875 0.125"),
    inputGradients: [tensor([2, 0], "")],
    parameterGradients: [
      "weight": tensor([2, 0], ""),
      "bias": tensor([2], "-2.625 -0.375"),
    ]),
  TorchCase(
    "pairs", "Bilinear", [:],
    inputs: [
      tensor([2, 2], "-0.125 -1.875 0.25 1.25"), tensor([2, 3], "-0.625 1.5 0 0.375 0.125 -1.75"),
    ],
    parameters: [
      "weight": tensor(
        [2, 2, 3],
        """
        0.875 1.625 -1.625 -1.5 0.25 1.75 0.25 0.375 -1 -1.75 -0.375 1.5
        """),
      "bias": tensor([2], "-0.125 1.625"),
    ],
    upstream: tensor([2, 2], "-1.625 -1.25 0 0.25"),
    output: tensor([2, 2], "-2.822265625 0.578125 -3.7734375 -2.0625"),
    inputGradients: [
      tensor([2, 2], "-3.580078125 -2.796875 0.47265625 -0.83203125"),
      tensor(
        [2, 3],
        """
        -8.455078125 0.271484375 8.361328125 -0.53125 -0.09375 0.40625
        """),
    ],
    parameterGradients: [
      "weight": tensor(
        [2, 2, 3],
        """
        -0.126953125 0.3046875 0 -1.904296875 4.5703125 0 -0.07421875 0.2421875 -0.109375 \
        -1.34765625 3.5546875 -0.546875
        """),
      "bias": tensor([2], "-1.625 -1"),
    ]),
  TorchCase(
    "two vectors, no bias", "Bilinear", [:],
    inputs: [tensor([2], "0.375 -1.125"), tensor([2], "2 0.5")],
    parameters: [
      "weight": tensor([1, 2, 2], "0.375 1.125 -0.25 1.75")
    ],
    upstream: tensor([1], "-1.375"),
    output: tensor([1], "0.0703125"),
    inputGradients: [tensor([2], "-1.8046875 -0.515625"), tensor([2], "-0.580078125 2.126953125")],
    parameterGradients: [
      "weight": tensor([1, 2, 2], "-1.03125 -0.2578125 3.09375 0.7734375")
    ]),
  TorchCase(
    "rows with padding", "Embedding", ["padding_idx": 1],
    inputs: [tensor([2, 2], "1 3 3 0")],
    parameters: [
      "weight": tensor([4, 2], "0.375 -1.625 0.375 1.5 1.625 0.875 -0.25 -0.125")
    ],
    upstream: tensor([2, 2, 2], "0 -2 0 -0.25 -2 1.125 -1.625 0.625"),
    output: tensor([2, 2, 2], "0.375 1.5 -0.25 -0.125 -0.25 -0.125 0.375 -1.625"),
    inputGradients: [],
    parameterGradients: [
      "weight": tensor([4, 2], "-1.625 0.625 0 0 0 0 -2 0.875")
    ]),
  TorchCase(
    "gradients divided by frequency", "Embedding", ["scale_grad_by_freq": true, "padding_idx": -4],
    inputs: [tensor([5], "1 3 1 1 0")],
    parameters: [
      "weight": tensor([4, 2], "-0.375 -0.5 -0.375 0 -1.125 1.125 1.75 -1.75")
    ],
    upstream: tensor([5, 2], "1.75 0.875 1.125 1.125 -1.125 1.375 0.875 1.875 0.375 -2"),
    output: tensor([5, 2], "-0.375 0 1.75 -1.75 -0.375 0 -0.375 0 -0.375 -0.5"),
    inputGradients: [],
    parameterGradients: [
      "weight": tensor([4, 2], "0 0 0.49999999999999994 1.3749999999999998 0 0 1.125 1.125")
    ]),
  TorchCase(
    "rows of a largest norm", "Embedding", ["max_norm": 0.5, "norm_type": 1.0],
    inputs: [tensor([3], "2 0 2")],
    parameters: [
      "weight": tensor([4, 2], "1.375 1.25 0.25 -0.5 1.625 -1.5 -1.125 1.875")
    ],
    upstream: tensor([3, 2], "1.25 -1.125 -0.25 0.625 -0.125 0.5"),
    output: tensor(
      [3, 2],
      """
      0.25999999168000026 -0.23999999232000024 0.26190475192743806 0.23809522902494368 \
      0.25999999168000026 -0.23999999232000024
      """),
    inputGradients: [],
    parameterGradients: [
      "weight": tensor([4, 2], "-0.25 0.625 0 0 1.125 -0.625 0 0")
    ]),
  TorchCase(
    "batches that broadcast", "MatMul", [:],
    inputs: [
      tensor([2, 1, 1, 2], "-0.375 -1.75 1.625 -0.25"),
      tensor([2, 2, 2], "1.75 -0.375 2 0.25 1.5 2 -1 -0.75"),
    ],
    upstream: tensor([2, 2, 1, 2], "-1.125 -0.75 -1.625 0.25 -1.5 2 1.625 1.5"),
    output: tensor(
      [2, 2, 1, 2],
      """
      -4.15625 -0.296875 1.1875 0.5625 2.34375 -0.671875 2.6875 3.4375
      """),
    inputGradients: [
      tensor([2, 1, 1, 2], "-3.625 -1 2.0625 -5.25"),
      tensor(
        [2, 2, 2],
        """
        -2.015625 3.53125 2.34375 0.8125 3.25 2.34375 2.4375 -0.8125
        """),
    ]),
  TorchCase(
    "a vector and batches", "MatMul", [:],
    inputs: [
      tensor([2], "-0.875 1.5"),
      tensor(
        [2, 2, 3],
        """
        0.875 0.25 -2 1 -0.125 1.875 -1 1.875 -0.5 -0.625 -0.125 -1.5
        """),
    ],
    upstream: tensor([2, 3], "-0.875 0.375 -1 -1.25 -1.875 -1.5"),
    output: tensor([2, 3], "0.734375 -0.40625 4.5625 -0.0625 -1.828125 -1.8125"),
    inputGradients: [
      tensor([2], "-0.1875 0.46875"),
      tensor(
        [2, 2, 3],
        """
        0.765625 -0.328125 0.875 -1.3125 0.5625 -1.5 1.09375 1.640625 1.3125 -1.875 -2.8125 \
        -2.25
        """),
    ]),
  TorchCase(
    "batches and a vector", "MatMul", [:],
    inputs: [
      tensor(
        [2, 2, 3],
        """
        0.25 -2 0.875 -1.125 1.75 1 -0.625 0.125 -1.25 -1.125 -1 -1.875
        """), tensor([3], "0.375 -1.25 1.25"),
    ],
    upstream: tensor([2, 2], "-0.75 0.75 -2 1.375"),
    output: tensor([2, 2], "3.6875 -1.359375 -1.953125 -1.515625"),
    inputGradients: [
      tensor(
        [2, 2, 3],
        """
        -0.28125 0.9375 -0.9375 0.28125 -0.9375 0.9375 -0.75 2.5 -2.5 0.515625 -1.71875 \
        1.71875
        """), tensor([3], "-1.328125 1.1875 0.015625"),
    ]),
  TorchCase(
    "two vectors", "MatMul", [:],
    inputs: [tensor([3], "1.625 -0.125 -0.75"), tensor([3], "1.5 -1.375 0.125")],
    upstream: tensor([], "-1.75"),
    output: tensor([], "2.515625"),
    inputGradients: [
      tensor([3], "-2.625 2.40625 -0.21875"), tensor([3], "-2.84375 0.21875 1.3125"),
    ]),
]

@Test(arguments: cases)
func `linear kinds as in PyTorch`(_ example: TorchCase) throws { try example.check() }
