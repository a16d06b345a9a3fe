import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// Mistakes of fully connected layers, planted by loops of their own.
@Suite struct LinearCausesTests {
  /// A batch of 5 rows of an image of 3·2·4 to as many outputs.
  private static let image: Shape = [3, 2, 4]

  private func trial<S: FloatingScalar>(_ type: S.Type, _ scale: Double) throws -> Trial<S> {
    var random = Randomness(seed: 11)
    let width = Self.image.count
    var trial = Trial<S>(
      layer: try LayerDefinition(Linear.self).layer([:]),
      operands: Operands(
        inputs: [random.tensor([5, width], scale: scale, as: S.self)],
        parameters: [
          "weight": random.tensor([width, width], scale: scale, as: S.self),
          "bias": random.tensor([width], scale: scale * scale, as: S.self),
        ]), upstream: [random.tensor([5, width], scale: scale, as: S.self)])
    trial.flattened = Self.image
    return trial
  }

  /// One of the products of the layer, the operands taken from where `weight` and `column` say.
  private struct Loops<S: FloatingScalar> {
    let x: Tensor<S>
    let w: Tensor<S>
    let b: Tensor<S>
    let dy: Tensor<S>

    init(_ trial: Trial<S>) {
      x = trial.operands.inputs[0]
      w = trial.operands.parameter("weight")
      b = trial.operands.parameter("bias")
      dy = trial.upstream[0]
    }

    func output(transposed: Bool = false, bias: S = 1, column: (Int) -> Int = { $0 }) -> Tensor<S> {
      var y = dy
      for n in 0..<x.shape[0] {
        for o in 0..<w.shape[0] {
          var sum = bias * b[o]
          for i in 0..<w.shape[1] { sum += (transposed ? w[i, o] : w[o, i]) * x[n, column(i)] }
          y[n, o] = sum
        }
      }
      return y
    }

    func inputGradient(transposed: Bool = false, column: (Int) -> Int = { $0 }) -> Tensor<S> {
      var dx = x
      for n in 0..<x.shape[0] {
        for i in 0..<w.shape[1] {
          var sum: S = 0
          for o in 0..<w.shape[0] { sum += (transposed ? w[i, o] : w[o, i]) * dy[n, o] }
          dx[n, column(i)] = sum
        }
      }
      return dx
    }

    func weightGradient(
      rows: Range<Int>? = nil, transposed: Bool = false, column: (Int) -> Int = { $0 }
    ) -> Tensor<S> {
      var dw = w
      for o in 0..<w.shape[0] {
        for i in 0..<w.shape[1] {
          var sum: S = 0
          for n in rows ?? 0..<x.shape[0] { sum += dy[n, o] * x[n, i] }
          if transposed { dw[i, o] = sum } else { dw[o, column(i)] = sum }
        }
      }
      return dw
    }

    /// (Σ dy)(Σ x)ᵀ.
    var summedFirst: Tensor<S> {
      var dw = w
      for o in 0..<w.shape[0] {
        for i in 0..<w.shape[1] {
          let dys = (0..<x.shape[0]).reduce(S.zero) { $0 + dy[$1, o] }
          let xs = (0..<x.shape[0]).reduce(S.zero) { $0 + x[$1, i] }
          dw[o, i] = dys * xs
        }
      }
      return dw
    }
  }

  /// Where column i of C H W stands in H W C.
  private static func channelsLast(_ i: Int) -> Int {
    let (channels, height, width) = (image[0], image[1], image[2])
    let (c, h, w) = (i / (height * width), i / width % height, i % width)
    return (h * width + w) * channels + c
  }

  private func check<S: FloatingScalar>(_ scale: Double, _ type: S.Type) throws {
    let trial = try trial(S.self, scale)
    let loops = Loops(trial)
    let last = Self.channelsLast
    let (y, dx, dw) = (
      ResultTensor.output(0), ResultTensor.inputGradient(0),
      ResultTensor.parameterGradient("weight")
    )
    let w = loops.w
    let planted: [(String, ResultTensor, Tensor<S>)] = [
      ("dense-transposed", y, loops.output(transposed: true)),
      ("dense-transposed", dx, loops.inputGradient(transposed: true)),
      ("dense-transposed", dw, loops.weightGradient(transposed: true)),
      ("flatten-order", y, loops.output(column: last)),
      ("flatten-order", dx, loops.inputGradient(column: last)),
      ("flatten-order", dw, loops.weightGradient(column: last)),
      ("batch-summed-before-product", dw, loops.summedFirst),
      ("batch-one-sample-only", dw, loops.weightGradient(rows: 0..<1)),
      ("weight-decay-in-gradient", dw, loops.weightGradient().zip(w) { $0 + $1 / 4 }),
      ("bias-omitted", y, loops.output(bias: 0)),
      ("bias-added-twice", y, loops.output(bias: 2)),
      ("accumulated-twice", dw, loops.weightGradient().map { 2 * $0 }),
      ("sign", dx, loops.inputGradient().map { -$0 }),
    ]
    for (id, tensor, wrong) in planted {
      // λw is of the order of rounding where gradients are large.
      if id == "weight-decay-in-gradient", scale > 1 { continue }
      #expect(trial.verdict(tensor, wrong) == .differ)
      let diagnosis = trial.diagnosis(tensor, wrong)
      #expect(diagnosis.headline?.id == id, "\(S.self) \(scale): \(diagnosis.causes.map(\.id))")
    }
    for (tensor, right) in [
      (y, loops.output()), (dx, loops.inputGradient()), (dw, loops.weightGradient()),
    ] {
      #expect(trial.verdict(tensor, right) == .agree)
      #expect(trial.diagnosis(tensor, right).causes.isEmpty)
    }
  }

  @Test(arguments: [1, 1e-3, 1e3])
  func plantedFaultsAreNamed(_ scale: Double) throws {
    try check(scale, Double.self)
    try check(scale, Float.self)
  }

  @Test func aGradientOfTheOtherShapeIsNamed() throws {
    var random = Randomness(seed: 12)
    let trial = Trial<Float>(
      layer: try LayerDefinition(Linear.self).layer([:]),
      operands: Operands(
        inputs: [random.tensor([4, 3], scale: 1, as: Float.self)],
        parameters: ["weight": random.tensor([7, 3], scale: 1, as: Float.self)]),
      upstream: [random.tensor([4, 7], scale: 1, as: Float.self)])
    var wrong = Tensor<Float>([3, 7], repeating: 0)
    for i in 0..<3 {
      for o in 0..<7 {
        for n in 0..<4 { wrong[i, o] += trial.operands.inputs[0][n, i] * trial.upstream[0][n, o] }
      }
    }
    let tensor = ResultTensor.parameterGradient("weight")
    #expect(trial.diagnosis(tensor, wrong).headline?.id == "dense-transposed")
    #expect(trial.arbitration(tensor, wrong)?.blame == .reference)
    // The same buffer under the expected shape.
    let read = wrong.reshaped(to: [7, 3])
    #expect(trial.diagnosis(tensor, read).headline?.id == "dense-transposed")
  }
}
