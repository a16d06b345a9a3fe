import Kernels
import Tensors
import Testing

@Suite("Convolution")
struct ConvolutionTests {
  private func check<S: KernelScalar>(
    _ geometry: ConvolutionGeometry, seed: UInt64, _: S.Type,
    instructions: [InstructionSet] = [.current]
  ) {
    var samples = Samples(seed: seed)
    let x: [S] = samples.whole(geometry.inputCount)
    let w: [S] = samples.whole(geometry.weightCount)
    let dy: [S] = samples.whole(geometry.outputCount)
    let bias: [S]? = seed % 3 == 0 ? nil : samples.whole(geometry.outputChannels)
    let shift: [S]? = seed % 3 == 1 ? nil : samples.whole(geometry.inputChannels)
    let definition = ConvolutionDefinition<S>(geometry: geometry)
    let y = definition.forward(x, w, bias: bias)
    let dx = definition.transposed(dy, w, bias: nil)
    let z = definition.transposed(dy, w, bias: shift)
    let dw = definition.weightGradient(x, dy)
    let db = definition.biasGradient(dy)
    for set in instructions {
      let place: Comment = "seed \(seed), \(S.self), \(set), \(geometry)"
      InstructionSet.$current.withValue(set) {
        #expect(Convolution.forward(x, w, bias: bias, geometry) == y, place)
        #expect(Convolution.inputGradient(dy, w, geometry) == dx, place)
        #expect(Convolution.transposed(dy, w, bias: shift, geometry) == z, place)
        #expect(Convolution.weightGradient(x, dy, geometry) == dw, place)
        #expect(Convolution.biasGradient(dy, geometry) == db, place)
      }
    }
  }

  @Test("equals the definition on whole numbers, random shapes", arguments: 0..<20)
  func randomShapes(part: Int) {
    for index in 0..<50 {
      let seed = UInt64(part * 50 + index + 1)
      var samples = Samples(seed: seed &* 7_919)
      let geometry = ConvolutionGeometry.random(using: &samples)
      check(geometry, seed: seed, Float.self)
      check(geometry, seed: seed, Double.self)
    }
  }

  @Test(
    "equals the definition on whole numbers, chosen shapes",
    arguments: ConvolutionGeometry.special.indices)
  func chosenShapes(index: Int) {
    let geometry = ConvolutionGeometry.special[index]
    check(geometry, seed: 11, Float.self, instructions: InstructionSet.available)
    check(geometry, seed: 12, Double.self, instructions: InstructionSet.available)
  }

  /// All results on fractions, where every change of order would show in the last bits.
  private func results<S: KernelScalar>(_ geometry: ConvolutionGeometry, _: S.Type) -> [[S]] {
    var samples = Samples(seed: 5)
    let x: [S] = samples.fractions(geometry.inputCount)
    let w: [S] = samples.fractions(geometry.weightCount)
    let dy: [S] = samples.fractions(geometry.outputCount)
    let bias: [S] = samples.fractions(geometry.outputChannels)
    return [
      Convolution.forward(x, w, bias: bias, geometry), Convolution.inputGradient(dy, w, geometry),
      Convolution.transposed(
        dy, w, bias: samples.fractions(geometry.inputChannels), geometry),
      Convolution.weightGradient(x, dy, geometry), Convolution.biasGradient(dy, geometry),
    ]
  }

  @Test(
    "has the same bits with every instruction set", arguments: InstructionSet.available.dropFirst())
  func instructionSets(instructions: InstructionSet) {
    for geometry in ConvolutionGeometry.special {
      let expected = InstructionSet.$current.withValue(.portable) { results(geometry, Float.self) }
      let wide = InstructionSet.$current.withValue(.portable) { results(geometry, Double.self) }
      InstructionSet.$current.withValue(instructions) {
        #expect(results(geometry, Float.self) == expected, "\(geometry)")
        #expect(results(geometry, Double.self) == wide, "\(geometry)")
      }
    }
  }

  @Test("has the same bits on 1, 2, 3 and 8 threads")
  func threads() {
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    for geometry in ConvolutionGeometry.special {
      Parallel.threads = 1
      let expected = results(geometry, Float.self)
      for count in [2, 3, 8] {
        Parallel.threads = count
        #expect(results(geometry, Float.self) == expected, "\(count) threads, \(geometry)")
      }
    }
  }

  @Test("the zeros of the padding are multiplied", arguments: InstructionSet.available, [1, 2])
  func infiniteWeights(instructions: InstructionSet, stride: Int) {
    let axis = WindowAxis(
      extent: 9, kernel: 3, stride: stride, paddingBegin: 1, paddingEnd: 1)
    let geometry = ConvolutionGeometry(
      batch: 1, inputChannels: 8, outputChannels: 8, groups: 8, height: axis, width: axis)
    // ∞ · 0 is no number: an infinite first weight shows in the first row and column of windows.
    let w = [Float](count: geometry.weightCount) { $0 % 9 == 0 ? .infinity : 1 }
    let ones = [Float](count: geometry.inputCount) { _ in 1 }
    InstructionSet.$current.withValue(instructions) {
      let y = Convolution.forward(ones, w, bias: nil, geometry)
      for (index, value) in y.enumerated() {
        let (row, column) = (index / axis.output % axis.output, index % axis.output)
        #expect(row == 0 || column == 0 ? value.isNaN : value == .infinity, "\(index)")
      }
      // An infinite gradient meets the same zeros in the sums of the weights that lie outside.
      let dy = [Float](count: geometry.outputCount) { $0 == 0 ? .infinity : 1 }
      let dw = Convolution.weightGradient(ones, dy, geometry)
      #expect([0, 1, 2, 3, 6].allSatisfy { dw[$0].isNaN })
      #expect([4, 5, 7, 8].allSatisfy { dw[$0] == .infinity })
      #expect(dw[9...].allSatisfy { $0.isFinite })
    }
  }
}
