import Discrepancy
import FixtureDrafts
import HDF5File
import Reports
import Tensors
import Testing
import Verification

/// References of every format, as PyTorch computed them, against computations of either precision.
@Suite struct ArithmeticTests {
  private static let precisions = VerificationOptions.Precision.allCases

  @Test(arguments: ["float16", "bfloat16", "float32", "float64"], precisions)
  func referencesOfEveryFormatAgree(
    _ format: String, _ precision: VerificationOptions.Precision
  ) throws {
    let trial = try Trial(committed: format, VerificationOptions(precision: precision))
    #expect(trial.verdicts == ["linear": .agree, "relu": .agree, "leaky": .agree])
    let count = trial.layers.flatMap(\.tensors).count { $0.verdict == .agree }
    #expect(count == 8, "\(trial.layers.flatMap(\.tensors).map { ($0.path, $0.verdict) })")
  }

  /// The slope 0.01 is rounded to single precision, as PyTorch does: with the slope of double
  /// precision the error would be a quarter of a unit, and more than this.
  @Test func constantsAreRoundedToTheReferencesFormat() throws {
    let trial = try Trial(committed: "float32")
    for path in ["output", "grad_input"] {
      let found = try #require(try trial.tensor(path, of: "leaky").comparison)
      #expect(found.maxUlps <= 0.5, "\(path): \(found.maxUlps)")
    }
  }

  /// A result that is wrong by a few units in its last place is found in every format.
  @Test func theBoundFollowsTheFormat() throws {
    let bounds = try ["float64", "float32", "float16", "bfloat16"].map { format in
      try #require(try Trial(committed: format).tensor("output", of: "linear").comparison).maxBound
    }
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 * 4 < $1 }, "\(bounds)")
    // 20 products of numbers about 1: γ(21)·B is of the order of 1e-6 in single precision.
    #expect(bounds[1] < 1e-5 && bounds[0] < 1e-13)
  }

  @Test func shortenedOperandsNeedTheirAttribute() throws {
    let declared = try Trial(committed: "tf32")
    #expect(declared.verdicts == ["linear": .agree])
    let undeclared = try Trial(committed: "tf32-undeclared")
    #expect(undeclared.verdicts == ["linear": .differ])
    let verdicts = try undeclared.verdicts(of: "linear")
    // A sum without products was not shortened.
    #expect(verdicts["output"] == .differ && verdicts["grad_parameters/bias"] == .agree)
  }

  @Test func batchNormalisationUpdatesItsState() throws {
    let trial = try Trial(committed: "batchnorm")
    #expect(
      try trial.verdicts(of: "norm") == [
        "output": .agree, "buffers/running_mean": .agree, "buffers/running_var": .agree,
        "buffers/num_batches_tracked": .agree, "grad_input": .agree,
        "grad_parameters/weight": .agree, "grad_parameters/bias": .agree,
      ])
    let counter = try trial.tensor("buffers/num_batches_tracked", of: "norm")
    #expect(counter.comparison?.worst?.ours == 1)
  }

  @Test func singlePrecisionIsHeldToItsOwnBound() throws {
    // In float32 an exact sum of eighths stays exact, and a fault of an eighth stays a fault.
    var draft = FixtureDraft.linear()
    let path = "layers/fc/reference/grad_parameters/weight"
    draft.change(path, at: 4, to: try #require(draft[path]).elements[4] + 0.125)
    for precision in Self.precisions {
      let trial = try Trial(draft, VerificationOptions(precision: precision))
      #expect(try trial.verdicts(of: "fc")["grad_parameters/weight"] == .differ)
      #expect(try trial.verdicts(of: "fc")["output"] == .agree)
    }
  }
}
