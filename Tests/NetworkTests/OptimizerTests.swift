import LayerKit
import Network
import Tensors
import Testing

/// Steps that can be followed on paper; those of PyTorch are in the fixture `optimizers-torch.h5`.
@Suite struct OptimizerTests {
  /// The values of one parameter, and what is kept for it, after steps with these gradients.
  private func run(
    _ kind: String, _ settings: [String: HyperparameterValue], from start: Double,
    gradients: [Double]
  ) throws -> (values: [Double], state: ParameterState<Double>) {
    let optimizer = try #require(OptimizerKind.named(kind)).optimizer(settings)
    var parameter = Tensor(scalar: start)
    var state = ParameterState<Double>()
    let values = gradients.map { gradient in
      optimizer.update(&parameter, gradient: Tensor(scalar: gradient), state: &state)
      return parameter[0]
    }
    return (values, state)
  }

  // v = 2, then 0.5·2 + 0.75·4 = 4: p = 1 − 0.5·2 = 0, then 0 − 0.5·4.
  @Test func theFirstGradientFillsTheBufferUndamped() throws {
    let (values, state) = try run(
      "SGD", ["lr": 0.5, "momentum": 0.5, "dampening": 0.25], from: 1, gradients: [2, 4])
    #expect(values == [0, -2])
    #expect(state.slots == ["momentum_buffer": Tensor(scalar: 4)] && state.step == 2)
  }

  // v = 2: p = 1 − 0.5(2 + 0.5·2) = −0.5. Then v = 0.5·2 + 4 = 5: p = −0.5 − 0.5(4 + 2.5).
  @Test func nesterovLooksAhead() throws {
    let (values, _) = try run(
      "SGD", ["lr": 0.5, "momentum": 0.5, "nesterov": true], from: 1, gradients: [2, 4])
    #expect(values == [-0.5, -3.75])
  }

  @Test func plainDescentKeepsNothing() throws {
    let (values, state) = try run(
      "SGD", ["lr": 0.5, "weight_decay": 0.5, "maximize": true], from: 1, gradients: [2])
    // g = −2 + 0.5·1
    #expect(values == [1.75] && state.slots.isEmpty)
  }

  // The corrections make the first step η·g/(|g| + ε).
  @Test(arguments: ["Adam", "AdamW"]) func theFirstStepOfAdamIsTheRate(_ kind: String) throws {
    let (values, state) = try run(
      kind, ["lr": 0.25, "eps": 0, "weight_decay": 0, "betas": [0.5, 0.75]], from: 1,
      gradients: [-8])
    #expect(values == [1.25])
    #expect(state.slots["exp_avg"] == Tensor(scalar: -4))
    #expect(state.slots["exp_avg_sq"] == Tensor(scalar: 16))
  }

  // s = 9, then 25: rates 1, then 1/2.
  @Test func adagradSlowsDown() throws {
    let (values, state) = try run(
      "Adagrad", ["lr": 1, "lr_decay": 1, "eps": 0], from: 0, gradients: [3, 4])
    #expect(values == [-1, -1.4] && state.slots["sum"] == Tensor(scalar: 25))
  }

  // v = 0.75·0 + 0.25·16 = 4, b = 4/2 = 2.
  @Test func momentumOfRMSpropIsInsideTheRate() throws {
    let (values, state) = try run(
      "RMSprop", ["lr": 0.5, "alpha": 0.75, "eps": 0, "momentum": 0.5], from: 0, gradients: [4])
    #expect(values == [-1] && state.slots["momentum_buffer"] == Tensor(scalar: 2))
  }

  /// A constant gradient: v and a² approach one another until rounding decides.
  @Test func aVarianceThatDrownedIsNotNegative() throws {
    let (values, _) = try run(
      "RMSprop", ["alpha": 0.3, "centered": true], from: 0,
      gradients: [Double](repeating: 0.1, count: 200))
    #expect(values.allSatisfy { $0.isFinite })
  }

