public import Kernels
public import Tensors
import Text

/// A configured layer whose type has been erased, with one entry point for each scalar.
///
/// The entry points are closures that were made where the layer's type was known. There the
/// compiler specialises the generic requirements for `Float`, `Double`, `Dual` and `SparseDual`;
/// called through an existential, the same code runs more than a hundred times slower.
public struct AnyLayer: Sendable {
  /// The kind's name and tensors.
  public let signature: Signature
  /// The layer in single precision.
  public let single: LayerProgram<Float>
  /// The layer in double precision.
  public let double: LayerProgram<Double>
  /// The definition in dual numbers: the exact derivative in one direction.
  ///
  /// Nil for a layer whose definition is not at hand in every arithmetic: that of a shared library.
  public let defineDual: (@Sendable (Operands<Dual>) -> Results<Dual>)?
  /// The definition in sparse dual numbers: the exact derivatives in many directions at once.
  ///
  /// Nil for a layer whose definition is not at hand in every arithmetic.
  public let defineSparseDual: (@Sendable (Operands<SparseDual>) -> Results<SparseDual>)?
  /// What holds where the derivative does not exist.
  public let kinks: [Kink]
  /// Known ways of computing the layer wrongly, made when they are asked for.
  public var causes: [Cause] { listCauses() }
  /// The formula as the kind states it; empty where it states none.
  public let formula: String
  /// What its hyper-parameters mean, defaults included.
  public var settings: [(name: String, value: String)] = []

  private let listCauses: @Sendable () -> [Cause]
  private let shapeRule: @Sendable (OperandShapes) throws -> [Shape]
  private let boundRule: @Sendable (BoundQuestion) throws(LayerFailure) -> ErrorBound

  /// Erases the type of a layer.
  @inlinable
  public init<L: Layer>(_ layer: L) {
    self.init(
      signature: L.signature, kinks: layer.kinks, formula: L.formula,
      single: LayerProgram(
        define: { layer.define($0) }, forward: { layer.forward($0) },
        backward: { layer.backward($0, upstream: $1, wanted: $2) },
        checkValues: { try layer.checkValues($0) },
        blindSpots: { layer.blindSpots($0, upstream: $1) }),
      double: LayerProgram(
        define: { layer.define($0) }, forward: { layer.forward($0) },
        backward: { layer.backward($0, upstream: $1, wanted: $2) },
        checkValues: { try layer.checkValues($0) },
        blindSpots: { layer.blindSpots($0, upstream: $1) }),
      defineDual: { layer.define($0) }, defineSparseDual: { layer.define($0) },
      causes: { layer.causes }, shapeRule: { try layer.outputShapes($0) },
      boundRule: { layer.bound($0) })
  }

  /// Gathers a layer whose code is not a Swift type.
  ///
  /// The shape rule throws `LayerProblem` for operands that it refuses, and `LayerFailure` where the
  /// layer breaks down.
  public init(
    signature: Signature, kinks: [Kink], formula: String,
    single: LayerProgram<Float>, double: LayerProgram<Double>,
    defineDual: (@Sendable (Operands<Dual>) -> Results<Dual>)? = nil,
    defineSparseDual: (@Sendable (Operands<SparseDual>) -> Results<SparseDual>)? = nil,
    causes: @escaping @Sendable () -> [Cause] = { [] },
    shapeRule: @escaping @Sendable (OperandShapes) throws -> [Shape],
    boundRule: @escaping @Sendable (BoundQuestion) throws(LayerFailure) -> ErrorBound
  ) {
    self.signature = signature
    self.kinks = kinks
    self.formula = formula
    self.single = single
    self.double = double
    self.defineDual = defineDual
    self.defineSparseDual = defineSparseDual
    self.listCauses = causes
    self.shapeRule = shapeRule
    self.boundRule = boundRule
  }

  /// How far rounding may move each element of one result.
  public func bound(_ question: BoundQuestion) throws(LayerFailure) -> ErrorBound {
    try boundRule(question)
  }

  /// The shape of each output, once every operand has been checked against the signature.
  ///
  /// Throws `LayerProblem`, `LayerFailure`, or what a layer of others throws.
  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let inputs = signature.minimumInputs...signature.maximumInputs
    guard inputs.contains(operands.inputs.count) else {
      throw LayerProblem.inputCount(allowed: inputs, found: operands.inputs.count)
    }
    try check(operands.parameters, against: signature.parameters, folder: "parameters")
    try check(operands.buffers, against: signature.buffers, folder: "buffers")
    try check(operands.auxiliary, against: signature.auxiliary, folder: "auxiliary")
    return try shapeRule(operands)
  }

  private func check(
    _ shapes: [String: Shape], against slots: [Signature.Slot], folder: String
  ) throws {
    let names = slots.map(\.name)
    for name in shapes.keys.sorted() where !names.contains(name) {
      let closest = NearMiss.closest(to: name, among: names).map { "\(folder)/\($0)" }
      throw LayerProblem.unknownTensor("\(folder)/\(name)", closest: closest)
    }
    for slot in slots where !slot.isOptional && shapes[slot.name] == nil {
      throw LayerProblem.missingTensor("\(folder)/\(slot.name)")
    }
  }
}

/// A configured layer at one precision.
///
/// The functions throw `LayerFailure` where the layer's code breaks down, which only that of a shared
/// library can.
public struct LayerProgram<S: KernelScalar>: Sendable {
  /// What computes the results of a layer.
  public typealias Forward = @Sendable (Operands<S>) throws(LayerFailure) -> Results<S>
  /// What computes the gradients that are wanted, given the upstream gradients.
  public typealias Backward =
    @Sendable (Operands<S>, [Tensor<S>], GradientRequest)
    throws(LayerFailure) -> Gradients<S>
  /// What refuses operands for their values: throws `LayerProblem`, or `LayerFailure`.
  public typealias ValueCheck = @Sendable (Operands<S>) throws -> Void

  /// The definition; nil where a shared library brings none.
  public let definition: Forward?
  /// The forward pass.
  public let forward: Forward
  /// The backward pass, given the upstream gradients and which gradients are wanted.
  public let backward: Backward
  /// Checks indices, probabilities and masks.
  public let checkValues: ValueCheck
  /// What the operands and upstream gradients cannot show.
  public let blindSpots: @Sendable (Operands<S>, [Tensor<S>]) -> [BlindSpot]

  /// Gathers the functions of a layer.
  public init(
    define definition: Forward?, forward: @escaping Forward, backward: @escaping Backward,
    checkValues: @escaping ValueCheck,
    blindSpots: @escaping @Sendable (Operands<S>, [Tensor<S>]) -> [BlindSpot] = { _, _ in [] }
  ) {
    self.definition = definition
    self.forward = forward
    self.backward = backward
    self.checkValues = checkValues
    self.blindSpots = blindSpots
  }

  /// What the definition gives, or the forward pass of a layer that brings none.
  public func define(_ operands: Operands<S>) throws(LayerFailure) -> Results<S> {
    try (definition ?? forward)(operands)
  }
}

/// A precision that whole layers can be run at.
public protocol LayerScalar: KernelScalar {
  /// The layer at this precision.
  static func program(of layer: AnyLayer) -> LayerProgram<Self>
}

extension Float: LayerScalar {
  public static func program(of layer: AnyLayer) -> LayerProgram<Float> { layer.single }
}

extension Double: LayerScalar {
  public static func program(of layer: AnyLayer) -> LayerProgram<Double> { layer.double }
}
