import Kernels

extension ConvolutionShape: ProvenShape {
  func problem(seed: UInt64, _ run: inout Run) -> Problem? {
    var samples = Samples(seed: seed)
    let style = samples.pick([Style.fractions, .positive, .spread])
    for style in [.whole, style] {
      if let problem = problem(style, seed, &run, Float.self) { return problem }
      if let problem = problem(style, seed, &run, Double.self) { return problem }
    }
    return nil
  }

  private func problem<S: ProofScalar>(
    _ style: Style, _ seed: UInt64, _ run: inout Run, _: S.Type
  ) -> Problem? {
    let geometry = geometry
    let definition = ConvolutionDefinition<S>(self)
    var samples = Samples(seed: seed)
    let x: GuardedArray<S> = samples.numbers(geometry.inputCount, style)
    let w: GuardedArray<S> = samples.numbers(geometry.weightCount, style)
    let dy: GuardedArray<S> = samples.numbers(geometry.outputCount, style)
    let biases: GuardedArray<S> = samples.numbers(geometry.outputChannels, style)
    let shifts: GuardedArray<S> = samples.numbers(geometry.inputChannels, style)
    let bias = seed % 3 == 0 ? nil : biases.elements
    let place = "seed \(seed), \(style), \(self)"
    let exact = style == .whole
    func check(
      _ name: String, _ sums: [ExactSum<S>], _ operands: [GuardedArray<S>], _ compute: () -> [S]
    ) -> Problem? {
      // Every second time taps on padding are left out where that does not pay, too.
      TapSkipping.$current.withValue(seed % 2 == 0 ? .whereItPays : .wherePossible) {
        run.check(
          name, in: place, Expected(sums, exact: exact), threads: !exact, operands, compute)
      }?.at("\(style)")
    }
    return check(
      "forward", definition.forward(x.elements, w.elements, bias: bias), [x, w, biases]
    ) { Convolution.forward(x.elements, w.elements, bias: bias, geometry) }
      ?? check(
        "input gradient", definition.transposed(dy.elements, w.elements, bias: nil), [dy, w]
      ) { Convolution.inputGradient(dy.elements, w.elements, geometry) }
      ?? check(
        "transposed", definition.transposed(dy.elements, w.elements, bias: shifts.elements),
        [dy, w, shifts]
      ) { Convolution.transposed(dy.elements, w.elements, bias: shifts.elements, geometry) }
      ?? check("weight gradient", definition.weightGradient(x.elements, dy.elements), [x, dy]) {
        Convolution.weightGradient(x.elements, dy.elements, geometry)
      }
      ?? check("bias gradient", definition.biasGradient(dy.elements), [dy]) {
        Convolution.biasGradient(dy.elements, geometry)
      }
  }
}
