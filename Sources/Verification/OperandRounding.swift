import LayerKit
import Tensors

/// How far the results of a layer move because its operands were rounded to the precision of the
/// computation before anything was computed.
///
/// The distance of f(rounded x) and f(x) is itself computed in double precision, for each element,
/// so that no assumption about the conditioning of f is needed. It matters only where the fixture
/// stores operands in double and the user asks for single.
struct OperandRounding {
  private let kind: AnyLayer
  private let stored: Operands<Double>
  private let rounded: Operands<Double>
  private let storedUpstream: [Tensor<Double>]
  private let roundedUpstream: [Tensor<Double>]

  init(
    _ kind: AnyLayer, stored: Operands<Double>, rounded: Operands<Double>,
    upstream storedUpstream: [Tensor<Double>], rounded roundedUpstream: [Tensor<Double>]
  ) {
    self.kind = kind
    self.stored = stored
    self.rounded = rounded
    self.storedUpstream = storedUpstream
    self.roundedUpstream = roundedUpstream
  }

  /// The distance of one result; infinite where the two have no distance.
  func shift(of tensor: ResultTensor) throws(LayerFailure) -> Tensor<Double>? {
    guard let exact = try kind.compute(tensor, stored, storedUpstream),
      let moved = try kind.compute(tensor, rounded, roundedUpstream)
    else { return nil }
    return exact.zip(moved) { a, b in
      if a == b { return 0 }
      let distance = (a - b).magnitude
      return distance.isNaN ? .infinity : distance
    }
  }
}

extension AnyLayer {
  /// One result, computed in double precision.
  func compute(
    _ tensor: ResultTensor, _ operands: Operands<Double>, _ upstream: [Tensor<Double>]
  ) throws(LayerFailure) -> Tensor<Double>? {
    switch tensor {
    case .output, .buffer:
      var results = try double.forward(operands)
      return results.take(tensor, operands)
    case .inputGradient, .parameterGradient:
      var gradients = try double.backward(operands, upstream, GradientRequest(tensor))
      return gradients.take(tensor)
    }
  }
}

extension ResultTensor {
  /// Whether it is computed from the upstream gradients.
  var isGradient: Bool {
    switch self {
    case .output, .buffer: false
    case .inputGradient, .parameterGradient: true
    }
  }
}
