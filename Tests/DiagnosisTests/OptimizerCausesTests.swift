import Foundation
import LayerKit
import Network
import Tensors
import Testing

/// Faults of one step of an optimiser, from the formulas in the papers.
///
/// Gradients are of the order of ε where that matters, the state is that after three steps.
@Suite struct OptimizerCausesTests {
  private let parameter: [ResultTensor] = [.output(0)]
  private let scales: [Double] = [1]

  private func fault(
    _ kind: String, _ settings: [String: HyperparameterValue], state: [String] = [],
    step: Int = 3, gradients: Double = 1, seed: UInt64 = 71
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let shape: Shape = [4, 5]
    let (p, g) = (draw.tensor(shape), draw.tensor(shape, from: -gradients, to: gradients))
    var slots: [String: Tensor<Double>] = [:]
    for name in state {
      let isSquare = name == "exp_avg_sq" || name == "square_avg" || name == "sum"
      slots[name] =
        isSquare
        ? draw.tensor(shape, from: 0.1, to: 1).map { $0 * gradients * gradients }
        : draw.tensor(shape, from: -gradients, to: gradients)
    }
    let kind = try #require(OptimizerKind.named(kind))
    let optimizer = try kind.optimizer(settings)
    return PlantedFault(
      optimizer.step,
      optimizer.operands(p, gradient: g, state: ParameterState(step: step, slots: slots)))
  }

  /// One number after a step, from p, g and the state before it.
  private func each(
    _ n: PlantedFault.Numbers, _ slots: [String] = [],
    _ formula: (_ p: Double, _ g: Double, _ state: [Double]) -> Double
  ) -> Tensor<Double> {
    let states = slots.map { n.operands.buffers[$0] ?? n.x.map { _ in .nan } }
    return Tensor(
      n.x.shape,
      n.x.elements.indices.map { i in
        formula(n.x[i], n.operands.inputs[1][i], states.map { $0[i] })
      })
  }

  // MARK: SGD

  private func momentum(
    _ others: [String: HyperparameterValue] = [:], isFirst: Bool = false
  ) throws -> PlantedFault {
    let settings: [String: HyperparameterValue] = [
      "lr": 0.1, "momentum": 0.8, "weight_decay": 0.03,
    ]
    return try fault(
      "SGD", settings.merging(others) { $1 }, state: isFirst ? [] : ["momentum_buffer"],
      step: isFirst ? 0 : 3)
  }

  private let buffer = ["momentum_buffer"]

  @Test func sign() throws {
    try momentum().expect("optimizer-sign", in: parameter, scales: scales) { _, n in
      each(n, buffer) { p, g, s in p + 0.1 * (0.8 * s[0] + g + 0.03 * p) }
    }
    try fault("SGD", ["lr": 0.1]).expect("optimizer-sign", in: parameter, scales: scales) { _, n in
      each(n) { p, g, _ in p + 0.1 * g }
    }
  }

  @Test func learningRate() throws {
    try momentum().expect("optimizer-learning-rate", in: parameter, scales: scales) { _, n in
      each(n, buffer) { p, g, s in p - 0.037 * (0.8 * s[0] + g + 0.03 * p) }
    }
  }

  @Test func momentumConvention() throws {
    try momentum().expect(
      "momentum-convention", in: [.output(0), .buffer("momentum_buffer")], scales: scales
    ) { tensor, n in
      each(n, buffer) { p, g, s in
        let v = 0.8 * s[0] + 0.1 * (g + 0.03 * p)
        return tensor == .output(0) ? p - v : v
      }
    }
    try momentum().expect(
      "momentum-convention", in: [.output(0), .buffer("momentum_buffer")], scales: scales
    ) { tensor, n in
      each(n, buffer) { p, g, s in
        let v = 0.8 * s[0] + 0.2 * (g + 0.03 * p)
        return tensor == .output(0) ? p - 0.1 * v : v
      }
    }
    // In the first step the parameter is the same with the rate inside, and the buffer is not.
    let first = try momentum(isFirst: true)
    try first.expectHidden("momentum-convention", in: .output(0)) { n in
      each(n) { p, g, _ in p - 0.1 * (g + 0.03 * p) }
    }
    try first.expect("momentum-convention", in: [.buffer("momentum_buffer")], scales: scales) {
      _, n in each(n) { p, g, _ in 0.1 * (g + 0.03 * p) }
    }
  }

