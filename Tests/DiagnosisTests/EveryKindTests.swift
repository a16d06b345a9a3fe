import Conformance
import Diagnosis
import LayerKit
import Network
import StandardLayers
import Tensors
import Testing

/// What holds for the causes of every kind, on the first examples that the kind itself states.
@Suite struct EveryKindTests {
  private static let definitions = StandardLayers.layers

  private func faults(
    of kind: LayerDefinition, _ style: RandomOperands.Style
  ) throws -> [(PlantedFault, [ResultTensor])] {
    var random = RandomOperands(seed: 81, style: style, format: .float32)
    return try kind.examples.filter { $0.problem == nil }.prefix(3).map { example in
      let operands = random.operands(for: example, of: kind.signature)
      let layer = try kind.layer(example.hyperparameters)
      let outputs = try layer.outputShapes(operands.shapes)
      var fault = PlantedFault(layer, operands)
      fault.upstream = outputs.map { random.tensor($0) }
      let shapes = operands.inputs.map(\.shape)
      let inputs = shapes.indices.filter {
        kind.signature.hasGradient(ofInput: $0, shapes: shapes)
      }
      return (
        fault,
        outputs.indices.map { .output($0) } + inputs.map { .inputGradient($0) }
          + operands.parameters.keys.sorted().map { .parameterGradient($0) }
          + operands.buffers.keys.sorted().map { .buffer($0) }
      )
    }
  }

  /// Causes of the kind itself that are named for a tensor.
  private func named(
    _ fault: PlantedFault, _ tensor: ResultTensor, _ wrong: (Tensor<Double>) -> Tensor<Double>
  ) throws -> Set<String> {
    guard fault.computed(tensor, fault.operands, fault.upstream) != nil else { return [] }
    let found = try fault.outcome(tensor, .float32) { n in
      wrong(fault.computed(tensor, n.operands, n.upstream) ?? n.x)
    }
    return Set(fault.layer.causes.map(\.id)).intersection(found.ids)
  }

  @Test(arguments: definitions.indices)
  func nothingIsMadeOutOfNoise(index: Int) throws {
    let kind = Self.definitions[index]
    for (fault, tensors) in try faults(of: kind, .reals) {
      for tensor in tensors {
        var random = RandomOperands(seed: 82, format: .float32)
        let noise = try named(fault, tensor) { right in random.tensor(right.shape) }
        #expect(noise == [], "\(kind.signature.kind) \(tensor)")
        let single = try named(fault, tensor) { right in
          var wrong = right
          if wrong.count > 0 { wrong[wrong.count / 2] = wrong[wrong.count / 2] * 1.01 + 0.003 }
          return wrong
        }
        #expect(single == [], "\(kind.signature.kind) \(tensor), one element")
      }
    }
  }

  @Test(arguments: definitions.indices)
  func awkwardNumbersAreNoTrouble(index: Int) throws {
    let kind = Self.definitions[index]
    for style in [RandomOperands.Style.special, .huge] {
      for (fault, tensors) in try faults(of: kind, style) {
        for tensor in tensors {
          // Wrong throughout, and of another shape: whatever is named, nothing may stop.
          _ = try named(fault, tensor) { $0.map { 1.5 * $0 + 1 } }
          _ = try named(fault, tensor) { Tensor([$0.count + 1], repeating: 1) }
        }
      }
    }
  }

  @Test func everyCauseIsDescribed() throws {
    var causes: [Cause] = []
    for kind in Self.definitions {
      for example in kind.examples where example.problem == nil {
        causes += try kind.layer(example.hyperparameters).causes
      }
    }
    for kind in OptimizerKind.all { causes += try kind.optimizer().step.causes }
    #expect(Set(causes.map(\.id)).count > 70)
    for cause in causes {
      let isName = cause.id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }
      #expect(isName && !cause.id.isEmpty, "\(cause.id)")
      #expect(cause.advice.split(separator: " ").count >= 4, "\(cause.id)")
      #expect(!cause.advice.hasSuffix("."), "\(cause.id)")
    }
  }

  @Test func conventionsAreNobodysMistake() throws {
    for (kind, id) in [("ReLU", "relu-derivative-at-zero"), ("MaxPool2d", "max-pool-tie-rule")] {
      let registry = try LayerRegistry([StandardLayers.self])
      let layer = try registry[kind]?.layer(kind == "ReLU" ? [:] : ["kernel_size": 2])
      let cause = try #require(layer?.causes.first { $0.id == id })
      #expect(cause.isConvention)
    }
  }
}
