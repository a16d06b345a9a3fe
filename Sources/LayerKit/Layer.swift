public import Kernels
public import Tensors

/// A kind of layer: one textbook definition, and the fast code that is judged by it.
///
/// A conforming type is a value that holds its decoded hyper-parameters. In one file it states
/// what the layer is called and what goes in (`signature`), its shape rule (`outputShapes`), the
/// formula (`define`), the gradient derived by hand (`backward`), how far rounding may move each
/// result (`bound`), and what holds where the derivative does not exist (`kinks`).
///
/// All requirements are pure: they read their operands, keep nothing, and return the same bits
/// for the same operands on any number of threads.
public protocol Layer: Sendable {
  /// The registered name of the kind and the names and roles of its tensors.
  static var signature: Signature { get }

  /// The formula in one line or a few, for people who ask what a layer computes; empty by default.
  static var formula: String { get }

  /// Decodes the hyper-parameters.
  ///
  /// Reading never fails: the reader collects everything that is wrong, hands out placeholders,
  /// and refuses the layer as a whole afterwards.
  init(_ hyperparameters: inout HyperparameterReader)

  /// The only shape rule: the shape of each output for operands of the given shapes.
  ///
  /// Checks the shape of every operand and every declared size, and throws `LayerProblem`.
  func outputShapes(_ operands: OperandShapes) throws -> [Shape]

  /// Checks the values of operands that are not plain numbers: class indices, probabilities, masks.
  ///
  /// Called before anything is computed; throws `LayerProblem`. The default accepts everything.
  func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws

  /// The layer as its formula states it, without regard for speed.
  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S>

  /// The same results, fast. The default is the definition.
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S>

  /// The gradients of L = Σₖ ⟨outputₖ, upstreamₖ⟩ with respect to inputs and parameters.
  ///
  /// Gradients are sums over batch and space, divided by nothing. `upstream` has one tensor for
  /// each output, of its shape. Gradients that are not `wanted` may be left out.
  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S>

  /// How far rounding may move each element of one result. See `BoundQuestion`.
  func bound(_ question: BoundQuestion) -> ErrorBound

  /// Where the derivative does not exist, and what `backward` gives there.
  var kinks: [Kink] { get }

  /// Known ways of computing this layer wrongly, tried where a tensor differs; none by default.
  ///
  /// Causes that can befall any kind (a sign, a factor, permuted axes) need no mention.
  var causes: [Cause] { get }

  /// What these operands cannot show of the known mistakes; nothing by default.
  ///
  /// Asked for every layer of every fixture, so it looks at shapes, at hyper-parameters, and at
  /// tensors only until the first element that shows.
  func blindSpots<S: KernelScalar>(_ operands: Operands<S>, upstream: [Tensor<S>]) -> [BlindSpot]

  /// Configurations that the conformance checks run, and configurations that must be refused.
  static var examples: [LayerExample] { get }
}

extension Layer {
  public static var formula: String { "" }

  public func checkValues<S: KernelScalar>(_ operands: Operands<S>) throws {}

  @inlinable
  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> { define(operands) }

  public var kinks: [Kink] { [] }

  public var causes: [Cause] { [] }

  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    []
  }
}

/// A place where a layer has no derivative, and the convention that its backward follows there.
public enum Kink: Hashable, Sendable {
  /// An elementwise function whose derivative at exactly `input` is taken to be `slope`.
  case point(input: Double, slope: Double)

  /// A function of the difference of the first two inputs whose derivative at exactly `difference`
  /// is taken to be `slope`.
  case difference(Double, slope: Double)

  /// Of several equal maxima of a window, the first in row-major order gets the gradient.
  case firstOfTies
}