  @Test func nesterovMixed() throws {
    for isNesterov in [false, true] {
      try momentum(["nesterov": .boolean(isNesterov)]).expect(
        "nesterov-mixed", in: parameter, scales: scales
      ) { _, n in
        each(n, buffer) { p, g, s in
          let d = g + 0.03 * p
          let v = 0.8 * s[0] + d
          return p - 0.1 * (isNesterov ? v : d + 0.8 * v)
        }
      }
    }
  }

  @Test func weightDecayOmitted() throws {
    try momentum().expect(
      "weight-decay-omitted", in: [.output(0), .buffer("momentum_buffer")], scales: scales
    ) { tensor, n in
      each(n, buffer) { p, g, s in
        tensor == .output(0) ? p - 0.1 * (0.8 * s[0] + g) : 0.8 * s[0] + g
      }
    }
  }

  @Test func staleState() throws {
    try momentum().expect("optimizer-stale-state", in: parameter, scales: scales) { _, n in
      each(n, buffer) { p, _, s in p - 0.1 * s[0] }
    }
    try adam().expect("optimizer-stale-state", in: parameter, scales: scales) { _, n in
      each(n, moments) { p, _, s in
        p - 0.01 / (1 - pow(0.7, 4)) * s[0] / ((s[1] / (1 - pow(0.95, 4))).squareRoot() + 1e-3)
      }
    }
  }

  // MARK: Adam

  private let moments = ["exp_avg", "exp_avg_sq"]

  private func adam(
    _ kind: String = "Adam", decay: Double = 0.05, step: Int = 3
  ) throws -> PlantedFault {
    try fault(
      kind,
      [
        "lr": 0.01, "betas": [0.7, 0.95], "eps": 1e-3, "weight_decay": .real(decay),
      ], state: moments, step: step, gradients: 1e-2)
  }

  /// A step of Adam with some of it changed.
  private struct AdamRule {
    var betas = (0.7, 0.95)
    var t = 4.0
    var decay = 0.05
    var isDecoupled = false
    var isCorrected = true
    /// What m̂ is divided by, from v and 1 − β₂ᵗ.
    var divisor: (Double, Double) -> Double = { ($0 / $1).squareRoot() + 1e-3 }

    func step(_ p: Double, _ gradient: Double, _ s: [Double]) -> Double {
      let p = isDecoupled ? p * (1 - 0.01 * decay) : p
      let g = gradient + (isDecoupled ? 0 : decay * p)
      let m = betas.0 * s[0] + (1 - betas.0) * g
      let v = betas.1 * s[1] + (1 - betas.1) * g * g
      let corrections = isCorrected ? (1 - pow(betas.0, t), 1 - pow(betas.1, t)) : (1, 1)
      return p - 0.01 * (m / corrections.0) / divisor(v, corrections.1)
    }
  }

  @Test func adamFaults() throws {
    let rules: [(String, AdamRule)] = [
      ("optimizer-epsilon-placement", AdamRule(divisor: { ($0 / $1 + 1e-3).squareRoot() })),
      ("optimizer-epsilon-placement", AdamRule(divisor: { (($0 + 1e-3) / $1).squareRoot() })),
      (
        "optimizer-epsilon-placement",
        AdamRule(divisor: { ($0.squareRoot() + 1e-3) / $1.squareRoot() })
      ),
      ("optimizer-bias-correction", AdamRule(isCorrected: false)),
      ("optimizer-step-index", AdamRule(t: 3)), ("optimizer-step-index", AdamRule(t: 5)),
      ("optimizer-betas-swapped", AdamRule(betas: (0.95, 0.7))),
      ("weight-decay-omitted", AdamRule(decay: 0)),
      ("weight-decay-coupled", AdamRule(isDecoupled: true)),
    ]
    for (id, rule) in rules {
      try adam().expect(id, in: parameter, scales: scales) { _, n in
        each(n, moments) { rule.step($0, $1, $2) }
      }
    }
    try adam("AdamW").expect("weight-decay-coupled", in: parameter, scales: scales) { _, n in
      each(n, moments) { AdamRule().step($0, $1, $2) }
    }
    try adam("AdamW").expect("weight-decay-omitted", in: parameter, scales: scales) { _, n in
      each(n, moments) { AdamRule(decay: 0).step($0, $1, $2) }
    }
  }

