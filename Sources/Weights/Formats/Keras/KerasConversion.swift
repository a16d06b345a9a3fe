// KerasConversion.swift
// Sources: keras/src/layers/**/*.py for the variables and their axes.

import HDF5File

/// Makes tensors of the variables of layers, whichever kind of Keras file they stand in.
struct KerasConversion {
  let context: KerasContext
  var listing = WeightListing()

  /// Whether a normalisation's epsilon stands nowhere in the file.
  var assumesDefaults = false

  init(_ context: KerasContext) { self.context = context }

  /// Names that the variables of normalisations and embeddings have here.
  private static let vectors: [String: (parameter: String, role: WeightTensor.Role)] = [
    "gamma": ("weight", .parameter), "beta": ("bias", .parameter),
    "moving_mean": ("running_mean", .buffer), "moving_variance": ("running_var", .buffer),
    "embeddings": ("weight", .parameter),
  ]

  /// Lists the variables of a layer.
  mutating func add(_ layer: KerasLayer) {
    var layer = layer
    let known: Set<String> = [
      "kernel", "bias", "depthwise_kernel", "pointwise_kernel", "gamma", "beta", "moving_mean",
      "moving_variance", "embeddings", "alpha", "kernel_scale",
    ]
    let isForeign = layer.config.map { $0.kind == nil && !$0.isModel } ?? false
    if layer.kind == nil, isForeign || layer.variables.contains(where: { !known.contains($0.leaf) })
    {
      let why =
        layer.config.map { "its class `\($0.className)` has no conversion" }
        ?? "nothing in the file names a class that has a conversion"
      for variable in layer.variables {
        listing.unused.append(
          .init(variable.weight.source, why, isLeftOver: true))
      }
      return
    }
    do throws(WeightProblem) {
      let kind: KerasKind
      if let told = layer.kind {
        kind = told
      } else {
        kind = try KerasGuess(context).kind(of: layer, &listing)
      }
      layer.kind = kind
      try add(layer, kind)
      if let layerKind = layerKind(of: layer, kind) { listing.kinds[layer.name] = layerKind }
    } catch {
      listing.problems.append(error)
    }
  }

  private mutating func add(_ layer: KerasLayer, _ kind: KerasKind) throws(WeightProblem) {
    switch kind {
    case .separable: try addSeparable(layer, kind)
    case .batchNormalization, .layerNormalization, .groupNormalization:
      try addNormalization(layer, kind)
    case .prelu: try addSlopes(layer)
    case .embedding: try addVectors(layer)
    default: try addKernel(layer, kind)
    }
  }

  mutating func append(
    _ weight: StoredWeight, _ layer: String, _ parameter: String,
    role: WeightTensor.Role = .parameter, _ conversion: Conversion = .none, notes: [String] = []
  ) {
    listing.tensors.append(
      WeightTensor(
        weight, layer: layer, parameter: parameter, role: role, conversion: conversion,
        notes: notes))
  }

  private func layerKind(of layer: KerasLayer, _ kind: KerasKind) -> String? {
    switch kind {
    case .separable, .prelu: nil
    default: kind.layerKind
    }
  }

  // MARK: Kernels

  private mutating func addKernel(
    _ layer: KerasLayer, _ kind: KerasKind
  ) throws(WeightProblem) {
    let kernels = KerasKernels(context: context, layer: layer)
    for (leaf, weight) in layer.variables.map({ ($0.leaf, $0.weight) }) {
      switch leaf {
      case "kernel", "depthwise_kernel":
        let conversion = try kernels.conversion(of: weight, kind: kind)
        guard let scale = layer["kernel_scale"] else {
          if weight.type.isInteger {
            throw WeightProblem(
              source: weight.source,
              .undecided(
                "is a quantised kernel without its scale", advice: "save the model unquantised"))
          }
          append(weight, layer.name, "weight", conversion)
          continue
        }
        guard kind == .dense, layer.config?.quantisation ?? "int8" == "int8" else {
          throw WeightProblem(
            source: weight.source,
            .undecided(
              "is quantised otherwise than a Dense layer to int8",
              advice: "save the model unquantised"))
        }
        let quantised = QuantisedKernel(kernel: weight, scale: scale)
        append(
          try quantised.weight(), layer.name, "weight", conversion,
          notes: ["kernel / scale of `\(scale.source)`"])
        listing.assumptions.append(
          "`\(layer.name)` quantises its input to int8 too: its weights agree, its outputs do not")
      case "kernel_scale":
        listing.unused.append(.init(weight.source, "the scale by which a kernel is divided"))
      case "bias": append(weight, layer.name, "bias")
      default: listing.unused.append(.init(weight.source, "no name of its class", isLeftOver: true))
      }
    }
  }

