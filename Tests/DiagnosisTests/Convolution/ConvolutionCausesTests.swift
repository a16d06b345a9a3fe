import Diagnosis
import Discrepancy
import LayerKit
import Tensors
import Testing

/// Each mistake planted by loops of its own is named, and only it.
@Suite struct ConvolutionCausesTests {
  @Test(arguments: ConvolutionFault.allCases, [1, 1e-3, 1e3])
  func aPlantedFaultIsTheHeadline(_ fault: ConvolutionFault, scale: Double) throws {
    try check(fault, .adequate, scale, Double.self)
    try check(fault, .adequate, scale, Float.self)
  }

  /// Faults that need no equal sizes, with groups, a dilation and padding of different ends.
  @Test(arguments: [
    ConvolutionFault.rotatedGradient, .rotatedOutput, .hwioGradient, .ohwiGradient, .edgeMissing,
    .upstreamReversed, .strideIgnoredGradient, .replicateOutput, .overwritten, .lastRowGradient,
    .oneSampleGradient, .biasOmitted, .biasNotSummed, .sign, .factor, .channelsLast,
    .remainderDropped,
  ])
  func unequalSizesShowItToo(_ fault: ConvolutionFault) throws {
    try check(fault, .unequal, 1, Double.self)
    try check(fault, .unequal, 1, Float.self)
  }

  private func check<S: FloatingScalar>(
    _ fault: ConvolutionFault, _ setting: ConvolutionSetting, _ scale: Double, _ type: S.Type
  ) throws {
    let trial = try setting.trial(S.self, seed: 1, scale: scale)
    let wrong = NaiveConvolution(setting, trial).planted(fault)
    if fault != .biasNotSummed {
      #expect(trial.verdict(fault.tensor, wrong).isFailure, "the fault does not show")
    }
    let diagnosis = trial.diagnosis(fault.tensor, wrong)
    #expect(
      diagnosis.headline?.id == fault.id,
      "\(S.self): \(diagnosis.causes.map(\.id)), \(String(describing: diagnosis.portrait?.nearest))"
    )
  }

  /// The loops themselves are right, so that it is the fault that is found.
  @Test(arguments: [ConvolutionSetting.adequate, .unequal], [1, 1e-3, 1e3])
  func theLoopsWithoutFaultsAgree(_ setting: ConvolutionSetting, scale: Double) throws {
    func check<S: FloatingScalar>(_ type: S.Type) throws {
      let trial = try setting.trial(S.self, seed: 2, scale: scale)
      let loops = NaiveConvolution(setting, trial)
      for (tensor, values) in [
        (ResultTensor.output(0), loops.output()), (.inputGradient(0), loops.inputGradient()),
        (.parameterGradient("weight"), loops.weightGradient()),
        (.parameterGradient("bias"), loops.biasGradient()),
      ] {
        #expect(trial.verdict(tensor, values) == .agree)
        #expect(trial.diagnosis(tensor, values).causes.isEmpty)
      }
    }
    try check(Double.self)
    try check(Float.self)
  }

  @Test func aDilationThatIsIgnoredIsNamed() throws {
    let setting = ConvolutionSetting.unequal
    let trial = try setting.trial(Float.self, seed: 3, scale: 1)
    let loops = NaiveConvolution(setting, trial)
    let undilated = { (step: NaiveConvolution<Float>.Step) -> NaiveConvolution<Float>.Step? in
      var step = step
      step.row = step.i * setting.stride.0 + step.p - setting.padding.0
      step.column = step.j * setting.stride.1 + step.q - setting.padding.1
      return step
    }
    for (tensor, wrong) in [
      (ResultTensor.inputGradient(0), loops.inputGradient(undilated)),
      (.parameterGradient("weight"), loops.weightGradient(undilated)),
    ] {
      #expect(trial.diagnosis(tensor, wrong).headline?.id == "dilation-ignored")
    }
  }

  @Test func channelsOfGroupsThatStandInterleavedAreNamed() throws {
    let setting = ConvolutionSetting.unequal
    let trial = try setting.trial(Float.self, seed: 4, scale: 1)
    let y = NaiveConvolution(setting, trial).output()
    let size = setting.outputs / setting.groups
    var wrong = y
    for n in 0..<y.shape[0] {
      for k in 0..<size {
        for group in 0..<setting.groups {
          for i in 0..<y.shape[2] {
            for j in 0..<y.shape[3] {
              wrong[n, k * setting.groups + group, i, j] = y[n, group * size + k, i, j]
            }
          }
        }
      }
    }
    #expect(trial.diagnosis(.output(0), wrong).headline?.id == "group-order")
  }

  /// Two mistakes at once: a factor and a permutation.
  @Test(arguments: [-1.0, 2, 5, 0.2, 0.37])
  func aFactorOfAnotherMistakeIsFoundWithIt(_ factor: Double) throws {
    let trial = try ConvolutionSetting.adequate.trial(Float.self, seed: 5, scale: 1)
    let loops = NaiveConvolution(.adequate, trial)
    for fault in [ConvolutionFault.rotatedGradient, .strideIgnoredInputGradient, .hwoiGradient] {
      let wrong = loops.planted(fault).map { $0 * Float(factor) }
      let headline = trial.diagnosis(fault.tensor, wrong).headline
      #expect(headline?.id == fault.id)
      #expect(((headline?.factor ?? 0) - factor).magnitude < 1e-5)
    }
  }

  /// An input gradient cannot tell padding at the other end from zeros counted wrongly; the output can.
  @Test func anotherTensorOfTheLayerDecides() throws {
    let trial = try ConvolutionSetting.adequate.trial(Float.self, seed: 7, scale: 1)
    let loops = NaiveConvolution(.adequate, trial)
    let wrong = loops.inputGradient { step in
      var step = step
      step.row += 1
      step.column += 1
      return step
    }
    var diagnosis = trial.diagnosis(.inputGradient(0), wrong)
    #expect(diagnosis.headline?.id == "wrong-outer-padding")
    #expect(diagnosis.causes.contains { $0.id == "padding-side" })
    let output = trial.diagnosis(.output(0), loops.planted(.paddingSideOutput))
    diagnosis.prefer(anyOf: Set([output.headline?.id].compactMap { $0 }))
    #expect(diagnosis.headline?.id == "padding-side")
  }

  @Test func anErrorOfNoKnownKindStaysUnidentified() throws {
    let trial = try ConvolutionSetting.adequate.trial(Float.self, seed: 6, scale: 1)
    var dw = NaiveConvolution(.adequate, trial).weightGradient()
    for c in 0..<4 { for p in 0..<4 { dw[2, c, p, 3] *= 1 + Float(c) } }
    let diagnosis = trial.diagnosis(.parameterGradient("weight"), dw)
    #expect(diagnosis.causes.isEmpty && diagnosis.confidence == .unknown)
    let portrait = try #require(diagnosis.portrait)
    #expect(portrait.regions.contains("only filter 2"), "\(portrait.regions)")
    #expect(portrait.regions.contains("only kernel column 3"), "\(portrait.regions)")
    #expect(portrait.count.wrong == 12 && portrait.count.all == 256)
  }
}
