import LayerKit
import Tensors

/// A convolution whose results PyTorch computed.
///
/// Element k of x is (7k mod 11) − 5, of w (5k mod 7) − 3, of b (2k mod 5) − 2 and of dy
/// (3k mod 8) − 4. The results are those of torch 2.13 in float64: `m = torch.nn.Conv1d(…)`,
/// `y = m(x)`, `y.backward(dy)`; all of them are whole numbers.
struct ReferenceConvolution: Sendable {
  let kind: String
  let hyperparameters: [String: HyperparameterValue]
  let operands: Operands<Double>
  let y: Tensor<Double>
  let dy: Tensor<Double>
  let dx: Tensor<Double>
  let dw: Tensor<Double>
  let db: Tensor<Double>

  init(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue], x: Shape, w: Shape, b: Shape,
    y: Shape, _ output: String, dx: String, dw: String, db: String
  ) {
    self.kind = kind
    self.hyperparameters = hyperparameters
    operands = Operands(
      inputs: [Self.pattern(x, step: 7, modulus: 11)],
      parameters: [
        "weight": Self.pattern(w, step: 5, modulus: 7),
        "bias": Self.pattern(b, step: 2, modulus: 5),
      ])
    self.y = tensor(y, output)
    dy = Self.pattern(y, step: 3, modulus: 8)
    self.dx = tensor(x, dx)
    self.dw = tensor(w, dw)
    self.db = tensor(b, db)
  }

  private static func pattern(_ shape: Shape, step: Int, modulus: Int) -> Tensor<Double> {
    Tensor(shape, (0..<shape.count).map { Double($0 * step % modulus - modulus / 2) })
  }

  static let all = [
    ReferenceConvolution(
      "Conv1d",
      [
        "in_channels": 2, "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 3,
        "dilation": 2, "groups": 2,
      ],
      x: [1, 2, 6], w: [4, 1, 3], b: [4],
      y: [1, 4, 4], "-2 2 2 -23 2 11 8 -19 2 8 -17 14 -1 8 -22 9",
      dx: "0 5 0 8 0 -5 0 -13 0 8 0 5",
      dw: "-11 17 -19 1 -7 21 -9 21 -13 3 -11 19",
      db: "-6 2 -6 2"),
    ReferenceConvolution(
      "Conv1d",
      [
        "in_channels": 2, "out_channels": 1, "kernel_size": 2, "padding": 2,
        "padding_mode": "reflect",
      ],
      x: [2, 2, 3], w: [1, 2, 2], b: [1],
      y: [2, 1, 6], "6 -28 15 -6 6 -28 12 0 -12 0 12 0",
      dx: "-2 -1 6 -4 4 6 8 1 -2 4 8 2",
      dw: "-20 -12 12 20",
      db: "-10"),
    ReferenceConvolution(
      "Conv3d",
      [
        "in_channels": 1, "out_channels": 2, "kernel_size": [2, 1, 2], "stride": [1, 2, 3],
        "padding": [1, 0, 2], "dilation": [2, 1, 1],
      ],
      x: [1, 1, 3, 3, 2], w: [2, 1, 2, 1, 2], b: [2],
      y: [1, 2, 3, 2, 2], "-2 -2 -2 -2 -2 -8 -2 7 -2 -2 -2 13 0 0 0 5 0 8 0 -13 0 0 0 -15",
      dx: "0 -12 0 0 0 -12 0 9 0 0 0 11 0 1 0 0 0 3",
      dw: "18 0 13 0 2 0 -15 0",
      db: "-10 -2"),
    ReferenceConvolution(
      "Conv3d",
      [
        "in_channels": 1, "out_channels": 1, "kernel_size": 2, "padding": [1, 0, 1],
        "padding_mode": "circular", "stride": [2, 1, 2],
      ],
      x: [1, 1, 3, 2, 3], w: [1, 1, 2, 2, 2], b: [1],
      y: [1, 1, 2, 1, 2], "-38 18 22 -10",
      dx: "-4 -3 -13 12 1 7 4 9 -12 -4 0 6 -6 -6 13 2 3 9",
      dw: "-26 7 -20 13 22 11 28 -27",
      db: "-6"),
    ReferenceConvolution(
      "ConvTranspose1d",
      [
        "in_channels": 2, "out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1,
        "output_padding": 1, "groups": 2,
      ],
      x: [1, 2, 3], w: [2, 1, 3], b: [2],
      y: [1, 2, 6], "-12 -8 2 4 -6 -2 15 3 3 7 -9 -3",
      dx: "-8 7 9 -5 -15 5",
      dw: "4 24 -7 4 -20 13",
      db: "-3 -7"),
    ReferenceConvolution(
      "ConvTranspose1d",
      [
        "in_channels": 1, "out_channels": 2, "kernel_size": 2, "stride": 1, "padding": 2,
        "output_padding": 3, "dilation": 4,
      ],
      x: [1, 1, 3], w: [1, 2, 2], b: [2],
      y: [1, 2, 6], "4 -2 -12 2 -6 -2 0 0 10 -4 4 0",
      dx: "12 -4 8",
      dw: "8 -16 4 14",
      db: "-3 -7"),
    ReferenceConvolution(
      "ConvTranspose2d",
      [
        "in_channels": 2, "out_channels": 1, "kernel_size": [2, 3], "stride": [3, 1],
        "padding": [1, 2], "output_padding": [2, 0], "dilation": [1, 2],
      ],
      x: [1, 2, 2, 3], w: [2, 1, 2, 3], b: [1],
      y: [1, 1, 5, 3], "-21 4 7 -2 -2 -2 13 3 13 13 3 13 -2 -2 -2",
      dx: "-10 -3 14 -10 8 -9 14 2 -4 -9 -7 20",
      dw: "6 3 -20 11 20 -25 10 13 -12 21 -14 -1",
      db: "-9"),
    ReferenceConvolution(
      "ConvTranspose3d",
      [
        "in_channels": 2, "out_channels": 1, "kernel_size": [1, 2, 2], "stride": [2, 1, 2],
        "padding": [0, 1, 0], "output_padding": [1, 0, 0],
      ],
      x: [1, 2, 2, 2, 1], w: [2, 1, 1, 2, 2], b: [1],
      y: [1, 1, 4, 1, 2], "-18 6 -2 -2 -21 0 -2 -2",
      dx: "2 10 -6 6 7 -13 -9 3",
      dw: "-8 13 20 -1 12 3 -4 11",
      db: "-4"),
  ]
}
