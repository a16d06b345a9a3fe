// Where a layer may be cut. Nothing here knows which tensor differs: whether a cut leaves that tensor
// what it was is seen by computing the smaller layer.

import HDF5File
import LayerKit
import Tensors

/// The ways in which a layer may be made smaller.
struct LayerCuts {
  private let layer: StandaloneLayer
  private let kind: String
  /// The index of the largest error.
  private let worst: [Int]

  init(_ layer: StandaloneLayer, kind: String, worst: [Int]) {
    self.layer = layer
    self.kind = kind
    self.worst = worst
  }

  /// All of them, the likeliest to save much first.
  var all: [Cut] { [samples, weights, equalAxes, crops].flatMap { $0 } }

  // MARK: Shapes

  private var target: String { "reference/\(layer.targetPath)" }
  private var image: Shape? { shape("reference/input.0") }

  private func shape(_ path: String) -> Shape? { layer.parts[path]?.values.shape }

  /// Inputs, outputs and their gradients, and masks.
  private var activations: [String] {
    layer.parts.keys.filter { path in
      path.hasPrefix("auxiliary/")
        || path.hasPrefix("reference/") && !path.hasPrefix("reference/grad_parameters")
          && !path.hasPrefix("reference/buffers")
    }.sorted()
  }

  /// The place of the largest error on an axis of the target; 0 where the cut leaves that whole.
  private func place(_ axes: [Cut.Axis]) -> Int {
    guard let own = axes.first(where: { $0.path == target }), worst.indices.contains(own.axis)
    else { return 0 }
    return worst[own.axis] / own.unit
  }

  private func cut(
    _ name: String, _ count: Int, _ axes: [Cut.Axis],
    attributes: @escaping (Int) -> [String: AttributeValue] = { _ in [:] }
  ) -> [Cut] {
    guard count > 1, !axes.isEmpty else { return [] }
    return [Cut(name, count: count, worst: place(axes), axes, attributes: attributes)]
  }

  // MARK: Axes that all activations share

  private func axes(_ axis: Int, of paths: [String], extent: Int) -> [Cut.Axis] {
    paths.filter { path in
      shape(path).map { $0.rank > axis && $0[axis] == extent } ?? false
    }.map { Cut.Axis(path: $0, axis: axis) }
  }

  private var samples: [Cut] {
    guard let count = image?.extents.first else { return [] }
    return cut("samples", count, axes(0, of: activations, extent: count))
  }

  /// Channels and places of kinds in which they do not depend on each other.
  private var equalAxes: [Cut] {
    guard let image, !isConvolution, !isLinear else { return [] }
    return (1..<max(1, image.rank)).flatMap { axis in
      var cuts = axes(axis, of: activations, extent: image[axis])
      if axis == 1 {
        let vectors = layer.parts.keys.filter { path in
          (path.contains("parameters/") || path.contains("buffers/")) && shape(path)?.rank == 1
        }
        cuts += axes(0, of: vectors.sorted(), extent: image[axis])
      }
      let name = axis == 1 ? "channels" : axis == image.rank - 1 ? "columns" : "rows"
      return cut(name, image[axis], cuts)
    }
  }

  // MARK: Axes of weights

  private var isConvolution: Bool { kind.hasPrefix("Conv") && shape("parameters/weight") != nil }
  private var isLinear: Bool { kind == "Linear" }

  private var weights: [Cut] {
    guard let weight = shape("parameters/weight"), let image, image.rank > 0 else { return [] }
    if isLinear {
      return units("outputs", "inputs", weightAxes: (0, 1), weight, groups: 1, axis: nil)
    }
    guard isConvolution, weight.rank > 2, image.rank == weight.rank else { return [] }
    let groups = layer.integers("groups", axes: 1, default: 1)?.first ?? 1
    let isTransposed = kind.hasPrefix("ConvTranspose")
    return units(
      "filters", "input channels", weightAxes: isTransposed ? (1, 0) : (0, 1), weight,
      groups: groups, axis: 1)
  }

