import Interchange
import LayerKit
import Tensors

/// The mistakes in `/optimizer` and `/trajectory`.
extension MalformedFixtureTests {
  static let training: [Mistake] = [
    Mistake("optimizer-without-type", "/optimizer", .missingAttribute("type", closest: nil)),
    Mistake(
      "unknown-optimizer", "/optimizer",
      .unknownWord(
        attribute: "type", found: "Lion", allowed: ["Adagrad", "Adam", "AdamW", "RMSprop", "SGD"])),
    Mistake(
      "misspelled-momentum", "/optimizer",
      .layer(.unknownHyperparameter("momentun", closest: "momentum"))),
    Mistake(
      "negative-learning-rate", "/optimizer",
      .layer(.outOfRange(hyperparameter: "lr", allowed: "0.0 or more", found: -1.0))),
    Mistake(
      "nesterov-with-dampening", "/optimizer",
      .layer(
        .outOfRange(
          hyperparameter: "nesterov",
          allowed: "true only with a momentum above 0 and a dampening of 0", found: true))),
    Mistake(
      "three-betas", "/optimizer",
      .layer(
        .wrongType(hyperparameter: "betas", expected: "two numbers", found: [0.5, 0.5, 0.5]))),
    Mistake(
      "beta-of-one", "/optimizer",
      .layer(
        .outOfRange(hyperparameter: "betas", allowed: "from 0 to below 1", found: [0.5, 1.0]))),
    Mistake(
      "half-a-step", "/optimizer",
      .layer(
        .outOfRange(hyperparameter: "step", allowed: "a whole number of 0 or more", found: 0.5))),
    Mistake(
      "state-of-nobody", "/optimizer/state/convv", .unknownLayer("convv", closest: "conv")),
    Mistake(
      "state-of-an-absent-parameter", "/optimizer/state/conv/bias",
      .absentOperand("parameters/bias")),
    Mistake(
      "misspelled-slot", "/optimizer/reference_state/conv/weight/momentum_bufer",
      .unknownDataset("momentum_bufer", closest: "momentum_buffer")),
    Mistake(
      "slot-of-another-shape", "/optimizer/reference_state/conv/weight/momentum_buffer",
      .wrongShape(expected: [3, 2, 3, 3], found: [3, 2, 9])),
    Mistake(
      "integer-slot", "/optimizer/reference_state/conv/weight/momentum_buffer",
      .notFloatingPoint(found: "int64")),
    Mistake(
      "slot-as-group", "/optimizer/reference_state/conv/weight/momentum_buffer",
      .datasetExpected("momentum_buffer")),
    Mistake(
      "parameter-as-slot", "/optimizer/reference_state/conv/weight", .groupExpected("weight")),
    Mistake("states", "/optimizer/states", .unknownGroup("states", closest: "state")),
    Mistake("optimizer-as-dataset", "/optimizer", .groupExpected("optimizer")),
    Mistake("no-steps", "/trajectory", .missingAttribute("steps", closest: nil)),
    Mistake(
      "zero-steps", "/trajectory",
      .layer(.outOfRange(hyperparameter: "steps", allowed: "1 or more", found: 0))),
    Mistake("missing-batch", "/trajectory", .layer(.missingTensor("batches/1"))),
    Mistake("batch-beyond-the-steps", "/trajectory/batches/2", .batchOutside("2", steps: 2)),
    Mistake("batch-with-a-zero", "/trajectory/batches/00", .batchOutside("00", steps: 2)),
    Mistake(
      "batch-without-its-input", "/trajectory/batches/1", .layer(.missingTensor("image"))),
    Mistake(
      "batch-of-another-input", "/trajectory/batches/1/imag",
      .unknownDataset("imag", closest: "image")),
    Mistake(
      "losses-of-other-steps", "/trajectory/reference/loss",
      .wrongShape(expected: [2], found: [3])),
    Mistake(
      "trajectory-of-nobody", "/trajectory/reference/parameters/fc",
      .unknownLayer("fc", closest: nil)),
    Mistake(
      "losses", "/trajectory/reference/losses", .unknownDataset("losses", closest: "loss")),
  ]
}
