import Discrepancy
import Interchange
import Reports
import Tensors

/// What two frameworks computed a layer from, held against each other.
///
/// Roots (parameters, states, masks, what enters a layer that stands alone) must be equal up to
/// one rounding of the coarser format. What other layers computed may lie apart as far as those
/// layers' own results do in the maximum norm: then the difference is inherited, and the row of
/// the layer from which it comes tells what it is worth.
struct OperandPairs {
  private let a: LayerPlace
  private let b: LayerPlace
  private let nanIsEqual: Bool
  private let isChosen: (String) -> Bool

  init(
    _ a: LayerPlace, _ b: LayerPlace, nanIsEqual: Bool, isChosen: @escaping (String) -> Bool
  ) {
    self.a = a
    self.b = b
    self.nanIsEqual = nanIsEqual
    self.isChosen = isChosen
  }

  /// The tensors that belong to the layer as such, whatever the reference.
  func ofLayer() -> [TensorReport] {
    let (first, second) = (a.layer, b.layer)
    return named("parameters", first.parameters, second.parameters)
      + named("buffers", first.buffers, second.buffers)
      + named("auxiliary", first.auxiliary, second.auxiliary)
  }

  private func named(
    _ folder: String, _ first: [String: StoredTensor], _ second: [String: StoredTensor]
  ) -> [TensorReport] {
    Set(first.keys).union(second.keys).sorted().compactMap { name in
      report("\(folder)/\(name)", "layer", first[name], second[name], inherited: nil)
    }
  }

  /// What one reference recorded of what came in.
  func ofReference(_ first: ReferenceSide, _ second: ReferenceSide) -> [TensorReport] {
    let count = max(first.inputs.count, second.inputs.count)
    let inputs = Set(first.tree.inputs.keys).union(second.tree.inputs.keys).sorted()
    let rows = inputs.compactMap { index -> TensorReport? in
      let (mine, theirs) = (first.tree.inputs[index], second.tree.inputs[index])
      let shared = (a.layer.reference.inputs[index], b.layer.reference.inputs[index])
      guard !first.isTwin || !Self.isSame(mine, shared.0) || !Self.isSame(theirs, shared.1) else {
        return nil
      }
      return report(
        count > 1 ? "input.\(index)" : "input", first.name, mine, theirs,
        inherited: a.producers(ofInput: index, beside: b))
    }
    let outputs = Set(first.tree.outputGradients.keys)
      .union(second.tree.outputGradients.keys).sorted()
    return rows
      + outputs.compactMap { index in
        let (mine, theirs) = (first.outputGradient(index), second.outputGradient(index))
        let shared = (
          a.layer.reference.outputGradients[index], b.layer.reference.outputGradients[index]
        )
        guard !first.isTwin || !Self.isSame(mine, shared.0) || !Self.isSame(theirs, shared.1)
        else { return nil }
        return report(
          outputs.count > 1 ? "grad_output.\(index)" : "grad_output", first.name, mine, theirs,
          inherited: a.consumers(ofOutput: index, beside: b, isTwin: first.isTwin))
      }
  }

  /// Whether a twin has this tensor from the other reference, where it has its row.
  private static func isSame(_ twin: StoredTensor?, _ shared: StoredTensor?) -> Bool {
    twin?.objectID == shared?.objectID
  }

  /// One row; nil where it was not asked for.
  private func report(
    _ path: String, _ reference: String, _ first: StoredTensor?, _ second: StoredTensor?,
    inherited: [StoredPair]?
  ) -> TensorReport? {
    guard isChosen(reference == "layer" ? path : "\(reference)/\(path)") else { return nil }
    return Self.root(
      path, reference, first, second, nanIsEqual: nanIsEqual, inherited: inherited)
  }

