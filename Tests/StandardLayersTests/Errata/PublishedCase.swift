import Conformance
import LayerKit
import StandardLayers
import Tensors
import Testing

/// A convolution on which a published formula is tried, with whole numbers, so that every form is
/// exact and equality means equality.
struct PublishedCase: CustomStringConvertible {
  /// H, K, S, P and r of an axis.
  struct Axis {
    let extent: Int
    let kernel: Int
    let stride: Int
    let padding: Int

    /// n = H + 2P − K.
    var slack: Int { extent + 2 * padding - kernel }
    var output: Int { slack / stride + 1 }
    /// r, the rows at the end that no window reaches.
    var remainder: Int { slack % stride }
  }

  let batch: Int
  let inputChannels: Int
  let outputChannels: Int
  let rows: Axis
  let columns: Axis
  let x: Tensor<Double>
  let w: Tensor<Double>
  let dy: Tensor<Double>
  /// The true results, from the layer.
  let y: Tensor<Double>
  let dx: Tensor<Double>
  let dw: Tensor<Double>
  let db: Tensor<Double>

  var axes: [Axis] { [rows, columns] }
  var description: String {
    "N \(batch), I \(inputChannels), O \(outputChannels), rows \(rows), columns \(columns)"
  }

  init(
    batch: Int, inputChannels: Int, outputChannels: Int, rows: Axis, columns: Axis, seed: UInt64
  ) throws {
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.rows = rows
    self.columns = columns
    var random = RandomOperands(seed: seed, style: .integers)
    x = random.tensor([batch, inputChannels, rows.extent, columns.extent])
    w = random.tensor([outputChannels, inputChannels, rows.kernel, columns.kernel])
    dy = random.tensor([batch, outputChannels, rows.output, columns.output])
    let layer = try LayerDefinition(Conv2d.self).layer([
      "stride": [.integer(rows.stride), .integer(columns.stride)],
      "padding": [.integer(rows.padding), .integer(columns.padding)],
    ])
    let operands = Operands(
      inputs: [x], parameters: ["weight": w, "bias": Tensor([outputChannels], repeating: 0)])
    y = try layer.double.forward(operands).outputs[0]
    let gradients = try layer.double.backward(
      operands, [dy], GradientRequest(inputs: [0], parameters: ["weight", "bias"]))
    dx = try #require(gradients.inputs[0])
    dw = try #require(gradients.parameters["weight"])
    db = try #require(gradients.parameters["bias"])
  }

  /// All vertical combinations of small extents, each with a random horizontal axis, random
  /// channels and a random batch: some 600 convolutions.
  static let grid: [PublishedCase] = {
    var random = SplitMix64(seed: 20)
    var cases: [PublishedCase] = []
    for extent in 1...6 {
      for kernel in 1...4 {
        for stride in 1...3 {
          for padding in 0...kernel + 1 where extent + 2 * padding >= kernel {
            let rows = Axis(extent: extent, kernel: kernel, stride: stride, padding: padding)
            let columns = randomAxis(&random)
            if let published = try? PublishedCase(
              batch: random.integer(in: 1...2), inputChannels: random.integer(in: 1...2),
              outputChannels: random.integer(in: 1...3), rows: rows, columns: columns,
              seed: random.next())
            {
              cases.append(published)
            }
          }
        }
      }
    }
    return cases
  }()

  private static func randomAxis(_ random: inout SplitMix64) -> Axis {
    while true {
      let axis = Axis(
        extent: random.integer(in: 1...6), kernel: random.integer(in: 1...4),
        stride: random.integer(in: 1...3), padding: random.integer(in: 0...3))
      if axis.slack >= 0 { return axis }
    }
  }
}

/// Holds a published form and its correction against the truth on the whole grid.
///
/// The published form must be right wherever it is said to hold, and wrong on most of the rest;
/// the corrected form must be right everywhere. A form that cannot be written down is wrong.
func tryErratum(
  published: (PublishedCase) -> Tensor<Double>?, holdsWhere: (PublishedCase) -> Bool,
  corrected: (PublishedCase) -> Tensor<Double>?, truth: (PublishedCase) -> Tensor<Double>
) {
  var (inside, outside, coincidences) = (0, 0, 0)
  for convolution in PublishedCase.grid {
    let truth = truth(convolution)
    #expect(corrected(convolution) == truth, "the correction fails on \(convolution)")
    let isRight = published(convolution) == truth
    if holdsWhere(convolution) {
      inside += 1
      #expect(isRight, "the published form fails in its domain, on \(convolution)")
    } else {
      outside += 1
      if isRight { coincidences += 1 }
    }
  }
  #expect(inside > 0 && outside > 100, "the grid does not show where the form holds")
  // Zeros among the whole numbers let a wrong form be right now and then.
  #expect(coincidences * 10 <= outside, "\(coincidences) of \(outside) are right")
}
