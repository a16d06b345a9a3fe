import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// A layer with its operands, into one of whose tensors a fault is planted.
struct PlantedFault {
  let layer: AnyLayer
  var operands: Operands<Double>
  var upstream: [Tensor<Double>]

  init(
    _ kind: String, _ hyperparameters: [String: HyperparameterValue] = [:],
    _ operands: Operands<Double>, upstream: [Tensor<Double>] = []
  ) throws {
    let registry = try LayerRegistry([StandardLayers.self])
    let definition = try #require(registry[kind])
    layer = try definition.layer(hyperparameters)
    self.operands = operands
    self.upstream = upstream
  }

  init(_ layer: AnyLayer, _ operands: Operands<Double>) {
    self.layer = layer
    self.operands = operands
    upstream = []
  }

  /// The numbers from which a wrong tensor is computed.
  struct Numbers {
    let operands: Operands<Double>
    let upstream: [Tensor<Double>]
    var x: Tensor<Double> { operands.inputs[0] }
    var dy: Tensor<Double> { upstream[0] }
  }

  /// A tensor that differs, and what is known about it.
  struct Outcome {
    /// The causes that are named, the headline first.
    let causes: [NamedCause]
    /// The largest error of the planted tensor, in bounds.
    let visibility: Double
    var ids: [String] { causes.map(\.id) }
  }

  /// What is named for a wrong tensor that `wrong` computes from numbers of a format.
  func outcome(
    _ tensor: ResultTensor, _ format: NumberFormat, _ wrong: (Numbers) -> Tensor<Double>
  ) throws -> Outcome {
    var operands = operands.mapTensors { $0.map(format.rounded) }
    (operands.format, operands.inputFormat) = (format, format)
    let upstream = upstream.map { $0.map(format.rounded) }
    let suspect = wrong(Numbers(operands: operands, upstream: upstream)).map(format.rounded)
    let formats = ComparisonFormats(ours: .float64, reference: format)
    let result = computed(tensor, operands, upstream)
    let computed = try #require(result)
    let bound = unfailing {
      try layer.bound(
        BoundQuestion(
          tensor, operands: operands, upstream: tensor.isGradient ? upstream : [],
          computed: computed, rounding: formats.rounding))
    }
    let tolerance = Tolerance(bound, formats)
    let evidence = Evidence(
      tensor, suspect: suspect, computed: computed, operands: operands, upstream: upstream,
      layer: layer, rounding: formats.rounding)
    return Outcome(
      causes: Diagnostician(evidence, tolerance: tolerance).causes(),
      visibility: visibility(suspect, computed, tolerance))
  }

  func computed(
    _ tensor: ResultTensor, _ operands: Operands<Double>, _ upstream: [Tensor<Double>]
  ) -> Tensor<Double>? {
    switch tensor {
    case .output(let index): unfailing { try layer.double.forward(operands) }.outputs[index]
    case .buffer(let name): unfailing { try layer.double.forward(operands) }.buffers[name]
    case .inputGradient(let index):
      unfailing {
        try layer.double.backward(operands, upstream, .init(inputs: [index], parameters: []))
      }
      .inputs[index]
    case .parameterGradient(let name):
      unfailing {
        try layer.double.backward(operands, upstream, .init(inputs: [], parameters: [name]))
      }
      .parameters[name]
    }
  }

  private func visibility(
    _ suspect: Tensor<Double>, _ computed: Tensor<Double>, _ tolerance: Tolerance
  ) -> Double {
    guard suspect.shape == computed.shape else { return .infinity }
    let window = tolerance.window(0..<computed.count)
    return computed.elements.indices.reduce(0) { largest, i in
      let error = (suspect[i] - computed[i]).magnitude
      return error == 0
        ? largest : max(largest, error / window.limits(at: i, value: computed[i]).hard)
    }
  }

  /// The same with inputs and upstream gradients multiplied.
  func scaled(_ factor: Double) -> PlantedFault {
    var other = self
    other.operands.inputs = operands.inputs.enumerated().map { index, x in
      layer.signature.input(index).content == .numbers ? x.map { $0 * factor } : x
    }
    other.upstream = upstream.map { $0.map { $0 * factor } }
    return other
  }
}

