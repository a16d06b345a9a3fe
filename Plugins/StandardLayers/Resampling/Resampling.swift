import Kernels
import LayerKit
import Tensors

/// What a resampling kind was told: the size of the result, and how cells are made.
public struct Resampling: Hashable, Sendable {
  var mode: ResamplingMode
  /// The number of spatial axes; nil for any from 1 to 3.
  private let axes: Int?
  /// The extents of the result, or one for all axes; nil where the scale says them.
  private let size: [Int]?
  /// What the extents are multiplied with, or one factor for all axes.
  private let scale: [Double]?
  /// Whether the centres of the corner cells stay where they are.
  var alignsCorners: Bool
  /// Whether positions are p = r·j though corners are not aligned: what some programs do by mistake.
  var omitsHalfPixel = false
  /// Whether positions follow the extents, even where a scale is given.
  private let followsExtents: Bool

  /// Reads `size` and `scale_factor`, of which one must be there, for images with so many axes.
  init(
    _ mode: ResamplingMode, axes: Int, alignsCorners: Bool,
    _ hyperparameters: inout HyperparameterReader
  ) {
    self.init(
      mode, axes: axes, alignsCorners: alignsCorners, followsExtents: false, &hyperparameters)
  }

  /// Reads all hyper-parameters of `torch.nn.Upsample`.
  init(_ hyperparameters: inout HyperparameterReader) {
    let mode = hyperparameters.word("mode", default: ResamplingMode.nearest)
    let aligns = hyperparameters.optionalFlag("align_corners")
    if let aligns, !mode.interpolates {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "align_corners",
          allowed: "nothing together with the mode \"\(mode.rawValue)\"", found: .boolean(aligns)))
    }
    let recomputes = hyperparameters.optionalFlag("recompute_scale_factor") ?? false
    self.init(
      mode, axes: mode.axes, alignsCorners: aligns ?? false,
      followsExtents: recomputes || mode == .area,
      &hyperparameters)
    if recomputes, size != nil {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "recompute_scale_factor", allowed: "false together with `size`",
          found: true))
    }
  }

  private init(
    _ mode: ResamplingMode, axes: Int?, alignsCorners: Bool, followsExtents: Bool,
    _ hyperparameters: inout HyperparameterReader
  ) {
    self.mode = mode
    self.axes = axes
    self.alignsCorners = alignsCorners
    self.followsExtents = followsExtents
    let before = hyperparameters.problems.count
    size = hyperparameters.optionalIntegers("size", in: .cells(from: 1))
    scale = hyperparameters.scales("scale_factor")
    guard hyperparameters.problems.count == before else { return }
    if let scale, size != nil {
      hyperparameters.report(
        .outOfRange(
          hyperparameter: "scale_factor", allowed: "nothing together with `size`",
          found: .list(scale.map { .real($0) })))
    }
    if size == nil, scale == nil { hyperparameters.report(.missingHyperparameter("size")) }
  }

  // MARK: Shapes

  /// The shape of the output for operands of the given shapes.
  func output(_ operands: OperandShapes) throws -> Shape {
    let rank = operands.inputs[0].rank
    let image = try operands.image(axes: axes ?? min(max(1, rank - 2), 3))
    let resampled = try axes(image)
    let extents = Array(image.extents.prefix(2)) + resampled.map(\.output)
    return try .limited(extents, of: "an output")
  }

  /// The spatial axes of an image.
  func axes(_ image: Shape) throws -> [ResampledAxis] {
    let names = WindowAxis.names(image.rank - 2)
    let count = size?.count ?? scale?.count ?? 1
    guard count == 1 || count == names.count else {
      throw refusal(of: "one number, or one for each of the \(names.count) axes")
    }
    return try names.enumerated().map { axis, name in
      let extent = image[2 + axis]
      if let size {
        return ResampledAxis(
          mode, extent: extent, output: size[count == 1 ? 0 : axis],
          alignsCorners: alignsCorners, omitsHalfPixel: omitsHalfPixel, scale: nil)
      }
      let factor = scale?[count == 1 ? 0 : axis] ?? 1
      let range = ClosedRange<Int>.cells(from: 1)
      let output = (Double(extent) * factor).rounded(.down)
      guard output >= 1, output <= Double(range.upperBound) else {
        throw refusal(
          of: "factors that make 1 to \(range.upperBound) cells of the \(extent) along \(name)")
      }
      return ResampledAxis(
        mode, extent: extent, output: Int(output), alignsCorners: alignsCorners,
        omitsHalfPixel: omitsHalfPixel, scale: followsExtents ? nil : factor)
    }
  }

  private func refusal(of allowed: String) -> LayerProblem {
    if let size {
      return .outOfRange(
        hyperparameter: "size", allowed: allowed, found: .list(size.map { .integer($0) }))
    }
    return .outOfRange(
      hyperparameter: "scale_factor", allowed: allowed,
      found: .list((scale ?? []).map { .real($0) }))
  }
}

extension HyperparameterReader {
  /// A truth value that may be `None`.
  fileprivate mutating func optionalFlag(_ name: String) -> Bool? {
    guard let value = value(name), !value.isNone else { return nil }
    return boolean(name, default: false)
  }

  /// Factors above 0, one or several; nil where they are absent or `None`.
  fileprivate mutating func scales(_ name: String) -> [Double]? {
    guard let value = value(name), !value.isNone else { return nil }
    let limit = ClosedRange<Int>.cells(from: 1).upperBound
    let numbers = value.elements.map(\.asReal)
    guard !numbers.isEmpty, !numbers.contains(nil) else {
      report(.wrongType(hyperparameter: name, expected: "numbers", found: value))
      return nil
    }
    guard numbers.allSatisfy({ ($0 ?? 0) > 0 && ($0 ?? 0) <= Double(limit) }) else {
      report(
        .outOfRange(
          hyperparameter: name, allowed: "numbers above 0 and up to \(limit)", found: value))
      return nil
    }
    return numbers.compactMap { $0 }
  }
}
