// What the predictions of several families have in common.

import LayerKit
import RealModule
import Tensors

extension Evidence {
  /// The upstream gradient of the first output, where the tensor is the gradient of the input.
  var inputGradientUpstream: Tensor<Double>? {
    tensor == .inputGradient(0) ? upstream.first : nil
  }

  /// The right result multiplied or divided, which may round a few times more.
  func scaled(
    _ scale: @escaping @Sendable (Double) -> Double, detail: String? = nil
  ) -> Prediction {
    let values = computed.map(scale)
    return Prediction(values, detail: detail) {
      let right = replay().map { limits(of: $0) } ?? values.map { _ in .infinity }
      let gamma = rounding.gamma(4)
      return .elementwise(
        right.zip(values) { scale($0).magnitude + gamma * $1.magnitude })
    }
  }

  /// A tensor whose samples do not depend on each other: it is computed for one of them first.
  ///
  /// `compute` is given the input and the upstream gradient, of one sample or of all, and returns the
  /// values and how far rounding may move each.
  func bySample(
    detail: String? = nil,
    _ compute:
      @escaping @Sendable (_ x: Tensor<Double>, _ dy: Tensor<Double>) -> (
        values: Tensor<Double>, limits: Tensor<Double>
      )
  ) -> Prediction? {
    let (x, shape) = (operands.inputs[0], computed.shape)
    // An output does not need the gradient, which may be absent.
    let dy = upstream.first ?? x
    guard shape.rank > 0, shape[0] > 0, x.shape.rank > 0, x.shape[0] == shape[0],
      dy.shape.rank > 0, dy.shape[0] == shape[0]
    else { return nil }
    let (sample, size) = (min(probedSample, shape[0] - 1), shape.count / shape[0])
    let probe = Prediction.Probe(sample * size..<(sample + 1) * size) {
      compute(x.sample(sample), dy.sample(sample)).values.elements
    }
    return Prediction(
      of: shape, margin: .own { .elementwise(compute(x, dy).limits) }, detail: detail, probe: probe
    ) { compute(x, dy).values }
  }

  /// How far rounding may move each element of a replayed tensor.
  func limits(of prediction: Prediction) -> Tensor<Double> {
    guard case .own(let bound) = prediction.margin else {
      preconditionFailure("only a replay has a bound of its own")
    }
    return bound().limits(of: prediction.values, rounding)
  }
}

extension ErrorBound {
  /// How far rounding may move each of some values, stored in the same arithmetic.
  func limits(of values: Tensor<Double>, _ rounding: Rounding) -> Tensor<Double> {
    switch self {
    case .exact:
      return values.map { _ in 0 }
    case .elementwise(let limits), .measured(let limits):
      return limits
    case .accumulated(let terms, let magnitude, _):
      let gamma = rounding.gamma(terms)
      let magnitudes = Tensor(values.shape, magnitude.elements(0..<values.count))
      return magnitudes.zip(values) {
        $0 == 0 ? 0 : gamma * $0 + rounding.unit * $1.magnitude + rounding.underflow
      }
    }
  }
}

extension Prediction {
  /// Predicts the values of a formula, whose bound follows from the formula itself.
  init(_ formula: Tensor<Approximation>, detail: String? = nil, fitted: Int = 0) {
    self.init(formula.map(\.value), detail: detail, fitted: fitted) {
      .elementwise(formula.map(\.limit))
    }
  }

  /// The same prediction with its elements in another order.
  func reordered(_ order: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>) -> Prediction {
    guard case .own(let bound) = margin else {
      preconditionFailure("only a replay has a bound of its own")
    }
    let values = values
    return Prediction(order(values), detail: detail, fitted: fitted) {
      // The bound of a replay is evaluated in its own order.
      switch bound() {
      case .exact: .exact
      case .elementwise(let limits): .elementwise(order(limits))
      case .measured(let limits): .measured(order(limits))
      case .accumulated(let terms, let magnitude, let products):
        .sum(
          terms: terms,
          magnitude: order(Tensor(values.shape, magnitude.elements(0..<values.count))),
          products: products)
      }
    }
  }

  /// The same prediction with a remark for the report, or as a number that was fitted.
  func noting(_ detail: String, fitted: Int = 0) -> Prediction {
    switch margin {
    case .own(let bound):
      Prediction(values, detail: detail, fitted: fitted, bound: bound)
    case .likeComputed:
      Prediction(likeComputed: values, detail: detail, fitted: fitted)
    case .rearranged:
      preconditionFailure("a rearranged prediction is made with its remark")
    }
  }
}

extension Rounding {
  /// The distance of two subnormal numbers: what a product or a quotient loses that underflows.
  var subnormalStep: Double { 2 * unit * underflow }
}

extension Double {
  /// The number to six digits, for a report.
  var shortened: String {
    guard isFinite, self != 0 else { return description }
    let unit = Double.pow(10, Double.log10(magnitude).rounded(.down) - 5)
    return Float((self / unit).rounded() * unit).description
  }
}
