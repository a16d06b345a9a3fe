import Synchronization
public import Tensors

/// What a mistake would have led to, with how far rounding may move each element of it.
///
/// The values are computed when they are asked for, and only once.
public struct Prediction: Sendable {
  /// The shape of the predicted tensor.
  public let shape: Shape
  /// How far rounding may move each element of it.
  public let margin: Margin
  /// The number that was fitted or the choice that was made, for the report: `slope 0.2`.
  public let detail: String?
  /// How many free numbers were fitted to the suspect: 0 or 1.
  public let fitted: Int
  /// A part of the predicted tensor that costs less than the whole, to refute it by.
  public let probe: Probe?
  /// How visible the mistake must be.
  public var visibility: Visibility = .clear
  private let result: Lazy<Tensor<Double>>

  /// The predicted tensor.
  public var values: Tensor<Double> { result.value }

  /// Where the bound of a predicted element comes from.
  public enum Margin: Sendable {
    /// Each element is an element of the right result, whose bound it takes along, times a factor.
    case rearranged(Rearrangement, factor: Double)
    /// Each element has the bound of the right result at its place, and one rounding of its own.
    case likeComputed
    /// The wrong computation's own bound, evaluated when it is needed.
    case own(@Sendable () -> ErrorBound)
  }

  /// How far a prediction must lie off the right result to be told from it.
  public enum Visibility: Hashable, Sendable {
    /// Many bounds at some element.
    case clear
    /// More than a bound at some element, and what is left of the error is a small part of it
    /// throughout: for numbers that were shortened on the way.
    case fine
    /// More than a bound at some element: for causes that show in the form of the numbers.
    case form
  }

  /// Neighbouring elements of the predicted tensor.
  public struct Probe: Sendable {
    /// Where the elements stand in the tensor.
    public let range: Range<Int>
    /// The predicted elements.
    public let values: @Sendable () -> [Double]

    /// Describes a part.
    public init(_ range: Range<Int>, values: @escaping @Sendable () -> [Double]) {
      self.range = range
      self.values = values
    }
  }

  /// Predicts values that are computed when they are needed, with a margin of any sort.
  public init(
    of shape: Shape, margin: Margin, detail: String? = nil, fitted: Int = 0,
    probe: Probe? = nil, values: @escaping @Sendable () -> Tensor<Double>
  ) {
    self.shape = shape
    self.margin = margin
    self.detail = detail
    self.fitted = fitted
    self.probe = probe
    result = Lazy(values)
  }

  /// Predicts values whose wrong computation has a bound of its own.
  public init(
    _ values: Tensor<Double>, detail: String? = nil, fitted: Int = 0,
    bound: @escaping @Sendable () -> ErrorBound
  ) {
    self.init(of: values.shape, margin: .own(bound), detail: detail, fitted: fitted) { values }
  }

  /// Predicts values that are as uncertain as the right result is at the same place.
  public init(likeComputed values: Tensor<Double>, detail: String? = nil, fitted: Int = 0) {
    self.init(of: values.shape, margin: .likeComputed, detail: detail, fitted: fitted) { values }
  }

  /// Predicts the right result with its elements moved and multiplied.
  public init(
    _ computed: Tensor<Double>, rearranged: Rearrangement, factor: Double = 1,
    detail: String? = nil, fitted: Int = 0
  ) {
    self.init(
      of: rearranged.shape, margin: .rearranged(rearranged, factor: factor), detail: detail,
      fitted: fitted
    ) {
      let moved = rearranged.apply(to: computed)
      return factor == 1 ? moved : moved.map { $0 * factor }
    }
  }

  /// Predicts the right result times a factor.
  public init(
    _ computed: Tensor<Double>, times factor: Double, detail: String? = nil, fitted: Int = 0
  ) {
    self.init(
      computed, rearranged: .identity(computed.shape), factor: factor, detail: detail,
      fitted: fitted)
  }

  /// The predicted tensor with its elements moved, each with the bound that it had.
  public func moved(by rearrangement: Rearrangement, detail: String? = nil) -> Prediction {
    let (margin, original) = (margin, self)
    let moved: Margin =
      switch margin {
      case .own(let bound): .own { bound().moved(by: rearrangement) }
      case .rearranged(let first, let factor):
        .rearranged(first.followed(by: rearrangement), factor: factor)
      case .likeComputed: .rearranged(rearrangement, factor: 1)
      }
    return Prediction(
      of: rearrangement.shape, margin: moved, detail: detail ?? self.detail, fitted: fitted
    ) { rearrangement.apply(to: original.values) }.visible(visibility)
  }

  /// The same prediction with another demand on how visible it is.
  public func visible(_ visibility: Visibility) -> Prediction {
    var prediction = self
    prediction.visibility = visibility
    return prediction
  }
}

extension ErrorBound {
  /// The bound of a tensor whose elements were moved; a zero that was filled in is exact.
  fileprivate func moved(by rearrangement: Rearrangement) -> ErrorBound {
    switch self {
    case .exact: return .exact
    case .accumulated(let terms, let magnitude, let products):
      let figures = magnitude.elements(0..<magnitude.shape.count)
      return .sum(
        terms: terms, magnitude: rearrangement.apply(to: Tensor(magnitude.shape, figures)),
        products: products)
    case .elementwise(let bounds): return .elementwise(rearrangement.apply(to: bounds))
    case .measured(let limits): return .measured(rearrangement.apply(to: limits))
    }
  }
}

/// A value that is computed when it is asked for.
private final class Lazy<Value: Sendable>: Sendable {
  private let compute: @Sendable () -> Value
  private let computed = Mutex<Value?>(nil)

  init(_ compute: @escaping @Sendable () -> Value) { self.compute = compute }

  var value: Value {
    computed.withLock { known in
      if let known { return known }
      let value = compute()
      known = value
      return value
    }
  }
}
