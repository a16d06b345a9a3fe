import LayerKit
import Tensors

extension Shape {
  /// The shape of an output that hyper-parameters decide; throws if its elements cannot be counted.
  static func counting(_ extents: [Int]) throws(LayerProblem) -> Shape {
    var count = 1
    for extent in extents where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        let text = extents.map { String($0) }.joined(separator: ", ")
        throw .other("would have an output of shape [\(text)]: correct the hyper-parameters")
      }
      count = product
    }
    return Shape(extents)
  }
}
