import HDF5File
import Interchange
import Reports
import Tensors
import Text
import Weights

/// Weights of another file in the place of a fixture's own: `cnn-verify check --weights`.
struct WeightSubstitution {
  /// The weight file.
  let path: String
  /// What the user says of it.
  let source: WeightSourceOptions
  /// How files are read.
  let reading: ReadOptions

  /// Puts the weights into every case, tells which became which, and returns what is wrong.
  ///
  /// Where anything is wrong, nothing is to be compared: a network with weights of two origins
  /// would say nothing of either.
  func apply(to fixture: inout Fixture, _ report: (Event) throws -> Void) throws -> [String] {
    var problems: [String] = []
    do {
      let file = try WeightFile(path: path, reading: reading)
      fixture = try fixture.mapCases { fixtureCase in
        let listing = try source.listing(of: file, for: WeightTarget(fixtureCase))
        let matching = WeightMatching(listing, with: WeightTarget(fixtureCase))
        try tell(listing, matching, report)
        let replacements = replacements(matching, of: file, in: fixtureCase)
        problems += (listing.problems + matching.problems).map { "\($0)" }
        problems += missing(replacements, matching, in: fixtureCase)
        return fixtureCase.replacing(replacements)
      }
    } catch let error as WeightError {
      return error.problems.map { "\($0)" }
    }
    return problems
  }

  // MARK: Matches

  private func replacements(
    _ matching: WeightMatching, of file: WeightFile, in fixtureCase: FixtureCase
  ) -> [TensorReplacement] {
    var replacements = matching.matches.map { match in
      let tensor = match.tensor
      return TensorReplacement(
        layer: match.layer,
        slot: match.isBuffer ? .buffer(match.parameter) : .parameter(match.parameter),
        format: tensor.stored.type.canonicalFormat
      ) {
        let elements = try tensor.values().doubles
        try file.verifyUnchanged()
        return elements
      }
    }
    // A tensor that layers share stands in the weight file once, under any of its names.
    var shared: [UInt64: TensorReplacement] = [:]
    for replacement in replacements {
      guard case .parameter(let name) = replacement.slot,
        let stored = fixtureCase.layers[replacement.layer].parameters[name]
      else { continue }
      shared[stored.objectID] = replacement
    }
    for missing in matching.missing where !missing.isBuffer {
      guard let stored = fixtureCase.layers[missing.layer].parameters[missing.parameter],
        let holder = shared[stored.objectID]
      else { continue }
      replacements.append(
        TensorReplacement(
          layer: missing.layer, slot: .parameter(missing.parameter), format: holder.format,
          read: holder.read))
    }
    return replacements
  }

  /// The sentences about parameters that the file lacks; state has its own values in the fixture.
  private func missing(
    _ replacements: [TensorReplacement], _ matching: WeightMatching, in fixtureCase: FixtureCase
  ) -> [String] {
    let found = Set(replacements.map { Place(layer: $0.layer, slot: $0.slot) })
    return matching.missing.filter { missing in
      !missing.isBuffer
        && !found.contains(Place(layer: missing.layer, slot: .parameter(missing.parameter)))
    }.map { missing in
      "`\(UntrustedText(missing.layerName).terminal)` needs `"
        + UntrustedText(missing.parameter).terminal
        + "`, which the weight file does not have under this name: see `cnn-verify weights`, and"
        + " give names with a mapping file (--map)"
    }
  }

  private struct Place: Hashable {
    let layer: Int
    let slot: TensorReplacement.Slot
  }

  // MARK: Telling

  private func tell(
    _ listing: WeightListing, _ matching: WeightMatching, _ report: (Event) throws -> Void
  ) throws {
    func note(_ text: String) throws { try report(.note(Warning(id: "weights", text: text))) }
    func warn(_ text: String) throws { try report(.warning(Warning(id: "weights", text: text))) }
    try note(
      "weights: \(UntrustedText(path).terminal): \(listing.format), because "
        + UntrustedText(listing.evidence).terminal)
    for match in matching.matches {
      let steps = ([match.tensor.conversion.words] + match.tensor.notes).filter { !$0.isEmpty }
      let shown =
        steps.isEmpty ? "" : "  [\(UntrustedText(steps.joined(separator: "; ")).terminal)]"
      let layer = UntrustedText(match.tensor.layer).terminal
      try note(
        "weights: \(UntrustedText(match.tensor.source).terminal) → \(layer)."
          + UntrustedText(match.parameter).terminal + shown)
    }
    for assumption in listing.assumptions {
      try note("weights: assumed where the fixture does not say: \(assumption)")
    }
    // A counter of batches changes no result of a single step.
    for missing in matching.missing
    where missing.isBuffer && missing.parameter != "num_batches_tracked" {
      try warn(
        "weights: `\(UntrustedText(missing.layerName).terminal)` keeps the fixture's own `"
          + UntrustedText(missing.parameter).terminal + "`, which the weight file does not have")
    }
    for tensor in matching.leftOver {
      try warn("weights: left over: `\(UntrustedText(tensor.source).terminal)`")
    }
    for text in listing.warnings { try warn("weights: \(text)") }
  }
}

extension WeightTarget {
  /// The network of a case.
  init(_ fixtureCase: FixtureCase) {
    self.init(
      layers: fixtureCase.layers.map { layer in
        Layer(
          name: layer.name, kind: layer.kind,
          parameters: layer.parameters.mapValues(\.shape.extents),
          buffers: layer.buffers.mapValues(\.shape.extents),
          inputShape: layer.inputs.first??.shape.extents,
          sources: (layer.connections ?? []).map { connection in
            switch connection {
            case .networkInput(let name): name
            case .layerOutput(let position, _): fixtureCase.layers[position].name
            }
          })
      })
  }
}

extension ElementType {
  /// The format of the numbers after widening; nil for integers.
  fileprivate var canonicalFormat: NumberFormat? {
    switch self {
    case .float64: .float64
    case .float16, .bfloat16, .float32: .float32
    default: nil
    }
  }
}
