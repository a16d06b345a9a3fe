public import Discrepancy
public import LayerKit
public import Tensors

/// Asks the definition of a layer who is wrong.
public struct Arbiter {
  private let evidence: Evidence
  private let ours: Tensor<Double>
  private let tolerance: Tolerance
  private let definition: Definition

  /// How many elements are asked for at most.
  private static let elements = 4
  /// How many multiplications the definition may cost, more or less; one element is always asked.
  private static let budget = 4e8

  /// Prepares to ask.
  ///
  /// - Parameters:
  ///   - evidence: The tensor on trial.
  ///   - ours: What was computed here, in the precision of the run.
  ///   - tolerance: The limits of each element between both sides.
  public init(_ evidence: Evidence, ours: Tensor<Double>, tolerance: Tolerance) {
    self.evidence = evidence
    self.ours = ours
    self.tolerance = tolerance
    definition = Definition(evidence.layer, evidence.operands, upstream: evidence.upstream)
  }

  /// Who is wrong, by some of the elements that differ; nil where there is nothing to ask.
  public func arbitrate() -> Arbitration? {
    let (suspect, limits) = (evidence.suspect, tolerance.limits(of: ours))
    guard suspect.shape == ours.shape else { return byShape }
    let wrong = ours.elements.indices.filter { place in
      !((ours[place] - suspect[place]).magnitude <= limits[place])
    }
    if let kink = Kinks(evidence, limits).arbitration(ours: ours, wrong: wrong) { return kink }
    let elements = chosen(wrong).compactMap { place -> Arbitration.Element? in
      guard let value = definition.value(of: evidence.tensor, at: place) else { return nil }
      let own = definition.error(of: evidence.tensor) * max(value.magnitude, 1)
      return Arbitration.Element(
        offset: place, ours: ours[place], reference: suspect[place], definition: value,
        bound: limits[place] + own)
    }
    guard !elements.isEmpty else { return nil }
    return verdict(elements)
  }

  private func verdict(_ elements: [Arbitration.Element]) -> Arbitration {
    let ours = elements.contains { $0.wrong.ours }
    let reference = elements.contains { $0.wrong.reference }
    let basis = definition.basis(of: evidence.tensor)
    switch (ours, reference) {
    case (false, true): return Arbitration(blame: .reference, basis: basis, elements: elements)
    case (true, false): return Arbitration(blame: .ours, basis: basis, elements: elements)
    case (true, true):
      return Arbitration(
        blame: nil, basis: basis, elements: elements,
        reason: "the definition agrees with neither side")
    case (false, false):
      return Arbitration(
        blame: nil, basis: basis, elements: elements,
        reason: "the definition lies between both sides, within rounding of each")
    }
  }

  /// A result has the shape that the definition gives it.
  private var byShape: Arbitration? {
    guard ours.shape == expectedShape else { return nil }
    return Arbitration(
      blame: .reference, basis: .definition, elements: [],
      reason: "by the definition the shape is \(ours.shape)")
  }

  private var expectedShape: Shape? {
    switch evidence.tensor {
    case .output(let index):
      let shapes = try? evidence.layer.outputShapes(evidence.operands.shapes)
      return shapes.flatMap { $0.indices.contains(index) ? $0[index] : nil }
    case .inputGradient(let index): return evidence.operands.inputs[index].shape
    case .parameterGradient(let name): return evidence.operands.parameters[name]?.shape
    case .buffer(let name): return evidence.operands.buffers[name]?.shape
    }
  }

  /// The worst element, the first one, and some between, as many as the definition can be asked.
  private func chosen(_ wrong: [Int]) -> [Int] {
    guard let first = wrong.first else { return [] }
    let worst = wrong.max { error($0) < error($1) } ?? first
    let spread = [wrong[wrong.count / 3], wrong[wrong.count * 2 / 3]]
    var chosen: [Int] = []
    for place in [worst, first] + spread where !chosen.contains(place) { chosen.append(place) }
    let affordable = Int(min(Double(Self.elements), (Self.budget / cost).rounded(.down)))
    return Array(chosen.prefix(max(1, affordable)))
  }

  private func error(_ place: Int) -> Double {
    let error = (ours[place] - evidence.suspect[place]).magnitude
    return error.isNaN ? .infinity : error
  }

  /// A coarse count of what one evaluation of the definition multiplies: parameters times positions.
  private var cost: Double {
    let parameters = evidence.operands.parameters.values.map(\.count).max() ?? 1
    let outputs = (try? evidence.layer.outputShapes(evidence.operands.shapes)) ?? []
    let positions = outputs.map { shape in
      shape.rank > 1 ? shape.count / max(1, shape[1]) : shape.count
    }
    let whole = Double(parameters) * Double(positions.reduce(1, +))
    let isSampled =
      evidence.layer.signature.traits.contains(.independentSamples)
      && evidence.operands.auxiliary.isEmpty
    guard isSampled, let batch = evidence.batch, batch > 0 else { return whole }
    if case .parameterGradient = evidence.tensor { return whole }
    return whole / Double(batch)
  }
}
