import Diagnosis
import Discrepancy
import Kernels
import LayerKit
import StandardLayers
import Tensors
import Testing

/// The definition says who is wrong.
@Suite struct ArbitrationTests {
  private let setting = ConvolutionSetting.unequal

  @Test func theReferenceIsBlamedForItsFault() throws {
    let trial = try setting.trial(Float.self, seed: 51, scale: 1)
    let loops = NaiveConvolution(setting, trial)
    for fault in [
      ConvolutionFault.rotatedOutput, .lastRowInputGradient, .edgeMissing, .lastRowBias,
    ] {
      let arbitration = try #require(trial.arbitration(fault.tensor, loops.planted(fault)))
      #expect(arbitration.blame == .reference)
      #expect(arbitration.basis == (fault == .rotatedOutput ? .definition : .derivative))
      let element = try #require(arbitration.elements.first)
      let right = trial.computed(fault.tensor)[element.offset]
      #expect((element.definition - right).magnitude <= 1e-12 * max(1, right.magnitude))
      #expect(element.reference != element.definition && element.ours == right)
    }
  }

  @Test func thisSideIsBlamedForItsOwn() throws {
    let trial = try setting.trial(Float.self, seed: 52, scale: 1)
    let loops = NaiveConvolution(setting, trial)
    for (tensor, right) in [
      (ResultTensor.output(0), loops.output()), (.inputGradient(0), loops.inputGradient()),
      (.parameterGradient("weight"), loops.weightGradient()),
    ] {
      let wrong = trial.computed(tensor).map { -$0 }
      #expect(trial.arbitration(tensor, right, ours: wrong)?.blame == .ours)
    }
  }

  @Test func whereBothAreWrongNobodyIsBlamedAlone() throws {
    let trial = try setting.trial(Double.self, seed: 53, scale: 1)
    let right = trial.computed(.output(0))
    let arbitration = trial.arbitration(
      .output(0), right.map { $0 + 1 }, ours: right.map { $0 - 1 })
    #expect(arbitration != nil && arbitration?.blame == nil && arbitration?.reason != nil)
  }

  @Test(arguments: [Float(1), 0.5])
  func anotherSlopeWhereReLUHasNoneIsNobodysFault(_ slope: Float) throws {
    let trial = Trial(
      layer: try LayerDefinition(ReLU.self).layer([:]),
      operands: Operands(inputs: [Tensor<Float>([6], [1, 0, -2, 0, 3, -1])]),
      upstream: [Tensor([6], [5, 6, 7, -8, 9, 10])])
    let tensor = ResultTensor.inputGradient(0)
    let other = Tensor<Float>([6], [5, 6 * slope, 0, -8 * slope, 9, 0])
    #expect(trial.verdict(tensor, other) == .differ)
    let arbitration = trial.arbitration(tensor, other)
    #expect(arbitration?.blame == .nobody && arbitration?.isExcused == true)
    // A wrong element elsewhere, and a slope that is on neither side, are faults.
    for wrong in [
      Tensor<Float>([6], [5, 6 * slope, 1, -8 * slope, 9, 0]),
      Tensor<Float>([6], [5, 6 * slope, 0, 8, 9, 0]),
    ] {
      #expect(trial.arbitration(tensor, wrong)?.blame == .reference)
    }
  }

  /// A layer whose definition says something else than its own passes: a faulty plug-in.
  @Test func aLayerWithAWrongBackwardIsBlamed() throws {
    let layer = try LayerDefinition(WrongSquare.self).layer([:])
    let x = Tensor<Double>([3], [1, -2, 0.5])
    let trial = Trial(
      layer: layer, operands: Operands(inputs: [x]), upstream: [Tensor([3], [1, 2, 3])])
    let right = Tensor<Double>([3], [2, -8, 3])
    let arbitration = try #require(trial.arbitration(.inputGradient(0), right))
    #expect(arbitration.blame == .ours && arbitration.basis == .derivative)
    #expect(arbitration.elements.allSatisfy { $0.definition == right[$0.offset] })
  }
}

/// y = x², with the gradient of the wrong sign.
private struct WrongSquare: Layer {
  static let signature = Signature(kind: "test.WrongSquare", traits: .elementwise)
  static let examples: [LayerExample] = []

  init(_ hyperparameters: inout HyperparameterReader) {}

  func outputShapes(_ operands: OperandShapes) throws -> [Shape] { operands.inputs }

  func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    Results(operands.inputs[0].map { $0 * $0 })
  }

  func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    Gradients(input: operands.inputs[0].zip(upstream[0]) { -($0 + $0) * $1 })
  }

  func bound(_ question: BoundQuestion) -> ErrorBound {
    .sum(terms: 2, magnitude: question.computed.map(\.magnitude))
  }
}
