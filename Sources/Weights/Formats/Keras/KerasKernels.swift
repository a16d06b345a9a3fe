// KerasKernels.swift
// Sources: keras/src/layers/convolutional/*.py for the axes; Keras 2.3, engine/saving.py,
// preprocess_weights_for_loading, for Keras 1 and for the kernels of Theano.

/// The axes of kernels: what Keras stores, and the order they get here.
struct KerasKernels {
  let context: KerasContext
  let layer: KerasLayer

  private static let spatialLetters = ["", "L", "HW", "DHW"]

  /// The conversion of a kernel of a kind.
  func conversion(of weight: StoredWeight, kind: KerasKind) throws(WeightProblem) -> Conversion {
    if kind == .dense { return try dense(weight) }
    guard let axes = kind.spatialAxes else { return .none }
    if context.generation == .one, axes == 1 {
      throw WeightProblem(
        source: weight.source,
        .undecided(
          "is a Convolution1D of Keras 1, whose kernels have no known order",
          advice: "write a mapping file (--write-map) and give it with --map"))
    }
    guard weight.shape.count == axes + 2 else {
      throw WeightProblem(
        source: weight.source,
        .malformed("a kernel of \(axes) spatial axes has \(axes + 2) axes"))
    }
    let spatial = Self.spatialLetters[axes]
    let isRotated = try isRotated(weight)
    var conversion: Conversion
    switch kind {
    case .depthwise, .separable:
      guard !isRotated, try !isChannelsFirst(weight) else {
        throw WeightProblem(
          source: weight.source,
          .undecided(
            "is a depthwise kernel of Theano or of its order, which has no known conversion",
            advice: "write a mapping file (--write-map) and give it with --map"))
      }
      return depthwise(weight.shape, axes)
    case .transposed where context.generation == .one:
      conversion = Conversion(
        from: try isChannelsFirst(weight) ? "OI" + spatial : spatial + "IO", to: "IO" + spatial)
    case .transposed: conversion = Conversion(from: spatial + "OI", to: "IO" + spatial)
    default:
      conversion =
        try isChannelsFirst(weight) ? .none : Conversion(from: spatial + "IO", to: "OI" + spatial)
    }
    if isRotated {
      conversion.flippedAxes = Array(2..<(2 + axes))
      conversion.label = [conversion.label, "rotate 180"].compactMap { $0 }.joined(separator: ", ")
    }
    return conversion
  }

  /// Output channel c · M + m has the filter of channel c and multiplier m: (…, C, M) becomes
  /// (C · M, 1, …).
  private func depthwise(_ shape: [Int], _ axes: Int) -> Conversion {
    let spatial = Self.spatialLetters[axes]
    return Conversion(
      permutation: [axes, axes + 1] + Array(0..<axes),
      final: .shape([-1, 1] + Array(shape.prefix(axes))),
      label: "\(spatial)CM→(C·M)1\(spatial)")
  }

  private func dense(_ weight: StoredWeight) throws(WeightProblem) -> Conversion {
    guard weight.shape.count == 2 else {
      throw WeightProblem(
        source: weight.source, .malformed("the kernel of a Dense layer has two axes"))
    }
    guard let image = KerasFlatten(context.options.target)?.image(before: layer.name),
      !context.isChannelsFirst
    else { return Conversion(from: "IO", to: "OI") }
    return image.conversion(outputs: weight.shape[1])
  }

  // MARK: Keras 1 and Theano

  /// Only Keras 1 stores kernels in the order of its images: `th`, or `tf` like everyone since.
  private func isChannelsFirst(_ weight: StoredWeight) throws(WeightProblem) -> Bool {
    guard context.generation == .one else { return false }
    if let ordering = layer.config?.word("dim_ordering") { return ordering == "th" }
    guard let ordering = context.options.keras1Ordering else { throw keras1(weight) }
    return ordering == .theano
  }

  /// Theano convolves, everyone else correlates: its kernels stand rotated by 180°.
  private func isRotated(_ weight: StoredWeight) throws(WeightProblem) -> Bool {
    if let backend = context.backend { return backend == "theano" }
    guard context.generation == .one else { return false }
    guard let backend = context.options.keras1Backend else { throw keras1(weight) }
    return backend == .theano
  }

  private func keras1(_ weight: StoredWeight) -> WeightProblem {
    WeightProblem(
      source: weight.source,
      .undecided(
        "is a kernel of Keras 1, which records neither the order of its axes nor its backend",
        advice: "give --keras1-ordering th|tf and --keras1-backend theano|tensorflow"))
  }
}
