import Discrepancy
import LayerKit
import Tensors

/// Two computations of one tensor, held against the bound that the layer declares for it.
struct BoundedComparison {
  /// The element that is furthest beyond its bound; nil where all are within.
  private(set) var worst: Element?
  /// How many elements had a finite bound.
  private(set) var bounded = 0

  struct Element {
    let offset: Int
    let found: Double
    let expected: Double
    let limit: Double

    /// The error as a multiple of its limit.
    var ratio: Double {
      let error = (found - expected).magnitude
      return error == 0 ? 0 : error / limit
    }
  }

  /// Compares what was found in `format` with what double precision gives.
  ///
  /// Several bounds are those of the parts of a sum. Where a bound is infinite or the numbers leave the range of the format, nothing is promised.
  init(
    _ found: Tensor<Double>, _ expected: Tensor<Double>, _ bounds: ErrorBound...,
    format: NumberFormat
  ) {
    let windows = bounds.map {
      Tolerance($0, ComparisonFormats(ours: .float64, reference: format))
        .window(0..<expected.count)
    }
    let largest = format.largestFinite
    for offset in 0..<expected.count {
      let (x, y) = (found[offset], expected[offset])
      let limit = windows.reduce(0) { $0 + $1.limits(at: offset, value: y).hard }
      guard limit < largest else { continue }
      bounded += 1
      // A result that the format cannot hold is infinite in it.
      let isOverflow = x.isInfinite && x.sign == y.sign && y.magnitude + limit >= largest
      if x == y || (x.isNaN && y.isNaN) || isOverflow { continue }
      let element = Element(offset: offset, found: x, expected: y, limit: limit)
      guard !(element.ratio <= 1) else { continue }
      if !(element.ratio <= worst?.ratio ?? 0) { worst = element }
    }
  }

  /// What is wrong with a tensor; nil if nothing is.
  func complaint(about name: ResultTensor, shape: Shape) -> String? {
    guard let worst else { return nil }
    return "\(name) is \(worst.found) at \(shape.index(at: worst.offset)) instead of "
      + "\(worst.expected): the difference is \((worst.found - worst.expected).magnitude), the "
      + "bound \(worst.limit)"
  }
}

extension Subject {
  /// The first tensor of a computation in `format` that lies beyond its bound around another;
  /// adds the elements that had a bound to `bounded`.
  func complaint(
    _ found: Computation, against expected: Computation, format: NumberFormat,
    _ operands: Operands<Double>, upstream: [Tensor<Double>], bounded: inout Int
  ) throws(LayerFailure) -> String? {
    for (name, value) in expected.tensors {
      guard let other = found[name] else { return "\(name) is missing" }
      guard other.shape == value.shape else {
        return "\(name) has the shape \(other.shape) instead of \(value.shape)"
      }
      let bound = try bound(name, value, format: format, operands, upstream: upstream)
      let comparison = BoundedComparison(other, value, bound, format: format)
      bounded += comparison.bounded
      if let complaint = comparison.complaint(about: name, shape: value.shape) { return complaint }
    }
    return nil
  }

  /// The bound that the layer declares for a tensor, one side in double precision and the other
  /// in `format`.
  func bound(
    _ name: ResultTensor, _ value: Tensor<Double>, format: NumberFormat,
    _ operands: Operands<Double>, upstream: [Tensor<Double>]
  ) throws(LayerFailure) -> ErrorBound {
    try layer.bound(
      BoundQuestion(
        name, operands: operands, upstream: upstream, computed: value,
        rounding: ComparisonFormats(ours: .float64, reference: format).rounding))
  }
}
