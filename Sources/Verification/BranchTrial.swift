import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors
import Text

/// Holds a fixture's upstream gradients against each other: that of an output is the sum of what all
/// its consumers pass back.
///
/// An output may have consumers that were not recorded, so that another sum alone says nothing. Only
/// where some of the recorded consumers explain the number and the others are left out, the
/// reference has forgotten a branch.
struct BranchTrial {
  private let fixtureCase: FixtureCase
  private let position: Int

  /// Of more consumers not every subset is tried, but only those without one of them.
  private static let most = 8

  init(_ fixtureCase: FixtureCase, at position: Int) {
    self.fixtureCase = fixtureCase
    self.position = position
  }

  /// The upstream gradients of the layer that lack a branch.
  func run() -> [TensorReport] {
    let layer = fixtureCase.layers[position]
    return layer.reference.outputGradients.sorted { $0.key < $1.key }.compactMap { output, stored in
      // What cannot be read is told where it is needed.
      try? report(output, stored, several: (layer.outputShapes?.count ?? 1) > 1)
    }
  }

  private func report(
    _ output: Int, _ stored: StoredTensor, several: Bool
  ) throws -> TensorReport? {
    let branches = try branches(of: output, shape: stored.shape)
    guard branches.count > 1 else { return nil }
    let all = Array(branches.indices)
    let format =
      ([stored] + branches.map(\.stored)).compactMap(\.format)
      .max { $0.unitRoundoff < $1.unitRoundoff } ?? .float64
    // Nearly always all is well, which is found without whole tensors.
    guard try !isSum(stored, branches, format) else { return nil }
    let upstream = try stored.read(as: Double.self)
    let values = try branches.map { try $0.stored.read(as: Double.self) }
    let comparison = compare(upstream, values, all, format)
    guard comparison.found.beyondBound > 0 else { return nil }
    for chosen in subsets(of: branches.count) {
      let partial = compare(upstream, values, chosen, format)
      guard partial.found.beyondBound + partial.found.invalid == 0 else { continue }
      let missing = all.filter { !chosen.contains($0) }.map { branches[$0].name }
      return TensorReport(
        path: several ? "grad_output.\(output)" : "grad_output", reference: "reference",
        verdict: .differ, shape: stored.shape, comparison: comparison.found,
        diagnosis: TensorDiagnosis(
          causes: [
            NamedCause(
              id: NetworkCause.branchGradientMissing,
              advice: "the gradient of an output is the sum over all its consumers; the part of "
                + "\(missing.joined(separator: " and ")) is missing",
              remedies: [
                .torch: "let autograd add up: no `detach()` on one branch, no in-place `.grad =`",
                .keras: "take one gradient of the whole loss",
                .jax: "take one gradient of the whole loss",
              ], detail: "without \(missing.joined(separator: " and "))",
              residual: partial.found.boundRatio, effect: comparison.found.boundRatio)
          ],
          arbitration: Arbitration(
            blame: .reference, basis: .definition, elements: [],
            reason: "the fixture contradicts itself")))
    }
    return nil
  }

  /// What one consumer passes back.
  private struct Branch {
    let name: String
    let stored: StoredTensor
  }

  /// All consumers of an output; none where one of them is not known.
  private func branches(of output: Int, shape: Shape) throws -> [Branch] {
    var branches: [Branch] = []
    for consumer in fixtureCase.layers {
      for (input, connection) in (consumer.connections ?? []).enumerated()
      where connection == .layerOutput(layer: position, output: output) {
        let shapes = consumer.inputs.compactMap { $0?.shape }
        if let kind = consumer.layer, shapes.count == consumer.inputs.count,
          !kind.signature.hasGradient(ofInput: input, shapes: shapes)
        {
          continue
        }
        guard let stored = consumer.reference.inputGradients[input], stored.shape == shape else {
          return []
        }
        let name = "`\(UntrustedText(consumer.name).terminal)`"
        branches.append(Branch(name: name, stored: stored))
      }
    }
    return branches
  }

  /// Some of the branches but not all: those without one first.
  private func subsets(of count: Int) -> [[Int]] {
    let all = Array(0..<count)
    guard count <= Self.most else { return all.map { left in all.filter { $0 != left } } }
    let chosen = (1..<(1 << count) - 1).map { bits in all.filter { bits >> $0 & 1 == 1 } }
    return chosen.sorted { $0.count > $1.count }
  }

  /// The number of elements that are looked at in one piece.
  private static let block = 1 << 15

  /// Whether each element of the recorded gradient is the sum of all branches, read piece by piece;
  /// false where they can only be read as a whole.
  private func isSum(
    _ stored: StoredTensor, _ branches: [Branch], _ format: NumberFormat
  ) throws -> Bool {
    guard ([stored] + branches.map(\.stored)).allSatisfy(\.isReadInWindows) else { return false }
    let blocks = (stored.count + Self.block - 1) / Self.block
    let parts = Parallel.map(blocks) { index in
      Result {
        let range = index * Self.block..<min((index + 1) * Self.block, stored.count)
        func elements(_ tensor: StoredTensor) throws -> Tensor<Double> {
          Tensor([range.count], try tensor.read(elements: range, as: Double.self))
        }
        let values = try branches.map { try elements($0.stored) }
        return compare(try elements(stored), values, Array(values.indices), format)
      }
    }
    return try parts.allSatisfy { try $0.get().found.beyondBound == 0 }
  }

  /// The recorded gradient against the sum of some branches, with the bound of that sum.
  private func compare(
    _ upstream: Tensor<Double>, _ branches: [Tensor<Double>], _ chosen: [Int],
    _ format: NumberFormat
  ) -> (found: Comparison, sum: Tensor<Double>) {
    var sum = Tensor(upstream.shape, repeating: 0.0)
    var magnitude = sum
    for index in chosen {
      sum = sum.zip(branches[index], +)
      magnitude = magnitude.zip(branches[index]) { $0 + $1.magnitude }
    }
    // Each addition may be stored, and each part was rounded when it was stored itself.
    let gamma = Rounding(format).combined(with: Rounding(.float64)).gamma(chosen.count)
    let bound = magnitude.map { gamma * $0 }
    let tolerance = Tolerance(
      .elementwise(bound), ComparisonFormats(ours: .float64, reference: format))
    var comparator = Comparator(ours: sum, tolerance: tolerance, inputsAreFinite: true)
    comparator.compare(upstream.elements)
    return (comparator.finish(), sum)
  }
}