  /// A part of the defaults, by name; every one of them is in the fixture.
  @Test func defaultsAreThoseOfPyTorch() throws {
    #expect(OptimizerKind.all.map(\.name) == ["Adagrad", "Adam", "AdamW", "RMSprop", "SGD"])
    #expect(try run("SGD", [:], from: 0, gradients: [1]).values == [-1e-3])
    #expect(try run("AdamW", [:], from: 1, gradients: [0]).values == [1 - 1e-3 * 1e-2])
  }

  @Test func allThatIsWrongIsToldTogether() throws {
    let kind = try #require(OptimizerKind.named("SGD"))
    let expected = InvalidHyperparameters(problems: [
      .outOfRange(hyperparameter: "lr", allowed: "0.0 or more", found: -1),
      .outOfRange(
        hyperparameter: "nesterov",
        allowed: "true only with a momentum above 0 and a dampening of 0", found: true),
      .unknownHyperparameter("weight_decai", closest: "weight_decay"),
    ])
    #expect(throws: expected) {
      _ = try kind.optimizer(["lr": -1, "nesterov": true, "weight_decai": 1])
    }
  }
}

/// What running error analysis says of numbers whose true distance is known.
@Suite struct RoundedNumberTests {
  private let rounding = Rounding(.float32)

  private func number(_ value: Double, error: Double = 0) -> RoundedNumber {
    RoundedNumber(value, error: error, rounding: rounding)
  }

  @Test func cancellationKeepsTheAbsoluteError() {
    let difference = number(1, error: 1e-6) - number(1, error: 1e-6)
    #expect(difference.value == 0 && difference.error >= 2e-6 && difference.error < 2.1e-6)
  }

  @Test func nothingIsKnownOfAQuotientByWhatMayBeZero() {
    #expect((number(1) / number(1e-6, error: 1e-6)).error == .infinity)
    #expect((number(1) / number(0)).error == .infinity)
    #expect((number(1) / number(2)).error < 1e-6)
  }

  @Test func theRootOfWhatMayBeZeroIsBounded() {
    let root = RoundedNumber.squareRoot(number(0, error: 1e-6))
    #expect(root.value == 0 && root.error >= 1e-3 && root.error < 1.01e-3)
  }

  @Test func nothingIsKnownOfWhatMayOverflow() {
    #expect((number(1e30) * number(1e30)).error == .infinity)
    #expect((number(1e30) * number(1e3)).error < 1e27)
  }

  /// Single precision, in many orders of magnitude, against double.
  @Test func singlePrecisionStaysWithinTheBound() throws {
    for kind in OptimizerKind.all {
      let optimizer = try kind.optimizer(["weight_decay": 0.1])
      var (p, q) = (Tensor<Float>([5], [1, -2, 3e-4, 5e3, 0]), Tensor<Double>([5], repeating: 0))
      var state = ParameterState<Float>()
      for step in 0..<6 {
        let g = Tensor<Float>([5], [1e-6, 3, -7e2, 0, Float(step)])
        q = p.map { Double($0) }
        let before = ParameterState(
          step: state.step, slots: state.slots.mapValues { $0.map { Double($0) } })
        var after = before
        let bounds = optimizer.bounds(q, g.map { Double($0) }, nil, before, rounding)
        optimizer.update(&p, gradient: g, state: &state)
        optimizer.update(&q, gradient: g.map { Double($0) }, state: &after)
        for i in 0..<5 {
          #expect((Double(p[i]) - q[i]).magnitude <= bounds.parameter[i], "\(kind)")
        }
        for (slot, tensor) in state.slots {
          let exact = try #require(after.slots[slot])
          let bound = try #require(bounds.slots[slot])
          for i in 0..<5 {
            #expect((Double(tensor[i]) - exact[i]).magnitude <= bound[i], "\(slot)")
          }
        }
      }
    }
  }
}
