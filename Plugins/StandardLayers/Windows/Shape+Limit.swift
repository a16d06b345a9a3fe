import LayerKit
import Tensors

extension Shape {
  /// A shape of at most 2³⁴ elements, which are 128 GiB in double precision; otherwise throws.
  ///
  /// A few figures in a file can ask for more than any machine holds, or than can be counted.
  static func limited(
    _ extents: [Int], of tensor: String
  ) throws(LayerProblem) -> Shape {
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= 1 << 34 else {
        throw .other("asks for \(tensor) of the extents \(extents), more than 2^34 elements")
      }
      count = product
    }
    return Shape(extents)
  }
}