  /// Cuts along outputs, inputs, and where there are groups along these.
  private func units(
    _ outputs: String, _ inputs: String, weightAxes: (output: Int, input: Int), _ weight: Shape,
    groups: Int, axis: Int?
  ) -> [Cut] {
    func activationAxes(_ paths: [String], _ unit: Int) -> [Cut.Axis] {
      paths.compactMap { path in
        shape(path).map { Cut.Axis(path: path, axis: axis ?? $0.rank - 1, unit: unit) }
      }
    }
    func weightCuts(_ axis: Int, _ unit: Int) -> [Cut.Axis] {
      ["parameters/weight", "reference/grad_parameters/weight"].filter { shape($0) != nil }
        .map { Cut.Axis(path: $0, axis: axis, unit: unit) }
    }
    let results = ["reference/output", "reference/grad_output.0"].filter { shape($0) != nil }
    let operands = ["reference/input.0", "reference/grad_input"].filter { shape($0) != nil }
    let biases = ["parameters/bias", "reference/grad_parameters/bias"].filter { shape($0) != nil }
    func outputCuts(_ unit: Int) -> [Cut.Axis] {
      activationAxes(results, unit) + biases.map { Cut.Axis(path: $0, axis: 0, unit: unit) }
    }
    let own = weight[weightAxes.output]
    guard groups > 1 else {
      return cut(outputs, own, outputCuts(1) + weightCuts(weightAxes.output, 1))
        + cut(
          inputs, weight[weightAxes.input],
          activationAxes(operands, 1) + weightCuts(weightAxes.input, 1))
    }
    // The filters of all groups stand on the first axis of the weights; those of a transposed
    // convolution stand there by input channel.
    let isTransposed = weightAxes.output == 1
    let filters = isTransposed ? own : own / groups
    let channels = isTransposed ? weight[0] / groups : weight[1]
    return cut(
      "groups", groups,
      outputCuts(filters) + activationAxes(operands, channels)
        + weightCuts(0, isTransposed ? channels : filters)
    ) { ["groups": .integers([$0], shape: [])] }
  }

  // MARK: Windows

  /// Fewer windows over a smaller image, for outputs of convolutions and pools.
  ///
  /// Windows a..<b along an axis see the cells a·s − P ..< (b − 1)·s + d(K − 1) + 1 − P; what of
  /// these lies outside the image is padding at its ends.
  private var crops: [Cut] {
    guard case .output = layer.target, let image, let output = shape(target),
      kind.hasPrefix("MaxPool") || kind.hasPrefix("AvgPool")
        || isConvolution && !kind.hasPrefix("ConvTranspose")
    else { return [] }
    let axes = image.rank - 2
    let weight = shape("parameters/weight")
    guard axes > 0, output.rank == image.rank,
      let kernel = weight.map({ Array($0.extents.dropFirst(2)) })
        ?? layer.integers("kernel_size", axes: axes, default: nil),
      let stride = weight == nil && !layer.attributes.contains(where: { $0.name == "stride" })
        ? kernel : layer.integers("stride", axes: axes, default: 1),
      let dilation = layer.integers("dilation", axes: axes, default: 1),
      let padding = layer.integers("padding", axes: axes, default: 0),
      kernel.count == axes, stride.count == axes, dilation.count == axes,
      padding.count == axes || padding.count == 2 * axes
    else { return [] }
    return (0..<axes).compactMap { axis in
      let windows = Windows(
        kernel: dilation[axis] * (kernel[axis] - 1) + 1, stride: stride[axis], axis: axis)
      guard output[axis + 2] > 1, worst.count == image.rank else { return nil }
      return Cut(
        axis == axes - 1 ? "output columns" : "output rows", count: output[axis + 2],
        worst: worst[axis + 2]
      ) { [target] in windows.crop($0, target: target, axes: axes, $1) }
    }
  }
}

/// The windows along one axis of an image.
private struct Windows {
  let kernel: Int
  let stride: Int
  let axis: Int

  func crop(
    _ layer: StandaloneLayer, target: String, axes: Int, _ range: Range<Int>
  ) -> StandaloneLayer? {
    guard let image = layer.parts["reference/input.0"]?.values.shape,
      var padding = layer.integers("padding", axes: axes, default: 0)
    else { return nil }
    if padding.count == axes { padding += padding }
    let start = range.lowerBound * stride - padding[axis]
    let end = (range.upperBound - 1) * stride + kernel - padding[axis]
    // Windows that see padding alone have no image to be computed from.
    guard max(0, start) < min(end, image[axis + 2]) else { return nil }
    let kept = max(0, start)..<min(end, image[axis + 2])
    padding[axis] = max(0, -start)
    padding[axes + axis] = max(0, end - image[axis + 2])
    var layer = layer
    guard layer.parts["reference/input.0"]?.values.keep(kept, along: axis + 2) ?? false,
      layer.parts[target]?.values.keep(range, along: axis + 2) ?? false
    else { return nil }
    layer.set("padding", .integers(padding, shape: [padding.count]))
    return layer
  }
}
