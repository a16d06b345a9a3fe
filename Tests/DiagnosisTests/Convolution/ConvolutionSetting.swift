import LayerKit
import StandardLayers
import Tensors
import Testing

/// The sizes of a convolution of images.
struct ConvolutionSetting: CustomTestStringConvertible, Sendable {
  var name: String
  var batch: Int
  var inputs: Int
  var outputs: Int
  var kernel: (Int, Int)
  var stride: (Int, Int)
  /// Top, left, bottom, right.
  var padding: (Int, Int, Int, Int)
  var dilation = (1, 1)
  var groups = 1
  var image: (Int, Int)

  var testDescription: String { name }

  /// Square kernels, as many inputs as outputs, a remainder of 2 on both axes: nothing is hidden.
  static let adequate = ConvolutionSetting(
    name: "adequate", batch: 5, inputs: 4, outputs: 4, kernel: (4, 4), stride: (3, 3),
    padding: (1, 1, 1, 1), image: (10, 13))
  /// No two sizes alike.
  static let unequal = ConvolutionSetting(
    name: "unequal", batch: 3, inputs: 4, outputs: 6, kernel: (3, 2), stride: (2, 3),
    padding: (1, 0, 2, 1), dilation: (2, 1), groups: 2, image: (12, 11))

  var rows: Int {
    (image.0 + padding.0 + padding.2 - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1
  }
  var columns: Int {
    (image.1 + padding.1 + padding.3 - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1
  }
  /// The rows and columns that no window reaches.
  var rest: (Int, Int) {
    (
      (image.0 + padding.0 + padding.2 - dilation.0 * (kernel.0 - 1) - 1) % stride.0,
      (image.1 + padding.1 + padding.3 - dilation.1 * (kernel.1 - 1) - 1) % stride.1
    )
  }
  var x: Shape { [batch, inputs, image.0, image.1] }
  var w: Shape { [outputs, inputs / groups, kernel.0, kernel.1] }
  var y: Shape { [batch, outputs, rows, columns] }

  /// The layer and random operands.
  func trial<S: FloatingScalar>(_ type: S.Type, seed: Int, scale: Double) throws -> Trial<S> {
    var random = Randomness(seed: seed)
    let layer = try LayerDefinition(Conv2d.self).layer([
      "stride": .list([.integer(stride.0), .integer(stride.1)]),
      "padding": .list([padding.0, padding.1, padding.2, padding.3].map { .integer($0) }),
      "dilation": .list([.integer(dilation.0), .integer(dilation.1)]),
      "groups": .integer(groups),
    ])
    return Trial(
      layer: layer,
      operands: Operands(
        inputs: [random.tensor(x, scale: scale, as: S.self)],
        parameters: [
          "weight": random.tensor(w, scale: scale, as: S.self),
          "bias": random.tensor([outputs], scale: scale * scale, as: S.self),
        ]),
      upstream: [random.tensor(y, scale: scale, as: S.self)])
  }
}