  @Test func manyStepsHideTheCorrection() throws {
    let fault = try adam(step: 5000)
    for rule in [AdamRule(t: 5000), AdamRule(isCorrected: false)] {
      for id in ["optimizer-step-index", "optimizer-bias-correction"] {
        try fault.expectHidden(id, in: .output(0)) { n in
          each(n, moments) { rule.step($0, $1, $2) }
        }
      }
    }
  }

  @Test func swappedBetasInTheState() throws {
    try adam().expect(
      "optimizer-betas-swapped", in: [.buffer("exp_avg"), .buffer("exp_avg_sq")], scales: scales
    ) { tensor, n in
      each(n, moments) { p, gradient, s in
        let g = gradient + 0.05 * p
        return tensor == .buffer("exp_avg") ? 0.95 * s[0] + 0.05 * g : 0.7 * s[1] + 0.3 * g * g
      }
    }
  }

  // MARK: RMSprop, Adagrad

  @Test func epsilonOfOthers() throws {
    try fault(
      "RMSprop", ["lr": 0.01, "alpha": 0.9, "eps": 1e-3], state: ["square_avg"], gradients: 1e-2
    ).expect("optimizer-epsilon-placement", in: parameter, scales: scales) { _, n in
      each(n, ["square_avg"]) { p, g, s in
        p - 0.01 * g / (0.9 * s[0] + 0.1 * g * g + 1e-3).squareRoot()
      }
    }
    try fault(
      "Adagrad", ["lr": 0.01, "lr_decay": 0.1, "eps": 1e-3], state: ["sum"], gradients: 1e-2
    ).expect("optimizer-epsilon-placement", in: parameter, scales: scales) { _, n in
      each(n, ["sum"]) { p, g, s in
        p - 0.01 / (1 + 3 * 0.1) * g / (s[0] + g * g + 1e-3).squareRoot()
      }
    }
  }

  @Test func commonFaultsOfOthers() throws {
    let root = try fault(
      "RMSprop", ["lr": 0.01, "alpha": 0.9, "weight_decay": 0.05], state: ["square_avg"])
    try root.expect("weight-decay-omitted", in: parameter, scales: scales) { _, n in
      each(n, ["square_avg"]) { p, g, s in
        p - 0.01 * g / ((0.9 * s[0] + 0.1 * g * g).squareRoot() + 1e-8)
      }
    }
    try root.expect("optimizer-stale-state", in: parameter, scales: scales) { _, n in
      each(n, ["square_avg"]) { p, g, s in
        p - 0.01 * (g + 0.05 * p) / (s[0].squareRoot() + 1e-8)
      }
    }
    try root.expect("optimizer-sign", in: parameter, scales: scales) { _, n in
      each(n, ["square_avg"]) { p, gradient, s in
        let g = gradient + 0.05 * p
        return p + 0.01 * g / ((0.9 * s[0] + 0.1 * g * g).squareRoot() + 1e-8)
      }
    }
  }

  // MARK: Controls

  @Test func rightResultsGetNoCause() throws {
    try momentum().expectNoCause(in: [.output(0), .buffer("momentum_buffer")])
    try momentum(isFirst: true).expectNoCause(in: [.output(0), .buffer("momentum_buffer")])
    for kind in ["Adam", "AdamW"] {
      try adam(kind).expectNoCause(in: [.output(0), .buffer("exp_avg"), .buffer("exp_avg_sq")])
    }
  }
}
