import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors
import Testing

/// Numbers that were shortened on the way.
@Suite struct PrecisionCausesTests {
  private let setting = ConvolutionSetting.adequate

  /// The operands of the products rounded, in the adequate convolution.
  private func shortened(_ round: (Float) -> Float) throws -> (
    Trial<Float>, NaiveConvolution<Float>
  ) {
    let trial = try setting.trial(Float.self, seed: 41, scale: 1)
    var operands = trial.operands
    operands.inputs[0] = operands.inputs[0].map(round)
    operands.parameters["weight"] = operands.parameter("weight").map(round)
    let short = Trial(layer: trial.layer, operands: operands, upstream: trial.upstream)
    return (trial, NaiveConvolution(setting, short))
  }

  @Test func operandsOfElevenBitsAreTF32() throws {
    let (trial, loops) = try shortened { x in
      Float(bitPattern: (x.bitPattern + 0x1000) & 0xFFFF_E000)
    }
    let diagnosis = trial.diagnosis(.output(0), loops.output())
    #expect(diagnosis.headline?.id == "reduced-precision-tf32", "\(diagnosis.causes.map(\.id))")
  }

  @Test func operandsOfEightBitsAreBfloat16() throws {
    let (trial, loops) = try shortened { Float(NumberFormat.bfloat16.rounded(Double($0))) }
    let diagnosis = trial.diagnosis(.output(0), loops.output())
    #expect(diagnosis.headline?.id == "reduced-precision-bf16", "\(diagnosis.causes.map(\.id))")
  }

  @Test(arguments: [
    (NumberFormat.bfloat16, "reduced-precision-bf16"), (.float16, "reduced-precision-fp16"),
  ])
  func resultsThatAreShortNumbersAreNamed(_ format: NumberFormat, _ id: String) throws {
    let trial = try setting.trial(Float.self, seed: 42, scale: 1)
    let loops = NaiveConvolution(setting, trial)
    for (tensor, right) in [
      (ResultTensor.output(0), loops.output()), (.inputGradient(0), loops.inputGradient()),
      (.parameterGradient("weight"), loops.weightGradient()),
    ] {
      let short = right.map { Float(format.rounded(Double($0))) }
      let diagnosis = trial.diagnosis(tensor, short)
      #expect(diagnosis.headline?.id == id, "\(tensor) \(diagnosis.causes.map(\.id))")
    }
  }

  /// An error of the same size, but irregular: no shortening.
  @Test func anIrregularErrorOfThatSizeIsNone() throws {
    let trial = try setting.trial(Float.self, seed: 43, scale: 1)
    var random = Randomness(seed: 44)
    let noisy = NaiveConvolution(setting, trial).output().map { y in
      y * (1 + 0x1p-10 * Float(random.normal()))
    }
    #expect(trial.verdict(.output(0), noisy) == .differ)
    #expect(trial.diagnosis(.output(0), noisy).causes.isEmpty)
  }

  @Test func integersAreNoShortNumbers() throws {
    // ±1/n: the gradient of a mean of absolute values is a number of any format.
    let layer = try LayerDefinition(L1Loss.self).layer([:])
    let x = Tensor<Float>([8], [1, -2, 3, -4, 5, -6, 7, -8])
    let trial = Trial(
      layer: layer, operands: Operands(inputs: [x, x.map { _ in 0 }]),
      upstream: [Tensor(scalar: Float(1))])
    let right = x.map { $0 > 0 ? Float(0.125) : -0.125 }
    #expect(trial.verdict(.inputGradient(0), right) == .agree)
    #expect(trial.diagnosis(.inputGradient(0), right).causes.isEmpty)
  }
}
