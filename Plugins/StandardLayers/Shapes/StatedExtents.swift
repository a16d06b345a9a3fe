import LayerKit

/// Extents that a file states, one of which may be −1: what is left over.
struct StatedExtents: Hashable, Sendable {
  /// The hyper-parameter.
  let name: String
  /// The extents; −1 at most once.
  let extents: [Int]

  /// Reads the hyper-parameter, which must be there.
  init(_ name: String, _ hyperparameters: inout HyperparameterReader) {
    self.name = name
    let problemsBefore = hyperparameters.problems.count
    let stated = hyperparameters.optionalIntegers(name, in: -1...(.max))
    extents = stated ?? []
    if stated == nil, hyperparameters.problems.count == problemsBefore {
      hyperparameters.report(.missingHyperparameter(name))
    }
    if extents.count(where: { $0 == -1 }) > 1 {
      hyperparameters.report(
        .outOfRange(hyperparameter: name, allowed: "-1 at most once", found: value))
    }
  }

  /// The extents as they were stated.
  private var value: HyperparameterValue { .list(extents.map { .integer($0) }) }

  /// The extents of so many elements, with what is left over; nil where they do not fit.
  func filled(with count: Int) -> [Int]? {
    let (product, overflow) = Self.product(extents.filter { $0 != -1 })
    guard !overflow else { return nil }
    guard let free = extents.firstIndex(of: -1) else { return product == count ? extents : nil }
    // With no elements, anything could be left over.
    guard product > 0, count % product == 0 else { return nil }
    var extents = extents
    extents[free] = count / product
    return extents
  }

  /// The problem that the extents do not fit what the tensors say.
  func contradiction(tensors: HyperparameterValue) -> LayerProblem {
    .contradiction(hyperparameter: name, declared: value, tensors: tensors)
  }

  /// The product, and whether it does not fit an integer.
  private static func product(_ factors: [Int]) -> (Int, overflow: Bool) {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      if overflow { return (0, true) }
      product = next
    }
    return (product, false)
  }
}