extension PlantedFault {
  /// Demands that a planted fault gets its own name, first of all, in both types and at three scales,
  /// wherever it shows: it must show at scale 1.
  ///
  /// `alike` are names that fit the same numbers and may stand first.
  func expect(
    _ id: String, in tensors: [ResultTensor], alike: Set<String> = [],
    scales: [Double] = [1, 1e-3, 1e3],
    formats: [NumberFormat] = [.float64, .float32], detail: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ wrong: (ResultTensor, Numbers) -> Tensor<Double>
  ) throws {
    for tensor in tensors {
      for format in formats {
        for scale in scales {
          let found = try scaled(scale).outcome(tensor, format) { wrong(tensor, $0) }
          let place = "\(id) in \(layer.signature.kind) \(tensor), \(format), scale \(scale)"
          // What is less than twice as visible as a proof needs may be judged either way.
          guard found.visibility > 60 else {
            #expect(scale != 1, "\(place) does not show", sourceLocation: sourceLocation)
            continue
          }
          #expect(found.ids.contains(id), "\(place): \(found.ids)", sourceLocation: sourceLocation)
          let first = found.ids.first ?? ""
          #expect(
            first == id || alike.contains(first), "\(place): \(found.ids)",
            sourceLocation: sourceLocation)
          guard let cause = found.causes.first(where: { $0.id == id }) else { continue }
          // A multiple of a wrong prediction would prove nothing about the prediction.
          #expect(cause.factor == nil, "\(place)", sourceLocation: sourceLocation)
          if let detail {
            #expect(cause.detail == detail, "\(place)", sourceLocation: sourceLocation)
          }
        }
      }
    }
  }

  /// Demands that a fault which these numbers hide is not named.
  func expectHidden(
    _ id: String, in tensor: ResultTensor, sourceLocation: SourceLocation = #_sourceLocation,
    _ wrong: (Numbers) -> Tensor<Double>
  ) throws {
    for format in [NumberFormat.float64, .float32] {
      let found = try outcome(tensor, format, wrong)
      #expect(!found.ids.contains(id), "\(id), \(format)", sourceLocation: sourceLocation)
    }
  }

  /// Demands that what this layer computes in single precision gets no cause of its kind.
  func expectNoCause(
    in tensors: [ResultTensor], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for tensor in tensors {
      let found = try outcome(tensor, .float32) { numbers in
        var operands = numbers.operands.mapTensors { $0.map { Float($0) } }
        operands.format = .float32
        let upstream = numbers.upstream.map { $0.map { Float($0) } }
        let result: Tensor<Float>? =
          switch tensor {
          case .output(let index): unfailing { try layer.single.forward(operands) }.outputs[index]
          case .buffer(let name): unfailing { try layer.single.forward(operands) }.buffers[name]
          case .inputGradient(let index):
            unfailing {
              try layer.single.backward(operands, upstream, .init(inputs: [index], parameters: []))
            }
            .inputs[index]
          case .parameterGradient(let name):
            unfailing {
              try layer.single.backward(operands, upstream, .init(inputs: [], parameters: [name]))
            }
            .parameters[name]
          }
        return (result ?? numbers.x.map { _ in .nan }).map { Double($0) }
      }
      let own = Set(layer.causes.map(\.id)).intersection(found.ids)
      #expect(own == [], "\(layer.signature.kind) \(tensor)", sourceLocation: sourceLocation)
      #expect(found.visibility <= 1, sourceLocation: sourceLocation)
    }
  }
}

/// Random numbers that are the same in every run.
struct Draw {
  private var state: UInt64

  init(seed: UInt64) {
    print("seed \(seed)")
    state = seed
  }

  /// A number from 0 to 1, by SplitMix64 (Steele, Lea & Flood 2014).
  mutating func unit() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  /// Numbers between two limits.
  mutating func tensor(_ shape: Shape, from low: Double = -2, to high: Double = 2) -> Tensor<Double>
  {
    Tensor(shape, (0..<shape.count).map { _ in low + (high - low) * unit() })
  }

  /// Whole numbers between two limits, both included.
  mutating func integers(_ shape: Shape, from low: Int, to high: Int) -> Tensor<Double> {
    tensor(shape, from: Double(low), to: Double(high) + 1).map { $0.rounded(.down) }
  }
}
