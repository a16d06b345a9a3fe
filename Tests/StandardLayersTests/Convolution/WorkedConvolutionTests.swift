import Kernels
import LayerKit
import StandardLayers
import Tensors
import Testing

extension WorkedConvolution {
  /// The layer.
  func layer() throws -> AnyLayer {
    try LayerDefinition(Conv2d.self).layer([
      "stride": .integer(stride), "padding": .integer(padding),
    ])
  }

  /// The geometry.
  func geometry() throws -> ConvolutionGeometry {
    func axis(_ axis: Int) -> WindowAxis {
      WindowAxis(
        extent: x.shape[axis], kernel: w.shape[axis], stride: stride, paddingBegin: padding,
        paddingEnd: padding)
    }
    return ConvolutionGeometry(
      batch: x.shape[0], inputChannels: x.shape[1], outputChannels: w.shape[0], height: axis(2),
      width: axis(3))
  }

  /// The operands.
  var operands: Operands<Double> {
    Operands(inputs: [x], parameters: ["weight": w, "bias": b])
  }
}

private let everything = GradientRequest(inputs: [0], parameters: ["weight", "bias"])

@Test(arguments: WorkedConvolution.all)
func `a worked convolution is exact`(_ example: WorkedConvolution) throws {
  let layer = try example.layer()
  #expect(try layer.double.define(example.operands).outputs == [example.y])
  #expect(try layer.double.forward(example.operands).outputs == [example.y])
  let gradients = try layer.double.backward(example.operands, [example.dy], everything)
  #expect(gradients.inputs == [example.dx])
  #expect(gradients.parameters == ["weight": example.dw, "bias": example.db])
}

@Test(arguments: WorkedConvolution.all)
func `a worked convolution is exact in single precision`(_ example: WorkedConvolution) throws {
  let layer = try example.layer()
  let operands = example.operands.mapTensors { $0.map { Float($0) } }
  let dy = example.dy.map { Float($0) }
  #expect(try layer.single.forward(operands).outputs == [example.y.map { Float($0) }])
  let gradients = try layer.single.backward(operands, [dy], everything)
  #expect(gradients.inputs == [example.dx.map { Float($0) }])
  #expect(gradients.parameters["weight"] == example.dw.map { Float($0) })
  #expect(gradients.parameters["bias"] == example.db.map { Float($0) })
}

@Test(arguments: WorkedConvolution.all)
func `a worked convolution is exact on every route`(_ example: WorkedConvolution) throws {
  let geometry = try example.geometry()
  let unfolding = Unfolding(geometry)
  #expect(unfolding.forward(example.x, example.w, bias: example.b) == example.y)
  #expect(unfolding.inputGradient(example.dy, example.w) == example.dx)
  #expect(unfolding.weightGradient(example.x, example.dy) == example.dw)
  let deconvolution = Deconvolution(geometry)
  #expect(deconvolution.inputGradient(example.dy, example.w) == example.dx)
  #expect(deconvolution.weightGradient(example.x, example.dy) == example.dw)
  let scattered = Scattering(geometry).gradients(example.x, example.w, example.dy)
  #expect(scattered.dx == example.dx)
  #expect(scattered.dw == example.dw)
}

// One row for each of the 2×2 windows, columns in the order channel, row, column; the first window
// starts at (−1, −1), so its first row and column lie in the padding.
@Test func `the unfolded matrix of three channels`() throws {
  let example = WorkedConvolution.threeChannels
  let unfolded = Unfolding(try example.geometry()).unfolded(example.x, sample: 0, group: 0)
  let expected = tensor(
    [4, 27],
    """
    0 0 0 0 1 2 0 4 5 0 0 0 0 10 11 0 13 14 0 0 0 0 19 20 0 22 23
    0 0 0 2 3 0 5 6 0 0 0 0 11 12 0 14 15 0 0 0 0 20 21 0 23 24 0
    0 4 5 0 7 8 0 0 0 0 13 14 0 16 17 0 0 0 0 22 23 0 25 26 0 0 0
    5 6 0 8 9 0 0 0 0 14 15 0 17 18 0 0 0 0 23 24 0 26 27 0 0 0 0
    """)
  #expect(unfolded == expected)
}

// dy = [2 −1; 3 7] with a zero between neighbours and one zero around: E = 3 − 1 − 1 = 1.
@Test func `the dilated and padded gradient`() {
  let example = WorkedConvolution.deconvolved
  let dilated = ImageOperators.dilated(example.dy, by: (2, 2), appending: (0, 0))
  let padded = ImageOperators.padded(dilated, rows: (1, 1), columns: (1, 1))
  let expected = tensor(
    [1, 1, 5, 5], "0 0 0 0 0  0 2 0 -1 0  0 0 0 0 0  0 3 0 7 0  0 0 0 0 0")
  #expect(padded == expected)
  #expect(ImageOperators.rotated(example.w) == tensor([1, 1, 3, 3], "9 8 7 6 5 4 3 2 1"))
}

// H, K, S, P with Ho = ⌊(H + 2P − K)/S⌋ + 1, r = (H + 2P − K) mod S, U = (Ho − 1)S + 1 and the
// extent F = U + 2(K − 1 − P) + r = H + K − 1 of the image that dX is correlated from.
@Test(arguments: [
  [3, 3, 2, 1, 2, 0, 5], [4, 3, 2, 1, 2, 1, 6], [7, 3, 2, 0, 3, 0, 9], [8, 3, 2, 1, 4, 1, 10],
  [10, 4, 3, 1, 3, 2, 13], [5, 5, 1, 4, 9, 0, 9], [5, 2, 3, 0, 2, 0, 6], [6, 5, 3, 2, 2, 2, 10],
  [28, 5, 1, 0, 24, 0, 32], [224, 3, 1, 1, 224, 0, 226], [4, 2, 1, 0, 3, 0, 5],
])
func `the extents of a convolution and of its gradient`(_ row: [Int]) throws {
  let layer = try LayerDefinition(Conv2d.self).layer([
    "stride": [.integer(row[2]), 1], "padding": [.integer(row[3]), 0],
  ])
  let shapes = OperandShapes(
    inputs: [[1, 1, row[0], 1]], parameters: ["weight": [1, 1, row[1], 1]])
  #expect(try layer.outputShapes(shapes) == [[1, 1, row[4], 1]])
  let axis = WindowAxis(
    extent: row[0], kernel: row[1], stride: row[2], paddingBegin: row[3], paddingEnd: row[3])
  #expect(axis.remainder == row[5])
  let dilated = (axis.output - 1) * row[2] + 1
  #expect(dilated + 2 * (row[1] - 1 - row[3]) + row[5] == row[6])
}
