public import HDF5File

extension FixtureDraft {
  /// A layer `Linear` that stands alone, with everything that a framework records of it.
  ///
  /// All numbers are exact in single precision.
  public static func linear(_ name: String = "fc") -> FixtureDraft {
    var draft = FixtureDraft()
    draft.addLinear(name)
    return draft
  }

  /// Adds a layer `Linear` of 3 numbers to 4 with batches of 2, its reference right throughout.
  public mutating func addLinear(
    _ name: String, inputs: [String]? = nil, _ more: [String: AttributeValue] = [:],
    below folder: String = "layers"
  ) {
    add("Linear", name, inputs: inputs, more, below: folder)
    record(
      "\(folder)/\(name)", x: .eighths([2, 3], seed: 1), weight: .eighths([4, 3], seed: 2),
      bias: .eighths([4], seed: 3), upstream: .eighths([2, 4], seed: 4))
  }

  /// Records a layer `Linear` by its definition.
  ///
  ///     y = x·Wᵀ + b          dx = dy·W          dW = dyᵀ·x          db = Σ dy over the batch
  private mutating func record(
    _ path: String, x: DraftTensor, weight: DraftTensor, bias: DraftTensor, upstream: DraftTensor
  ) {
    self["\(path)/parameters/weight"] = weight
    self["\(path)/parameters/bias"] = bias
    self["\(path)/reference/input"] = x
    self["\(path)/reference/output"] = (x * weight.transposed).combined(with: bias, +)
    self["\(path)/reference/grad_output"] = upstream
    self["\(path)/reference/grad_input"] = upstream * weight
    self["\(path)/reference/grad_parameters/weight"] = upstream.transposed * x
    self["\(path)/reference/grad_parameters/bias"] = upstream.columnSums
  }

  /// Two layers `Linear` with a `ReLU` between and a mean squared error behind.
  ///
  /// `fault` is what the framework under test adds to one element of the first layer's output,
  /// before it goes on from there.
  public static func network(fault: Double = 0) -> FixtureDraft {
    var draft = FixtureDraft()
    draft.set("loss", .word("loss"))
    let (x, target) = (DraftTensor.eighths([2, 3], seed: 1), DraftTensor.eighths([2, 2], seed: 5))
    let (w1, b1) = (DraftTensor.eighths([4, 3], seed: 2), DraftTensor.eighths([4], seed: 3))
    let (w2, b2) = (DraftTensor.eighths([2, 4], seed: 6), DraftTensor.eighths([2], seed: 7))
    (draft["inputs/x"], draft["inputs/target"]) = (x, target)
    draft.add("Linear", "fc1", inputs: ["x"])
    draft.add("ReLU", "relu", inputs: ["fc1"])
    draft.add("Linear", "fc2", inputs: ["relu"])
    draft.add("MSELoss", "loss", inputs: ["fc2", "target"])

    var hidden = (x * w1.transposed).combined(with: b1, +)
    hidden.elements[1] += fault
    let active = hidden.combined(with: hidden) { z, _ in max(z, 0) }
    let y = (active * w2.transposed).combined(with: b2, +)
    let error = y.combined(with: target, -)
    let slope = error.combined(with: error) { d, _ in 2 * d / 4 }
    let upstream = slope * w2
    let first = upstream.combined(with: hidden) { dy, z in z > 0 ? dy : 0 }

    draft.record("layers/fc1", x: x, weight: w1, bias: b1, upstream: first)
    draft["layers/fc1/reference/output"] = hidden
    draft.record("layers/fc2", x: active, weight: w2, bias: b2, upstream: slope)
    draft["layers/relu/reference/output"] = active
    draft["layers/relu/reference/grad_output"] = upstream
    draft["layers/relu/reference/grad_input"] = first
    draft["layers/loss/reference/output"] = DraftTensor(
      [error.elements.reduce(0) { $0 + $1 * $1 } / 4], [])
    draft["layers/loss/reference/grad_input.0"] = slope
    for layer in ["fc1", "fc2"] { draft["layers/\(layer)/reference/input"] = nil }
    return draft
  }

  /// Adds a layer `ReLU` of four numbers.
  public mutating func addReLU(_ name: String, below folder: String = "layers") {
    add("ReLU", name, below: folder)
    let path = "\(folder)/\(name)/reference"
    self["\(path)/input"] = DraftTensor([1, -2, 3, -4], [4])
    self["\(path)/output"] = DraftTensor([1, 0, 3, 0], [4])
    self["\(path)/grad_output"] = DraftTensor([5, 6, 7, 8], [4])
    self["\(path)/grad_input"] = DraftTensor([5, 0, 7, 0], [4])
  }
}
