// Layers whose formulas contain elementary functions of arguments that follow from x. As in
// FunctionLayer, the kernels compute these for many elements at once.

public import Kernels
public import LayerKit
public import Tensors

/// An elementwise layer whose value is made of one elementary function f of an argument, and whose
/// derivative of up to two.
public protocol CompositeLayer: ElementwiseLayer {
  /// The function in y.
  var valueFunction: ElementaryFunction { get }
  /// Its argument.
  func valueArgument<S: Scalar>(_ x: S) -> S
  /// y from x and f = f(argument).
  func value<S: Scalar>(_ x: S, _ f: S) -> S

  /// The functions in dx; nil where there is one alone.
  var slopeFunctions: (ElementaryFunction, ElementaryFunction?) { get }
  /// Their arguments; the second is of no account where there is one function.
  func slopeArguments<S: Scalar>(_ x: S) -> (S, S)
  /// dx from x, dy, and the two functions f and g, the first one twice if it is alone.
  func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, _ g: S) -> S

  /// How far rounding may move y.
  func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double
  /// How far rounding may move dx.
  func gradientError(
    _ x: Double, _ dy: Double, _ f: Double, _ g: Double, _ rounding: Rounding
  ) -> Double
}

// MARK: One element

extension CompositeLayer {
  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { value(x, valueFunction(valueArgument(x))) }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let (f, g) = slopes(x)
    return gradient(x, dy, f, g)
  }

  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    valueError(x, valueFunction(valueArgument(x)), rounding)
  }

  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let (f, g) = slopes(x)
    return gradientError(x, dy, f, g, rounding)
  }

  @inlinable
  func slopes<S: Scalar>(_ x: S) -> (S, S) {
    let arguments = slopeArguments(x)
    let f = slopeFunctions.0(arguments.0)
    return (f, slopeFunctions.1.map { $0(arguments.1) } ?? f)
  }
}

// MARK: Many elements

extension CompositeLayer {
  @inlinable
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let layer = rounded(to: operands.format)
    return Results(
      operands.inputs[0].mapBlocks { x, y, count in
        layer.evaluateValue(x, count, f: y) { y[$0] = layer.value(x[$0], y[$0]) }
      })
  }

  @inlinable
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    let layer = rounded(to: operands.format)
    return Gradients(
      input: operands.inputs[0].zipBlocks(upstream[0]) { x, dy, dx, count in
        layer.evaluateSlopes(x, count, f: dx) { i, g in
          dx[i] = layer.gradient(x[i], dy[i], dx[i], g)
        }
      })
  }

  @inlinable
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let layer = rounded(to: question.operands.format)
    let rounding = question.rounding
    let x = question.operands.inputs[0]
    switch question.tensor {
    case .inputGradient:
      return .elementwise(
        x.zipBlocks(question.upstream[0]) { x, dy, limits, count in
          layer.evaluateSlopes(x, count, f: limits) { i, g in
            limits[i] = layer.gradientError(x[i], dy[i], limits[i], g, rounding)
          }
        })
    case .output, .parameterGradient, .buffer:
      return .elementwise(
        x.mapBlocks { x, limits, count in
          layer.evaluateValue(x, count, f: limits) {
            limits[$0] = layer.valueError(x[$0], limits[$0], rounding)
          }
        })
    }
  }

  /// Fills `f` with the function in y, then calls `body` for each element.
  @inlinable
  @inline(__always)
  func evaluateValue<S: KernelScalar>(
    _ x: UnsafePointer<S>, _ count: Int, f: UnsafeMutablePointer<S>, _ body: (_ i: Int) -> Void
  ) {
    for i in 0..<count { (f + i).initialize(to: valueArgument(x[i])) }
    S.elementary(valueFunction, f, f, count: count)
    for i in 0..<count { body(i) }
  }

  /// Fills `f` with the first function in dx, then calls `body` for each element with the second.
  @inlinable
  @inline(__always)
  func evaluateSlopes<S: KernelScalar>(
    _ x: UnsafePointer<S>, _ count: Int, f: UnsafeMutablePointer<S>,
    _ body: (_ i: Int, _ g: S) -> Void
  ) {
    for i in 0..<count { (f + i).initialize(to: slopeArguments(x[i]).0) }
    S.elementary(slopeFunctions.0, f, f, count: count)
    guard let second = slopeFunctions.1 else {
      for i in 0..<count { body(i, f[i]) }
      return
    }
    let part = 256
    withUnsafeTemporaryAllocation(of: S.self, capacity: part) { buffer in
      guard let g = buffer.baseAddress else { return }
      for start in stride(from: 0, to: count, by: part) {
        let length = min(part, count - start)
        for i in 0..<length { (g + i).initialize(to: slopeArguments(x[start + i]).1) }
        S.elementary(second, g, g, count: length)
        for i in 0..<length { body(start + i, g[i]) }
      }
    }
  }
}