  /// The row of a tensor that must be equal up to one rounding, unless it may be inherited.
  static func root(
    _ path: String, _ reference: String, _ first: StoredTensor?, _ second: StoredTensor?,
    nanIsEqual: Bool, inherited: [StoredPair]? = nil
  ) -> TensorReport {
    guard let first, let second else {
      return TensorReport(
        path: path, reference: reference, verdict: .notCompared,
        reason: .missing(from: first == nil ? "A" : "B"))
    }
    guard first.shape == second.shape else {
      return TensorReport(
        path: path, reference: reference, verdict: .differ,
        reason: .differentShapes(a: first.shape.extents, b: second.shape.extents))
    }
    let pair = StoredPair(a: first, b: second)
    do {
      let found = try pair.compare(.storage, nanIsEqual: nanIsEqual)
      var verdict = Verdict(found)
      var limit = pair.description(of: .storage)
      if verdict == .differ, let inherited, try isInherited(pair, found, inherited) {
        verdict = .inherited
        limit = "what differs before"
      }
      return TensorReport(
        path: path, reference: reference, verdict: verdict, shape: first.shape,
        comparison: found, limit: limit)
    } catch {
      return TensorReport(
        path: path, reference: reference, verdict: .notCompared, reason: .unusable(error))
    }
  }

  /// Whether a difference is no larger than those of the tensors that were added up to it, and the
  /// rounding of that sum: Σ|dᵢ| + k·(u + u′)·Σ max|gᵢ|.
  private static func isInherited(
    _ pair: StoredPair, _ found: Comparison, _ sources: [StoredPair]
  ) throws -> Bool {
    guard !sources.isEmpty else { return false }
    var (largest, scale) = (0.0, 0.0)
    for source in sources {
      let distance = try source.distance()
      largest += distance.largest
      scale += distance.scale
    }
    let formats = pair.comparisonFormats
    let unit = formats.ours.unitRoundoff + formats.reference.unitRoundoff
    return found.maxAbsolute <= largest + Double(sources.count) * unit * scale
  }
}

/// A layer and the case that it is in.
struct LayerPlace {
  let fixtureCase: FixtureCase
  let position: Int

  var layer: FixtureLayer { fixtureCase.layers[position] }

  /// The output that an input was, in both fixtures; nil where it comes from no layer.
  func producers(ofInput index: Int, beside other: LayerPlace) -> [StoredPair]? {
    guard let mine = producer(ofInput: index), let theirs = other.producer(ofInput: index),
      mine.shape == theirs.shape
    else { return nil }
    return [StoredPair(a: mine, b: theirs)]
  }

  private func producer(ofInput index: Int) -> StoredTensor? {
    guard let connections = layer.connections, connections.indices.contains(index),
      case .layerOutput(let producer, let output) = connections[index]
    else { return nil }
    return fixtureCase.layers[producer].reference.outputs[output]
  }

  /// The gradients that were added up to that of an output, in both fixtures; nil where no layer
  /// takes the output, or one of them is not recorded.
  func consumers(ofOutput output: Int, beside other: LayerPlace, isTwin: Bool) -> [StoredPair]? {
    guard let mine = gradients(ofOutput: output, isTwin: isTwin),
      let theirs = other.gradients(ofOutput: output, isTwin: isTwin),
      mine.count == theirs.count
    else { return nil }
    let pairs = zip(mine, theirs).map { StoredPair(a: $0, b: $1) }
    return pairs.allSatisfy { $0.a.shape == $0.b.shape } ? pairs : nil
  }

  private func gradients(ofOutput output: Int, isTwin: Bool) -> [StoredTensor]? {
    var found: [StoredTensor] = []
    for layer in fixtureCase.layers {
      for (index, connection) in (layer.connections ?? []).enumerated()
      where connection == .layerOutput(layer: position, output: output) {
        let tree = isTwin ? layer.twin : layer.reference
        guard let gradient = tree?.inputGradients[index] else { return nil }
        found.append(gradient)
      }
    }
    return found.isEmpty ? nil : found
  }
}
