import Kernels
import LayerKit
import Tensors

/// What a padding kind was told: how many cells stand before and after the image on each axis.
///
/// The order of the hyper-parameter `padding` is that of `torch.nn`, the last axis first: left,
/// right, top, bottom, front, back; one number serves for all. Negative numbers cut cells away.
public struct ImagePadding: Hashable, Sendable {
  let mode: PaddingMode
  /// What stands where nothing is copied.
  let constant: Double
  /// Cells before the first one of each spatial axis, first axis first.
  let begin: [Int]
  /// Cells after the last one of each spatial axis.
  let end: [Int]

  /// Reads `padding` for images with so many spatial axes.
  init(
    _ mode: PaddingMode, axes: Int, constant: Double = 0,
    _ hyperparameters: inout HyperparameterReader
  ) {
    self.mode = mode
    self.constant = constant
    let limit = ClosedRange<Int>.cells(from: 0).upperBound
    let numbers = hyperparameters.integers("padding", count: 2 * axes, in: -limit...limit)
    begin = (0..<axes).map { numbers[2 * (axes - 1 - $0)] }
    end = (0..<axes).map { numbers[2 * (axes - 1 - $0) + 1] }
  }

  /// The padding as a file states it.
  private var stated: HyperparameterValue {
    .list(begin.indices.reversed().flatMap { [.integer(begin[$0]), .integer(end[$0])] })
  }

  // MARK: Shapes

  /// The extents of an extended image; throws where there are not enough cells to copy or to cut.
  func extents(of image: [Int]) throws -> [Int] {
    let copies = mode == .reflect || mode == .replicate
    let extents = image.indices.map { image[$0] + begin[$0] + end[$0] }
    for (axis, name) in WindowAxis.names(image.count).enumerated() {
      let (begin, end, extent) = (begin[axis], end[axis], image[axis])
      // Repetitions and constants stand beside what is left, so what is cut away must be there.
      guard extents[axis] >= (copies ? 0 : max(0, begin) + max(0, end)) else {
        throw refusal("no more than \(extent) cut away along \(name)")
      }
      // What is cut away cannot be repeated.
      let limit =
        mode == .circular
        ? extent + min(0, begin) + min(0, end) : mode.limit(extent: extent)
      guard max(begin, end) <= limit else {
        throw refusal("at most \(limit) at each end along \(name)")
      }
    }
    guard !copies || extents.contains(where: { $0 > 0 }) else {
      throw refusal("numbers that leave a cell")
    }
    return extents
  }

  private func refusal(_ allowed: String) -> LayerProblem {
    .outOfRange(hyperparameter: "padding", allowed: allowed, found: stated)
  }

  /// The shape of the output for operands of the given shapes.
  func output(_ operands: OperandShapes) throws -> Shape {
    let input = operands.inputs[0]
    let axes = begin.count
    // Where nothing is copied, nothing need be there, and more axes may stand before the spatial
    // ones: so it is in `torch.nn`.
    if mode != .zeros || input.rank < 2 + axes { _ = try operands.image(axes: axes) }
    let spatial = try extents(of: Array(input.extents.suffix(axes)))
    let extents = Array(input.extents.dropLast(axes)) + spatial
    return try .limited(extents, of: "an output")
  }

  /// The images of a tensor whose shape has been accepted: all axes but the first and the spatial
  /// ones are channels.
  func images(_ shape: Shape) -> Shape {
    let spatial = shape.extents.suffix(begin.count)
    let channels = shape.extents.dropFirst().dropLast(begin.count).reduce(1, *)
    return Shape([shape[0], channels] + spatial)
  }

  /// How these images are extended.
  func geometry(_ shape: Shape) -> ImageExtension {
    ImageExtension(
      mode, extents: Array(shape.extents.suffix(begin.count)), begin: begin, end: end)
  }
}
