import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// Mistakes of the layers that add, multiply, join and flatten, planted by loops of their own.
@Suite struct GraphCausesTests {
  private func trial(_ layer: AnyLayer, _ inputs: [Shape], _ output: Shape) -> Trial<Float> {
    var random = Randomness(seed: 21)
    return Trial(
      layer: layer,
      operands: Operands(inputs: inputs.map { random.tensor($0, scale: 1, as: Float.self) }),
      upstream: [random.tensor(output, scale: 1, as: Float.self)])
  }

  /// x [5,3,4] with one number for each channel, stretched along the batch and the positions.
  private func stretched<L: Layer>(_ type: L.Type) throws -> Trial<Float> {
    trial(try LayerDefinition(L.self).layer([:]), [[5, 3, 4], [3, 1]], [5, 3, 4])
  }

  private func isNamed(_ wrong: Tensor<Float>, _ trial: Trial<Float>) -> Bool {
    let diagnosis = trial.diagnosis(.inputGradient(1), wrong)
    return diagnosis.headline?.id == "broadcast-not-reduced"
  }

  @Test func aSumThatIsNotReducedIsNamed() throws {
    let trial = try stretched(Add.self)
    let dy = trial.upstream[0]
    var (one, mean, sample) = (
      Tensor<Float>([3, 1], repeating: 0), Tensor<Float>([3, 1], repeating: 0),
      Tensor<Float>([3, 1], repeating: 0)
    )
    for c in 0..<3 {
      one[c] = dy[0, c, 0]
      for i in 0..<4 { sample[c] += dy[0, c, i] }
      for n in 0..<5 { for i in 0..<4 { mean[c] += dy[n, c, i] / 20 } }
    }
    // A mean of 5 samples of 4 numbers is also a factor, of which the particular name comes first.
    #expect(isNamed(one, trial) && isNamed(sample, trial) && isNamed(mean, trial))
    #expect(isNamed(dy, trial), "the upstream gradient itself, of another shape")
  }

  @Test func aProductThatIsNotReducedIsNamed() throws {
    let trial = try stretched(Mul.self)
    let (dy, x) = (trial.upstream[0], trial.operands.inputs[0])
    var last = Tensor<Float>([3, 1], repeating: 0)
    for c in 0..<3 { last[c] = dy[4, c, 3] * x[4, c, 3] }
    #expect(isNamed(last, trial) && isNamed(dy.zip(x, *), trial))
  }

  @Test func joinedInAnotherOrderIsNamed() throws {
    let trial = trial(
      try LayerDefinition(Concat.self).layer(["dim": 1]), [[4, 2, 3], [4, 2, 3]], [4, 4, 3])
    let (a, b) = (trial.operands.inputs[0], trial.operands.inputs[1])
    var y = Tensor<Float>([4, 4, 3], repeating: 0)
    for n in 0..<4 {
      for c in 0..<2 {
        for i in 0..<3 {
          y[n, c, i] = b[n, c, i]
          y[n, c + 2, i] = a[n, c, i]
        }
      }
    }
    #expect(trial.diagnosis(.output(0), y).headline?.id == "concat-order")
    var da = a
    for n in 0..<4 {
      for c in 0..<2 { for i in 0..<3 { da[n, c, i] = trial.upstream[0][n, c + 2, i] } }
    }
    #expect(trial.diagnosis(.inputGradient(0), da).headline?.id == "concat-order")
  }

  @Test func flattenedChannelsLastIsNamed() throws {
    let trial = trial(try LayerDefinition(Flatten.self).layer([:]), [[3, 4, 2, 5]], [3, 40])
    let x = trial.operands.inputs[0]
    var y = trial.upstream[0]
    var dx = x
    for n in 0..<3 {
      for c in 0..<4 {
        for i in 0..<2 {
          for j in 0..<5 {
            y[n, (i * 5 + j) * 4 + c] = x[n, c, i, j]
            dx[n, c, i, j] = trial.upstream[0][n, (i * 5 + j) * 4 + c]
          }
        }
      }
    }
    #expect(trial.diagnosis(.output(0), y).headline?.id == "flatten-order")
    #expect(trial.diagnosis(.inputGradient(0), dx).headline?.id == "flatten-order")
  }

  @Test func transposedMatricesAreNamed() throws {
    let trial = trial(
      try LayerDefinition(MatMul.self).layer([:]), [[2, 4, 4], [2, 4, 3]], [2, 4, 3])
    let (a, b) = (trial.operands.inputs[0], trial.operands.inputs[1])
    var y = trial.upstream[0]
    for n in 0..<2 {
      for m in 0..<4 {
        for k in 0..<3 { y[n, m, k] = (0..<4).reduce(0) { $0 + a[n, $1, m] * b[n, $1, k] } }
      }
    }
    #expect(trial.diagnosis(.output(0), y).headline?.id == "dense-transposed")
  }

  @Test func bilinearWeightsWithExchangedInputsAreNamed() throws {
    var random = Randomness(seed: 22)
    let trial = Trial<Float>(
      layer: try LayerDefinition(Bilinear.self).layer([:]),
      operands: Operands(
        inputs: [
          random.tensor([3, 4], scale: 1, as: Float.self),
          random.tensor([3, 4], scale: 1, as: Float.self),
        ], parameters: ["weight": random.tensor([5, 4, 4], scale: 1, as: Float.self)]),
      upstream: [random.tensor([3, 5], scale: 1, as: Float.self)])
    let (a, b) = (trial.operands.inputs[0], trial.operands.inputs[1])
    let w = trial.operands.parameter("weight")
    var y = trial.upstream[0]
    for n in 0..<3 {
      for o in 0..<5 {
        var sum: Float = 0
        for i in 0..<4 { for j in 0..<4 { sum += w[o, j, i] * a[n, i] * b[n, j] } }
        y[n, o] = sum
      }
    }
    #expect(trial.diagnosis(.output(0), y).headline?.id == "dense-transposed")
  }
}
