import Kernels
import LayerKit
import Synchronization
import Tensors

// Each of these differs from `RightGain` in one place.

/// Declares nothing that is refused.
struct ToleratesEverything: Gain {
  var scale = 1.0
  static var refused: [LayerExample] { [] }
}

/// Is refused, but for another reason than declared.
struct RefusesForAnotherReason: Gain {
  var scale = 1.0
  static var refused: [LayerExample] {
    [
      LayerExample(
        "three axes", inputs: [[3, 2, 2]], parameters: ["weight": [2], "bias": [2]],
        refused: .outOfRange(hyperparameter: "scale", allowed: "1", found: 1))
    ]
  }
}

/// Accepts names that it does not know.
struct AcceptsAnyName: Gain {
  var scale = 1.0
  mutating func read(_ hyperparameters: inout HyperparameterReader) {
    scale = hyperparameters.real("scale", default: 1)
    hyperparameters.ignore("no_such_hyperparameter")
  }
}

/// Understands a whole number and no other way to write it.
struct ReadsWholeNumbersOnly: Gain {
  var scale = 1.0
  mutating func read(_ hyperparameters: inout HyperparameterReader) {
    if case .integer(let number) = hyperparameters.value("scale") { scale = Double(number) }
  }
}

/// Takes a word for a number.
struct TakesWords: Gain {
  var scale = 1.0
  mutating func read(_ hyperparameters: inout HyperparameterReader) {
    if let value = hyperparameters.value("scale") { scale = value.asReal ?? 7 }
  }
}

/// States the axes of the output the wrong way round.
struct SwapsAxes: Gain {
  var scale = 1.0
  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = operands.inputs[0]
    guard x.rank == 2 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C)", found: x)
    }
    return [[x[1], x[0]]]
  }
}

/// Accepts a batch of any rank and says that the output is a matrix.
struct AcceptsAnyRank: Gain {
  var scale = 1.0
  func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let (x, w) = (operands.inputs[0], operands.parameters["weight"] ?? .scalar)
    guard w.count > 0, x.count % w.count == 0, operands.parameters["bias"] == w else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(N, C)", found: x)
    }
    return [[x.count / w.count, w.count]]
  }
}

/// Has no gradient for the bias.
struct ForgetsBias: Gain {
  var scale = 1.0
  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    var gradients = differentiated(operands, upstream[0], wanted)
    gradients.parameters["bias"] = nil
    return gradients
  }
}

/// Leaves the last element of the output unwritten.
struct LeavesGap: Gain {
  var scale = 1.0
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    var y = defined(operands)
    if y.count > 0 { y[y.count - 1] = .nan }
    return Results(y)
  }
}

/// Writes through a pointer into its input.
struct WritesIntoInput: Gain {
  var scale = 1.0
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let y = defined(operands)
    operands.inputs[0].elements.withUnsafeBufferPointer { input in
      guard let base = input.baseAddress, input.count > 0 else { return }
      UnsafeMutablePointer(mutating: base)[0] += 1
    }
    return Results(y)
  }
}

/// Gives another last bit with each call.
struct CountsCalls: Gain {
  var scale = 1.0
  private static let calls = Atomic<Int>(0)
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let call = Self.calls.wrappingAdd(1, ordering: .relaxed).newValue
    return Results(defined(operands).map { $0 * (1 + S(call) * S.ulpOfOne) })
  }
}

/// Adds in an order that depends on the number of threads.
struct AddsByThreads: Gain {
  var scale = 1.0
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let third = S(1) / 3
    let noise = (0..<Parallel.threads).reduce(S(0)) { sum, _ in sum + third } * S.ulpOfOne
    return Results(defined(operands).map { $0 * (1 + noise) })
  }
}

/// Computes x where the definition says |x|.
struct ForgetsMagnitude: Gain {
  var scale = 1.0
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let (x, w, b) = (operands.inputs[0], operands.parameter("weight"), operands.parameter("bias"))
    let s = operands.constant(scale)
    return Results(
      Tensor(x.shape, (0..<x.count).map { s * w[$0 % w.count] * x[$0] + b[$0 % w.count] }))
  }
}

/// Adds the mean of the batch to every sample.
struct MixesSamples: Gain {
  var scale = 1.0
  func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let y = defined(operands)
    return Results(Tensor(y.shape, (0..<y.count).map { y[$0] + y[$0 % 2] }))
  }
}