  private mutating func addSeparable(
    _ layer: KerasLayer, _ kind: KerasKind
  ) throws(WeightProblem) {
    let kernels = KerasKernels(context: context, layer: layer)
    let axes = kind.spatialAxes ?? 2
    for variable in layer.variables {
      switch variable.leaf {
      case "depthwise_kernel":
        append(
          variable.weight, "\(layer.name).depthwise", "weight",
          try kernels.conversion(of: variable.weight, kind: .depthwise(axes)))
      case "pointwise_kernel":
        append(
          variable.weight, "\(layer.name).pointwise", "weight",
          try kernels.conversion(of: variable.weight, kind: .convolution(axes)))
      case "bias": append(variable.weight, "\(layer.name).pointwise", "bias")
      default:
        listing.unused.append(
          .init(variable.weight.source, "no name of its class", isLeftOver: true))
      }
    }
    listing.kinds["\(layer.name).depthwise"] = kind.layerKind
    listing.kinds["\(layer.name).pointwise"] = kind.layerKind
  }

  // MARK: Everything else

  mutating func addVectors(
    _ layer: KerasLayer, _ conversion: Conversion = .none
  ) throws(WeightProblem) {
    for variable in layer.variables {
      guard !variable.weight.type.isInteger else {
        throw WeightProblem(
          source: variable.weight.source,
          .undecided("is quantised", advice: "save the model unquantised"))
      }
      guard let (parameter, role) = Self.vectors[variable.leaf] else {
        listing.unused.append(
          .init(variable.weight.source, "no name of its class", isLeftOver: true))
        continue
      }
      append(variable.weight, layer.name, parameter, role: role, conversion)
    }
  }

  /// The slope of a PReLU has the axes of an image, those that share it with extent 1.
  private mutating func addSlopes(_ layer: KerasLayer) throws(WeightProblem) {
    for variable in layer.variables {
      guard variable.leaf == "alpha" else {
        listing.unused.append(
          .init(variable.weight.source, "no name of its class", isLeftOver: true))
        continue
      }
      let weight = variable.weight
      let spatial = Array(weight.shape.dropLast())
      if spatial.allSatisfy({ $0 == 1 }) {
        listing.kinds[layer.name] = "PReLU"
        let conversion =
          spatial.isEmpty
          ? Conversion.none
          : Conversion(
            final: .shape([-1]), label: String(repeating: "1", count: spatial.count) + "C→C")
        append(weight, layer.name, "weight", conversion)
        continue
      }
      if context.target(layer)?.kind == "PReLU" {
        throw WeightProblem(
          source: weight.source,
          .undecided(
            "has a slope for each place of the image, which PReLU has not",
            advice: "set shared_axes in Keras, or leave the layer out"))
      }
      append(
        weight, layer.name, "weight",
        Conversion(
          permutation: [spatial.count] + Array(0..<spatial.count),
          label: ["LC→CL", "HWC→CHW", "DHWC→CDHW"].indices.contains(spatial.count - 1)
            ? ["LC→CL", "HWC→CHW", "DHWC→CDHW"][spatial.count - 1] : "channels first"))
    }
  }

  // MARK: The whole

  /// The listing, with what was assumed of all its layers.
  func finished() -> WeightListing {
    var listing = listing
    if assumesDefaults {
      listing.assumptions.append(
        "normalisation: epsilon 1e-3, and momentum 0.99, which is 0.01 here: the defaults of Keras")
    }
    let kinds = Set(listing.kinds.values)
    if context.options.target == nil, kinds.contains("Linear"), !context.isChannelsFirst,
      context.hasFlatten ?? kinds.contains("Conv2d")
    {
      listing.assumptions.append(
        "a dense layer behind a Flatten keeps its inputs in the order H, W, C, unless a network "
          + "gives their extents")
    }
    if listing.tensors.contains(where: { $0.parameter == "running_var" }) {
      listing.assumptions.append(
        "batch normalisation in training: Keras updates the running variance with the biased "
          + "variance of the batch, so that state will not agree")
    }
    return listing
  }
}
