import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// What a fixture would show is read off the right results alone.
@Suite struct AdequacyTests {
  private func adequacy(
    batch: Int, channels: Int, kernel: Int, stride: Int, padding: Int
  ) throws -> Adequacy {
    let layer = try LayerDefinition(Conv2d.self).layer([
      "stride": .integer(stride), "padding": .integer(padding),
    ])
    var random = Randomness(seed: 77)
    let x = random.tensor([batch, channels, 10, 13], scale: 1, as: Double.self)
    let w = random.tensor(
      [channels, channels, kernel, kernel], scale: 1, as: Double.self)
    let operands = Operands(inputs: [x], parameters: ["weight": w])
    let shapes = try layer.outputShapes(operands.shapes)
    let upstream = [random.tensor(shapes[0], scale: 1, as: Double.self)]
    let formats = ComparisonFormats(ours: .float64, reference: .float32)
    let gradients = unfailing {
      try layer.double.backward(
        operands, upstream, GradientRequest(inputs: [0], parameters: ["weight"]))
    }
    let tensors: [(ResultTensor, Tensor<Double>?)] = [
      (.output(0), unfailing { try layer.double.forward(operands) }.outputs[0]),
      (.inputGradient(0), gradients.inputs[0]),
      (.parameterGradient("weight"), gradients.parameters["weight"]),
    ]
    var adequacy = Adequacy()
    for (tensor, computed) in tensors {
      let computed = try #require(computed)
      let evidence = Evidence(
        tensor, suspect: computed, computed: computed, operands: operands, upstream: upstream,
        layer: layer, rounding: formats.rounding, format: .float32)
      let bound = unfailing {
        try layer.bound(
          BoundQuestion(
            tensor, operands: operands, upstream: tensor.isGradient ? upstream : [],
            computed: computed, rounding: formats.rounding))
      }
      adequacy.examine(evidence, tolerance: Tolerance(bound, formats))
    }
    return adequacy
  }

  @Test func theConvolutionThatHidesNothingShowsItAll() throws {
    let found = try adequacy(batch: 5, channels: 4, kernel: 4, stride: 3, padding: 1)
    for id in [
      "kernel-rotated-180", "channels-swapped", "stride-ignored", "padding-side", "padding-mode",
      "wrong-outer-padding", "remainder-rows-dropped", "overlap-overwritten", "scaled-by-batch",
      "sign", "batch-one-sample-only", "upstream-reversed",
    ] {
      #expect(found.visible.contains(id), "\(id)")
    }
  }

  @Test func whatCannotShowIsListed() throws {
    let found = try adequacy(batch: 1, channels: 1, kernel: 1, stride: 1, padding: 0)
    let hidden = found.hidden.map(\.id)
    for id in [
      "kernel-rotated-180", "channels-swapped", "stride-ignored", "padding-side", "padding-mode",
      "remainder-rows-dropped", "overlap-overwritten", "batch-one-sample-only",
    ] {
      #expect(hidden.contains(id), "\(id)")
      #expect(!found.visible.contains(id), "\(id)")
    }
    #expect(found.visible.contains("sign"))
  }
}
