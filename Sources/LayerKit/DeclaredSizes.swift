/// Sizes that a file states although the tensors say them too, such as `in_channels`.
///
/// They are not needed; where they are present they must agree.
public struct DeclaredSizes: Hashable, Sendable {
  private let values: [String: HyperparameterValue]

  init(_ values: [String: HyperparameterValue]) { self.values = values }

  /// Throws unless the size is absent or what the tensors say; one number serves for all axes.
  public func check(_ name: String, equals sizes: [Int]) throws {
    guard let declared = values[name] else { return }
    let numbers = declared.elements.map(\.asInteger)
    guard numbers == sizes || (numbers.count == 1 && sizes.allSatisfy { $0 == numbers[0] }) else {
      throw LayerProblem.contradiction(
        hyperparameter: name, declared: declared,
        tensors: sizes.count == 1 ? .integer(sizes[0]) : .list(sizes.map { .integer($0) }))
    }
  }

  /// Throws unless the size is absent or what the tensors say.
  public func check(_ name: String, equals size: Int) throws { try check(name, equals: [size]) }

  /// Throws unless the flag is absent or tells whether the tensor is there.
  public func check(_ name: String, equals present: Bool) throws {
    guard let declared = values[name] else { return }
    guard declared.asBoolean == present else {
      throw LayerProblem.contradiction(
        hyperparameter: name, declared: declared, tensors: .boolean(present))
    }
  }
}
