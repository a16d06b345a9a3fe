/// The images that a network flattens: Keras flattens H, W, C, and networks here C, H, W.
///
/// A dense layer that a flatten reaches through layers that keep the order of features has the rows
/// of its kernel in the order of Keras. The extents come from the network, never from factoring.
struct KerasFlatten {
  private let target: WeightTarget

  init?(_ target: WeightTarget?) {
    guard let target else { return nil }
    self.target = target
  }

  /// Layers that leave every feature in its place.
  private static let keepingOrder: Set<String> = [
    "AlphaDropout", "BatchNorm1d", "CELU", "Dropout", "ELU", "FeatureAlphaDropout", "GELU",
    "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softplus",
    "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
  ]

  /// An image: its extents without channels, and its channels.
  struct Image: Hashable {
    let spatial: [Int]
    let channels: Int

    private var label: String {
      "flatten " + (spatial + [channels]).map(String.init).joined(separator: "×")
    }

    /// Of a matrix: (H·W·C, O) becomes (O, C·H·W).
    func conversion(outputs: Int) -> Conversion {
      let axes = spatial.count
      return Conversion(
        reshape: spatial + [channels, outputs], permutation: [axes + 1, axes] + Array(0..<axes),
        final: .shape([outputs, channels * spatial.reduce(1, *)]), label: "IO→OI, \(label)")
    }

    /// Of one number for each feature: H·W·C becomes C·H·W.
    var conversion: Conversion {
      let axes = spatial.count
      return Conversion(
        reshape: spatial + [channels], permutation: [axes] + Array(0..<axes),
        final: .shape([channels * spatial.reduce(1, *)]), label: label)
    }
  }

  /// The image that was flattened on the way to a layer; nil where order does not change.
  func image(before name: String) -> Image? {
    guard var layer = target.layer(named: name) else { return nil }
    // A network has no cycles; what claims one ends all the same.
    for _ in target.layers {
      guard layer.sources.count == 1,
        let source = target.layers.first(where: { $0.name == layer.sources[0] })
      else { return nil }
      if source.kind == "Flatten" { return image(flattenedBy: source) }
      guard Self.keepingOrder.contains(source.kind) else { return nil }
      layer = source
    }
    return nil
  }

  private func image(flattenedBy flatten: WeightTarget.Layer) -> Image? {
    // A network that permutes to H, W, C first flattens as Keras does.
    let feeding = target.layers.first { flatten.sources.contains($0.name) }
    guard let shape = flatten.inputShape, shape.count > 2, feeding?.kind != "Permute" else {
      return nil
    }
    let spatial = Array(shape[2...])
    guard !spatial.allSatisfy({ $0 == 1 }) else { return nil }
    return Image(spatial: spatial, channels: shape[1])
  }
}
