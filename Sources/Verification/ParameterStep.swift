import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Network
import Reports
import Tensors

/// One step of one parameter, computed here, and what rounding may do to each of its results.
struct ParameterStep {
  /// A result of a step.
  enum Result: Hashable {
    /// The parameter after.
    case parameter
    /// A slot of the state after.
    case slot(String)
  }

  private let ours: NumberFormat
  private let computing: NumberFormat
  private let isFinite: Bool
  private let optimizer: AnyOptimizer
  private let before: StepOperands.Loaded<Double>
  private let parameter: Tensor<Double>
  private let state: ParameterState<Double>
  /// The results from operands that were not rounded to `ours` first; nil where none were.
  private let exact: (parameter: Tensor<Double>, state: ParameterState<Double>)?

  /// Computes a step.
  init<S: TrainingScalar>(
    _ optimizer: AnyOptimizer, _ operands: StepOperands, as type: S.Type
  ) throws {
    self.optimizer = optimizer
    ours = S.format
    computing = operands.format
    let loaded = try operands.load(as: S.self)
    isFinite = loaded.isFinite
    before = loaded.asDouble
    let (parameter, state) = Self.step(optimizer, loaded)
    self.parameter = parameter.asDouble
    self.state = ParameterState(step: state.step, slots: state.slots.mapValues(\.asDouble))
    exact =
      S.format == .float64 ? nil : Self.step(optimizer, try operands.load(as: Double.self))
  }

  private static func step<S: TrainingScalar>(
    _ optimizer: AnyOptimizer, _ loaded: StepOperands.Loaded<S>
  ) -> (parameter: Tensor<S>, state: ParameterState<S>) {
    var (parameter, state) = (loaded.parameter, loaded.state)
    optimizer.update(&parameter, gradient: loaded.gradient, state: &state)
    return (parameter, state)
  }

  /// Holds one result against what the reference has for it.
  func report(
    _ path: String, _ result: Result, _ stored: StoredTensor, against root: String
  ) -> TensorReport {
    func notCompared(_ reason: TensorReport.Reason) -> TensorReport {
      TensorReport(path: path, reference: root, verdict: .notCompared, reason: reason)
    }
    guard let computed = tensor(result, parameter, state) else {
      return notCompared(.unusable("with these hyper-parameters there is no such state"))
    }
    guard stored.shape == computed.shape else {
      return TensorReport(
        path: path, reference: root, verdict: .differ, shape: computed.shape,
        reason: .shapes(ours: computed.shape, reference: stored.shape))
    }
    do {
      let found = try TensorComparison(computed, stored, tolerance(result, stored))
        .run { isFinite }
      return TensorReport(
        path: path, reference: root, verdict: Verdict(found), shape: computed.shape,
        comparison: found)
    } catch {
      return notCompared(.unusable(error))
    }
  }

  /// Why one result differs: a step is explained like a layer from parameter and gradient.
  func diagnosis(of result: Result, _ stored: StoredTensor) throws -> TensorDiagnosis? {
    let right = exact ?? (parameter, state)
    guard let ours = tensor(result, right.parameter, right.state) else { return nil }
    let formats = formats(of: stored, ours: .float64)
    let tolerance = Tolerance(bound(of: result, formats.rounding), formats)
    let wanted: ResultTensor =
      switch result {
      case .parameter: .output(0)
      case .slot(let name): .buffer(name)
      }
    let operands = optimizer.operands(
      before.parameter, gradient: before.gradient,
      gradientError: before.gradientError(formats.rounding), state: before.state)
    let evidence = Evidence(
      wanted, suspect: try stored.read(as: Double.self), computed: ours, operands: operands,
      upstream: [], layer: optimizer.step, rounding: formats.rounding, format: formats.reference)
    return Diagnostician(evidence, tolerance: tolerance).diagnosis()
  }

  /// One result with the reference and the bound of each element; nil where shapes differ.
  func arrays(
    _ result: Result, _ stored: StoredTensor, _ report: TensorReport, _ facts: LayerFacts
  ) throws -> ComparedArrays? {
    guard let computed = tensor(result, parameter, state), computed.shape == stored.shape else {
      return nil
    }
    return try ComparedArrays(report, facts, computed, stored, tolerance(result, stored))
  }

  /// How far each element of a result may lie from what the fixture holds.
  private func tolerance(_ result: Result, _ stored: StoredTensor) -> Tolerance {
    let formats = formats(of: stored, ours: ours)
    return Tolerance(bound(of: result, formats.rounding), formats, shift: shift(of: result))
  }

  private func formats(of stored: StoredTensor, ours: NumberFormat) -> ComparisonFormats {
    let own = stored.format ?? .float64
    let coarser = own.unitRoundoff < computing.unitRoundoff ? computing : own
    return ComparisonFormats(ours: ours, reference: coarser)
  }

  private func tensor(
    _ result: Result, _ parameter: Tensor<Double>, _ state: ParameterState<Double>
  ) -> Tensor<Double>? {
    switch result {
    case .parameter: parameter
    case .slot("step"): Tensor(scalar: Double(state.step))
    case .slot(let name): state.slots[name]
    }
  }

  /// A slot that the step does not touch, and the number of steps, are the same to the last bit.
  private func bound(of result: Result, _ rounding: Rounding) -> ErrorBound {
    let bounds = optimizer.bounds(
      before.parameter, before.gradient, before.gradientError(rounding), before.state, rounding)
    return switch result {
    case .parameter: .elementwise(bounds.parameter)
    case .slot(let name): bounds.slots[name].map { .elementwise($0) } ?? .exact
    }
  }

  /// How far the result moved because its operands were rounded to single precision first.
  private func shift(of result: Result) -> Tensor<Double>? {
    guard let exact, let distant = tensor(result, exact.parameter, exact.state) else { return nil }
    let (parameter, state) = Self.step(optimizer, before)
    return tensor(result, parameter, state).map { near in
      near.zip(distant) { a, b in
        let distance = a == b ? 0 : (a - b).magnitude
        return distance.isNaN ? .infinity : distance
      }
    }
  }
}
