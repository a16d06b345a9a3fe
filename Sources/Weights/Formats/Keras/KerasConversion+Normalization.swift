import HDF5File

extension KerasConversion {
  /// Lists gamma, beta and running statistics, and says what its options are.
  mutating func addNormalization(
    _ layer: KerasLayer, _ kind: KerasKind
  ) throws(WeightProblem) {
    for variable in layer.variables where variable.weight.shape.count != 1 {
      throw WeightProblem(
        source: variable.weight.source,
        .undecided(
          "belongs to a normalisation over several axes, whose order is not known",
          advice: "write a mapping file (--write-map) and give it with --map"))
    }
    let image =
      kind == .batchNormalization && !context.isChannelsFirst
      ? KerasFlatten(context.options.target)?.image(before: layer.name) : nil
    try addVectors(layer, image?.conversion ?? .none)
    addImplied(layer)
    guard let epsilon = layer.config?.number("epsilon") else {
      assumesDefaults = true
      return
    }
    let momentum = kind == .batchNormalization ? layer.config?.number("momentum") : nil
    let words = momentum.map { ", momentum \($0) = \(Self.complement($0)) here" } ?? ""
    listing.tensors[listing.tensors.count - 1].notes.append("epsilon \(epsilon)" + words)
  }

  /// Keras weighs the old statistics, networks here the new: 1 − m, without the noise of binary.
  private static func complement(_ momentum: Double) -> Double {
    ((1 - momentum) * 1e12).rounded() / 1e12
  }

  /// A scale that is left out is 1, and a centre that is left out 0; the network may have both.
  private mutating func addImplied(_ layer: KerasLayer) {
    guard let length = layer.variables.first?.weight.shape.first else { return }
    for (leaf, parameter, value) in [("gamma", "weight", Float(1)), ("beta", "bias", 0)]
    where layer[leaf] == nil {
      listing.assumptions.append("`\(layer.name)` has no \(leaf): it is \(Int(value))")
      guard context.target(layer)?.parameters[parameter] == [length] else { continue }
      let elements = KnownElements(.float32([Float](repeating: value, count: length)))
      append(
        StoredWeight(
          source: "\(layer.path)/\(leaf)", shape: [length], type: .float32, isComputed: true,
          elements: elements),
        layer.name, parameter, notes: ["not in the file: all \(Int(value))"])
    }
  }
}
