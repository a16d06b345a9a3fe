import LayerKit
import Tensors

/// Gradients that are a multiple of the right ones: S = c·M.
enum FactorCauses {
  static var named: [Cause] { [sign, accumulatedTwice, scaledByBatch, scaledByPositions] }
  static var fitted: [Cause] { [constantFactor] }

  private static var sign: Cause {
    factor("sign", advice: "the gradient has the wrong sign: remove a minus") { _ in [(-1, nil)] }
  }

  private static var accumulatedTwice: Cause {
    factor(
      "accumulated-twice",
      advice: "the gradient was added to itself: set it to zero before the backward pass",
      remedies: [
        .torch: "call `optimizer.zero_grad()`, and `backward()` only once",
        .keras: "call the tape's `gradient` only once, and do not add the result to an old one",
        .jax: "do not add the result of `jax.grad` to an old one",
      ], shownBy: "a batch of 3 samples or more"
    ) { _ in [(2, nil)] }
  }

  /// c = N or 1/N, but for a loss, whose kind names its reductions.
  private static var scaledByBatch: Cause {
    factor(
      "scaled-by-batch",
      advice: "a sum over the batch was taken for a mean, or a mean for a sum",
      remedies: [
        .torch: "compare `reduction='sum'` and `reduction='mean'` of the loss",
        .keras: "compare `reduction=\"sum\"` and `\"sum_over_batch_size\"` of the loss",
        .jax: "compare `jnp.sum` and `jnp.mean` over the batch",
      ], shownBy: "a batch of 3 samples or more, and another number of output positions"
    ) { evidence in
      guard let batch = evidence.batch, batch > 1,
        !evidence.layer.signature.traits.contains(.loss)
      else { return [] }
      return [
        (Double(batch), "times the batch of \(batch)"),
        (1 / Double(batch), "divided by the batch of \(batch)"),
      ]
    }
  }

  /// c = 1/(Ho·Wo) or 1/(N·Ho·Wo): the mean over the positions of the output.
  private static var scaledByPositions: Cause {
    factor(
      "scaled-by-positions",
      advice: "the gradient of a parameter is a sum over all output positions, not a mean",
      shownBy: "a batch whose size is not the number of output positions"
    ) { evidence in
      guard case .parameterGradient = evidence.tensor, let shape = evidence.upstream.first?.shape,
        shape.rank > 2
      else { return [] }
      let positions = shape.extents.dropFirst(2).reduce(1, *)
      let samples = shape[0]
      guard positions > 1, samples > 0 else { return [] }
      return [
        (1 / Double(positions), "divided by \(positions) positions"),
        (
          1 / Double(positions * samples),
          "divided by \(positions) positions in \(samples) samples"
        ),
      ]
    }
  }

  /// c* = ⟨S,M⟩ / ⟨M,M⟩.
  private static var constantFactor: Cause {
    Cause(
      "constant-factor", advice: "the gradient is the right one times a constant",
      specificity: .fitted
    ) { evidence in
      guard evidence.tensor.isGradient, let factor = evidence.factor, factor != 0,
        // A factor that a few roundings can make is none.
        (factor - 1).magnitude > 64 * evidence.format.unitRoundoff
      else { return [] }
      return [
        Prediction(evidence.computed, times: factor, detail: "factor \(factor)", fitted: 1)
      ]
    }
  }

  private static func factor(
    _ id: String, advice: String, remedies: [Framework: String] = [:], shownBy: String? = nil,
    _ factors: @escaping @Sendable (Evidence) -> [(Double, String?)]
  ) -> Cause {
    Cause(
      id, advice: advice, remedies: remedies, shownBy: shownBy, specificity: .namedFactor
    ) { evidence in
      guard evidence.tensor.isGradient else { return [] }
      return factors(evidence).map { Prediction(evidence.computed, times: $0, detail: $1) }
    }
  }
}

extension Evidence {
  /// c* = ⟨S,M⟩ / ⟨M,M⟩, the factor that brings the right result closest to the suspect.
  var factor: Double? {
    guard suspect.shape == computed.shape else { return nil }
    var (mixed, squares) = (0.0, 0.0)
    for i in 0..<computed.count {
      mixed += suspect[i] * computed[i]
      squares += computed[i] * computed[i]
    }
    let factor = mixed / squares
    return factor.isFinite ? factor : nil
  }
}
