import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// Mistakes of transposed convolutions, planted by loops of their own.
@Suite struct TransposedConvolutionCausesTests {
  private let batch = 3
  private let channels = 4
  private let kernel = 4
  private let stride = 3
  private let padding = 1
  private let rest = 2
  private let height = 3
  private let width = 4
  private var rows: Int { (height - 1) * stride - 2 * padding + kernel + rest }
  private var columns: Int { (width - 1) * stride - 2 * padding + kernel + rest }

  private func trial<S: FloatingScalar>(_ type: S.Type) throws -> Trial<S> {
    var random = Randomness(seed: 31)
    return Trial(
      layer: try LayerDefinition(ConvTranspose2d.self).layer([
        "stride": .integer(stride), "padding": .integer(padding), "output_padding": .integer(rest),
      ]),
      operands: Operands(
        inputs: [random.tensor([batch, channels, height, width], scale: 1, as: S.self)],
        parameters: [
          "weight": random.tensor([channels, channels, kernel, kernel], scale: 1, as: S.self),
          "bias": random.tensor([channels], scale: 1, as: S.self),
        ]), upstream: [random.tensor([batch, channels, rows, columns], scale: 1, as: S.self)])
  }

  /// The tap, the cell it lies on, and the cell of the input, of one multiplication.
  private typealias Step = (c: Int, o: Int, p: Int, q: Int, row: Int, column: Int)

  private func output<S: FloatingScalar>(
    _ trial: Trial<S>, bias factor: S = 1, overwrites: Bool = false,
    _ change: (Step) -> Step? = { $0 }
  ) -> Tensor<S> {
    let (x, w) = (trial.operands.inputs[0], trial.operands.parameter("weight"))
    let b = trial.operands.parameter("bias")
    var y = Tensor<S>(trial.upstream[0].shape, repeating: 0)
    for n in 0..<batch {
      for i in 0..<height {
        for j in 0..<width {
          for o in 0..<channels {
            for p in 0..<kernel {
              for q in 0..<kernel {
                var sum: S = 0
                var place: (Int, Int)?
                for c in 0..<channels {
                  let own = (c, o, p, q, i * stride + p - padding, j * stride + q - padding)
                  guard let step = change(own) else { continue }
                  sum += w[step.c, step.o, step.p, step.q] * x[n, c, i, j]
                  place = (step.row, step.column)
                }
                guard let (row, column) = place, (0..<rows).contains(row),
                  (0..<columns).contains(column)
                else { continue }
                y[n, o, row, column] = overwrites ? sum : y[n, o, row, column] + sum
              }
            }
          }
        }
      }
      for o in 0..<channels {
        for i in 0..<rows { for j in 0..<columns { y[n, o, i, j] += factor * b[o] } }
      }
    }
    return y
  }

  private func check<S: FloatingScalar>(_ type: S.Type) throws {
    let trial = try trial(S.self)
    func moved(_ change: @escaping (inout Step) -> Void) -> Tensor<S> {
      output(trial) { step in
        var step = step
        change(&step)
        return step
      }
    }
    let (kernel, rest, padding, rows, columns) = (kernel, rest, padding, rows, columns)
    let planted: [(String, Tensor<S>)] = [
      ("kernel-rotated-180", moved { ($0.p, $0.q) = (kernel - 1 - $0.p, kernel - 1 - $0.q) }),
      ("transposed-weight-axes", moved { ($0.c, $0.o) = ($0.o, $0.c) }),
      ("kernel-axes-swapped", moved { ($0.p, $0.q) = ($0.q, $0.p) }),
      ("remainder-at-start", moved { ($0.row, $0.column) = ($0.row + rest, $0.column + rest) }),
      ("padding-side", moved { ($0.row, $0.column) = ($0.row + padding, $0.column + padding) }),
      ("overlap-overwritten", output(trial, overwrites: true)),
      ("bias-omitted", output(trial, bias: 0)), ("bias-added-twice", output(trial, bias: 2)),
      (
        "remainder-rows-dropped",
        output(trial) { $0.row < rows - rest && $0.column < columns - rest ? $0 : nil }
      ),
    ]
    #expect(trial.verdict(.output(0), output(trial)) == .agree)
    for (id, wrong) in planted {
      #expect(trial.verdict(.output(0), wrong) == .differ, "\(id)")
      let diagnosis = trial.diagnosis(.output(0), wrong)
      #expect(diagnosis.headline?.id == id, "\(S.self): \(diagnosis.causes.map(\.id))")
    }
  }

  @Test func plantedFaultsAreNamed() throws {
    try check(Double.self)
    try check(Float.self)
  }

  @Test func gradientsOfWeightsInTheOtherOrderAreNamed() throws {
    let trial = try trial(Float.self)
    let (x, dy) = (trial.operands.inputs[0], trial.upstream[0])
    var dw = Tensor<Float>([channels, channels, kernel, kernel], repeating: 0)
    for c in 0..<channels {
      for o in 0..<channels {
        for p in 0..<kernel {
          for q in 0..<kernel {
            for n in 0..<batch {
              for i in 0..<height {
                for j in 0..<width {
                  let (row, column) = (i * stride + p - padding, j * stride + q - padding)
                  guard (0..<rows).contains(row), (0..<columns).contains(column) else { continue }
                  dw[o, c, p, q] += x[n, c, i, j] * dy[n, o, row, column]
                }
              }
            }
          }
        }
      }
    }
    let diagnosis = trial.diagnosis(.parameterGradient("weight"), dw)
    #expect(diagnosis.headline?.id == "transposed-weight-axes", "\(diagnosis.causes.map(\.id))")
  }
}
