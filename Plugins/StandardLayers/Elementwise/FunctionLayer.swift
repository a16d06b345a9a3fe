// Layers whose formulas contain one elementary function of x. It takes nearly all of their time, so
// that it is computed by the kernels for many elements at once, and the rest of the formula from it.

public import Kernels
public import LayerKit
public import Tensors

/// An elementwise layer whose results follow from x and one elementary function f of x.
public protocol FunctionLayer: ElementwiseLayer {
  /// f.
  static var function: ElementaryFunction { get }
  /// Whether the gradient also needs f(−x), where computing it from f(x) would cancel.
  static var needsMirrored: Bool { get }

  /// y from x and f = f(x).
  func value<S: Scalar>(_ x: S, _ f: S) -> S

  /// dx from x, dy, f = f(x) and `mirrored` = f(−x), which is f where it is not needed.
  func gradient<S: Scalar>(_ x: S, _ dy: S, _ f: S, mirrored: S) -> S

  /// How far rounding may move y.
  func valueError(_ x: Double, _ f: Double, _ rounding: Rounding) -> Double

  /// How far rounding may move dx.
  func gradientError(
    _ x: Double, _ dy: Double, _ f: Double, mirrored: Double, _ rounding: Rounding
  ) -> Double
}

extension ElementaryFunction {
  /// f(x) for any scalar: what the kernels are held against.
  @inlinable
  func callAsFunction<S: Scalar>(_ x: S) -> S {
    switch self {
    case .exp: .exp(x)
    case .tanh: .tanh(x)
    case .logistic: .logistic(x)
    case .expMinusOne: .expMinusOne(x)
    case .erf: .erf(x)
    case .softplus: .softplus(x)
    }
  }
}

// MARK: One element

extension FunctionLayer {
  @inlinable
  public func value<S: Scalar>(_ x: S) -> S { value(x, Self.function(x)) }

  @inlinable
  public func gradient<S: Scalar>(_ x: S, _ dy: S) -> S {
    let f = Self.function(x)
    return gradient(x, dy, f, mirrored: Self.needsMirrored ? Self.function(-x) : f)
  }

  @inlinable
  public func valueError(_ x: Double, _ rounding: Rounding) -> Double {
    valueError(x, Self.function(x), rounding)
  }

  @inlinable
  public func gradientError(_ x: Double, _ dy: Double, _ rounding: Rounding) -> Double {
    let f = Self.function(x)
    return gradientError(
      x, dy, f, mirrored: Self.needsMirrored ? Self.function(-x) : f, rounding)
  }
}

// MARK: Many elements

extension FunctionLayer {
  @inlinable
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    Results(
      operands.inputs[0].mapBlocks { x, y, count in
        S.elementary(Self.function, x, y, count: count)
        for i in 0..<count { y[i] = value(x[i], y[i]) }
      })
  }

  @inlinable
  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard wanted.inputs.contains(0) else { return Gradients(inputs: [nil]) }
    return Gradients(
      input: operands.inputs[0].zipBlocks(upstream[0]) { x, dy, dx, count in
        Self.evaluate(x, count, f: dx) { i, mirrored in
          dx[i] = gradient(x[i], dy[i], dx[i], mirrored: mirrored)
        }
      })
  }

  @inlinable
  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let rounding = question.rounding
    let x = question.operands.inputs[0]
    switch question.tensor {
    case .inputGradient:
      return .elementwise(
        x.zipBlocks(question.upstream[0]) { x, dy, limits, count in
          Self.evaluate(x, count, f: limits) { i, mirrored in
            limits[i] = gradientError(x[i], dy[i], limits[i], mirrored: mirrored, rounding)
          }
        })
    case .output, .parameterGradient, .buffer:
      return .elementwise(
        x.mapBlocks { x, limits, count in
          Double.elementary(Self.function, x, limits, count: count)
          for i in 0..<count { limits[i] = valueError(x[i], limits[i], rounding) }
        })
    }
  }

  /// Fills `f` with f(x), then calls `body` for each element with f(−x), or f(x) if that will do.
  @inlinable
  @inline(__always)
  static func evaluate<S: KernelScalar>(
    _ x: UnsafePointer<S>, _ count: Int, f: UnsafeMutablePointer<S>,
    _ body: (_ i: Int, _ mirrored: S) -> Void
  ) {
    S.elementary(function, x, f, count: count)
    guard needsMirrored else {
      for i in 0..<count { body(i, f[i]) }
      return
    }
    let part = 256
    withUnsafeTemporaryAllocation(of: S.self, capacity: part) { buffer in
      guard let mirrored = buffer.baseAddress else { return }
      for start in stride(from: 0, to: count, by: part) {
        let length = min(part, count - start)
        for i in 0..<length { (mirrored + i).initialize(to: -x[start + i]) }
        S.elementary(function, mirrored, mirrored, count: length)
        for i in 0..<length { body(start + i, mirrored[i]) }
      }
    }
  }
}
