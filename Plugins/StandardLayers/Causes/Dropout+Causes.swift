// Known mistakes of dropouts, given the mask that was drawn.

public import LayerKit
import Tensors

extension DropoutLayer {
  public var causes: [Cause] { [scaleCause, maskCause, trainingFlag] }

  /// No factor 1/(1 − p), or 1/p in its place; in evaluation the factor 1 − p.
  private var scaleCause: Cause {
    Cause(
      "dropout-scale",
      advice: "what is kept was scaled otherwise: multiply it by 1/(1 - p) in training,"
        + " in forward and backward, where p is the probability of dropping, and by"
        + " nothing in evaluation",
      remedies: [
        .torch: "`p` is the probability of dropping",
        .keras: "`rate` is the probability of dropping",
        .jax: "`rate` is the probability of dropping, `1 - keep_prob`",
      ], shownBy: "a p whose (1 - p)/p is no size of the batch",
      specificity: .specific
    ) { evidence in
      let p = probability
      guard p > 0, p < 1, effect.magnitude == 0 else { return [] }
      let missing = Prediction(evidence.computed, times: 1 - p, detail: "factor 1 - p")
      guard evidence.operands.isTraining else { return [missing] }
      return [
        missing, Prediction(evidence.computed, times: (1 - p) / p, detail: "1/p for 1/(1 - p)"),
      ]
    }
  }

  /// The mask inverted, or left out.
  private var maskCause: Cause {
    Cause(
      "dropout-mask",
      advice: "the mask was inverted, or was not applied to this tensor: multiply forward and"
        + " backward by the same mask of what is kept", shownBy: "a mask with zeros and ones"
    ) { evidence in
      guard evidence.operands.isTraining, let mask = evidence.operands.auxiliary["mask"] else {
        return []
      }
      let masks = [(mask.map { 1 - $0 }, "inverted"), (mask.map { _ in 1 }, "not applied")]
      return masks.compactMap { mask, detail in
        var operands = evidence.operands
        operands.auxiliary["mask"] = mask
        return evidence.replay(operands: operands, detail: detail)
      }
    }
  }

  /// The identity in training, or a dropout in evaluation.
  private var trainingFlag: Cause {
    Cause(
      "training-flag",
      advice: "the layer ran in the other mode: it drops in training and does nothing"
        + " in evaluation",
      remedies: [
        .torch: "call `model.train()` or `model.eval()`",
        .keras: "pass `training=True` or `False`",
        .jax: "pass `deterministic=False` or `True`",
      ], shownBy: "a p above 0"
    ) { evidence in
      var operands = evidence.operands
      operands.isTraining.toggle()
      return [evidence.replay(operands: operands)].compactMap { $0 }
    }
  }
}
