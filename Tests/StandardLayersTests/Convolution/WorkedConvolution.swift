// Small convolutions with exact results. All numbers are whole, so sums of products of them are
// exact in every precision and the results are compared for equality. The expected values were
// computed with PyTorch 2.13 in double precision and, independently, with NumPy.

import Tensors

/// A convolution with all of its tensors.
struct WorkedConvolution: CustomStringConvertible, Sendable {
  let description: String
  let stride: Int
  let padding: Int
  let x: Tensor<Double>
  let w: Tensor<Double>
  let b: Tensor<Double>
  let dy: Tensor<Double>
  let y: Tensor<Double>
  let dx: Tensor<Double>
  let dw: Tensor<Double>
  let db: Tensor<Double>

  static let all = [plain, nineWeights, threeChannels, deconvolved, remainder, fiveSamples]

  /// One channel, a 2×2 filter, every gradient by hand in a few lines.
  static let plain = WorkedConvolution(
    description: "stride 1, no padding", stride: 1, padding: 0,
    x: tensor([1, 1, 3, 3], "1 2 3 4 5 6 7 8 9"),
    w: tensor([1, 1, 2, 2], "1 -2 3 5"),
    b: tensor([1], "0"),
    dy: tensor([1, 1, 2, 2], "2 -1 3 7"),
    y: tensor([1, 1, 2, 2], "34 41 55 62"),
    dx: tensor([1, 1, 3, 3], "2 -5 2 9 8 -19 9 36 35"),
    dw: tensor([1, 1, 2, 2], "47 58 80 91"),
    db: tensor([1], "11"))

  /// Each of the nine weight gradients is a product of dY with a 2×2 part of X.
  static let nineWeights = WorkedConvolution(
    description: "nine weight gradients", stride: 1, padding: 0,
    x: tensor([1, 1, 4, 4], "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"),
    w: tensor([1, 1, 3, 3], "1 2 3 4 5 6 7 8 9"),
    b: tensor([1], "0"),
    dy: tensor([1, 1, 2, 2], "2 -1 3 7"),
    y: tensor([1, 1, 2, 2], "348 393 528 573"),
    dx: tensor([1, 1, 4, 4], "2 3 4 -3 11 19 30 15 26 52 63 33 21 73 83 63"),
    dw: tensor([1, 1, 3, 3], "57 68 79 101 112 123 145 156 167"),
    db: tensor([1], "11"))

  /// The unfolded matrix has 4 rows of 27 columns.
  static let threeChannels = WorkedConvolution(
    description: "three channels, stride 2, padding 1", stride: 2, padding: 1,
    x: tensor(
      [1, 3, 3, 3],
      """
      1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
      """),
    w: tensor(
      [2, 3, 3, 3],
      """
      -3 -2 -1 0 1 2 3 -3 -2 -1 0 1 2 3 -3 -2 -1 0 1 2 3 -3 -2 -1 0 1 2 3 -3 -2 -1 0 1 2 3 -3 -2
      -1 0 1 2 3 -3 -2 -1 0 1 2 3 -3 -2 -1 0 1
      """),
    b: tensor([2], "1 -2"),
    dy: tensor([1, 2, 2, 2], "1 2 3 4 -1 5 0 2"),
    y: tensor([1, 2, 2, 2], "-22 -62 59 -4 -64 -39 -5 18"),
    dx: tensor(
      [1, 3, 3, 3],
      """
      1 -4 2 -12 8 -5 3 4 4 1 3 16 1 -23 -14 9 1 16 1 10 -19 7 9 12 -6 -9 -14
      """),
    dw: tensor(
      [2, 3, 3, 3],
      """
      20 36 15 36 64 26 10 16 5 56 99 42 90 154 62 28 43 14 92 162 69 144 244 98 46 70 23 10 12
      0 26 32 -2 25 26 -5 28 30 0 89 86 -11 70 62 -14 46 48 0 152 140 -20 115 98 -23
      """),
    db: tensor([2], "10 6"))

  /// dilate, pad by 1, turn the filter: E = 1, U = 3, F = 5.
  static let deconvolved = WorkedConvolution(
    description: "dX by deconvolution", stride: 2, padding: 1,
    x: tensor([1, 1, 3, 3], "1 2 3 4 5 6 7 8 9"),
    w: tensor([1, 1, 3, 3], "1 2 3 4 5 6 7 8 9"),
    b: tensor([1], "0"),
    dy: tensor([1, 1, 2, 2], "2 -1 3 7"),
    y: tensor([1, 1, 2, 2], "94 106 106 94"),
    dx: tensor([1, 1, 3, 3], "10 8 -5 22 27 6 15 46 35"),
    dw: tensor([1, 1, 3, 3], "35 54 15 54 83 28 -5 2 10"),
    db: tensor([1], "11"))

  /// The padded image has one row and column more than the windows reach at the end;
  /// leaving the remainder out gives a dX of 3×3 cells.
  static let remainder = WorkedConvolution(
    description: "a remainder of 1", stride: 2, padding: 1,
    x: tensor([1, 1, 4, 4], "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"),
    w: tensor([1, 1, 3, 3], "1 2 3 4 5 6 7 8 9"),
    b: tensor([1], "0"),
    dy: tensor([1, 1, 2, 2], "2 -1 3 7"),
    y: tensor([1, 1, 2, 2], "111 217 363 573"),
    dx: tensor([1, 1, 4, 4], "10 8 -5 -6 22 27 6 12 15 46 35 42 24 76 56 63"),
    dw: tensor([1, 1, 3, 3], "42 64 74 68 103 114 92 147 158"),
    db: tensor([1], "11"))
}

/// A tensor of whole numbers that are written out in rows.
func tensor(_ shape: Shape, _ numbers: String) -> Tensor<Double> {
  Tensor(shape, numbers.split(whereSeparator: \.isWhitespace).compactMap { Double($0) })
}
