import LayerKit
import Tensors

/// How the losses of many elements become the value of a loss: `reduction` of `torch.nn`.
public enum LossReduction: String, CaseIterable, Sendable {
  /// Not at all.
  case none
  /// Their sum.
  case sum
  /// Their sum, divided by a count or by the sum of their weights.
  case mean

  /// The shape of the value for elements of a shape.
  func shape(of elements: Shape) -> Shape { self == .none ? elements : .scalar }

  /// The value, for elements that have the given denominator in a mean.
  func value<S: Scalar>(_ elements: Tensor<S>, denominator: S) -> Tensor<S> {
    guard self != .none else { return elements }
    var sum = S.zero
    for element in elements.elements { sum += element }
    return Tensor(scalar: self == .mean ? sum / denominator : sum)
  }

  /// ∂L/∂element, for element `index`.
  func upstream<S: Scalar>(_ upstream: Tensor<S>, at index: Int, denominator: S) -> S {
    switch self {
    case .none: upstream[index]
    case .sum: upstream[0]
    case .mean: upstream[0] / denominator
    }
  }

  /// The bound of a value: the errors of its elements, and of adding up `terms` roundings.
  ///
  /// A factor of 1.01 covers the products of errors, which the first order leaves out.
  func bound(
    errors: Tensor<Double>, magnitudes: Tensor<Double>, terms: Int, denominator: Double,
    _ rounding: Rounding
  ) -> ErrorBound {
    let gamma = rounding.gamma(terms)
    let limits = errors.zip(magnitudes) { 1.01 * ($0 + gamma * $1) }
    return .elementwise(value(limits, denominator: denominator.magnitude))
  }
}

extension HyperparameterReader {
  /// `reduction`, and the two older flags that go before it where they are stated.
  mutating func reduction() -> LossReduction {
    let reduction = word("reduction", default: LossReduction.mean)
    return olderReduction() ?? reduction
  }

  /// What the flags `size_average` and `reduce` say; nil where neither is stated.
  mutating func olderReduction() -> LossReduction? {
    let averages = flag("size_average")
    let reduces = flag("reduce")
    guard averages != nil || reduces != nil else { return nil }
    guard reduces ?? true else { return LossReduction.none }
    return averages ?? true ? .mean : .sum
  }

  private mutating func flag(_ name: String) -> Bool? {
    guard let value = value(name), !value.isNone else { return nil }
    return boolean(name, default: true)
  }
}
