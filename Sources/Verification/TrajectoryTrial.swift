import Discrepancy
import HDF5File
import Interchange
import LayerKit
import Network
import Reports
import Tensors
import Text

/// Several training steps, run as a whole and held against what the reference came to.
///
/// Rounding travels from step to step, so that no bound of a single operation holds. How far it
/// carries is measured instead: the network is trained in double precision, and three times more
/// in the precision of the reference, from parameters that were first moved by one unit in the last
/// place. The largest distance of the three from the first is the *spread*. See the page on verdicts.
struct TrajectoryTrial {
  private let fixtureCase: FixtureCase
  private let trajectory: FixtureTrajectory
  let facts: LayerFacts

  /// How many times the spread a reference may lie off.
  ///
  /// Three runs see the largest of three draws; a reference with other orders of addition is one
  /// more, and where few elements pass a kink, draws differ by a few times.
  private static let spreads = 8.0
  /// What a reference in double precision may always lie off, relative to the largest element.
  private static let doubleTolerance = 1e-9
  /// The share of a parameter's movement from which on its spread says that nothing is known.
  private static let largestShare = 0.1

  init(_ fixtureCase: FixtureCase, _ trajectory: FixtureTrajectory, _ facts: LayerFacts) {
    self.fixtureCase = fixtureCase
    self.trajectory = trajectory
    self.facts = facts
  }

  /// The name of the row, which no layer can have.
  static let name = "/trajectory"

  /// Trains, compares, and tells how far it has come; `progress` may end it by throwing.
  func run(_ progress: (String) throws -> Void) throws -> LayerReport {
    let tensors = try compare(progress)
    return LayerReport(
      layer: facts, verdict: tensors.verdict, tensors: tensors, chained: [])
  }

  /// The tensors that the fixture has of the trajectory, by their paths below its reference.
  private var recorded: [(path: String, tensor: StoredTensor, use: ParameterUse?)] {
    let parameters = trajectory.parameters.map { use, tensor in
      ("parameters/\(fixtureCase.layers[use.layer].name)/\(use.name)", tensor, Optional(use))
    }
    return (trajectory.loss.map { [("loss", $0, nil)] } ?? []) + parameters.sorted { $0.0 < $1.0 }
  }

  private func compare(_ progress: (String) throws -> Void) throws -> [TensorReport] {
    guard !recorded.isEmpty else { return [notCompared("parameters", .absent)] }
    if let obstacle { return recorded.map { notCompared($0.path, obstacle) } }
    guard let optimizer = fixtureCase.update?.optimizer else {
      return recorded.map { notCompared($0.path, .inputAbsent("/optimizer")) }
    }
    func train<S: TrainingScalar>(
      as type: S.Type, _ name: String, disturbance: UInt64? = nil
    ) throws -> TrajectoryRun {
      try TrajectoryRun(
        fixtureCase, trajectory, optimizer, as: S.self, disturbance: disturbance
      ) { step in
        try progress("trajectory in \(name): step \(step + 1) of \(trajectory.steps)")
      }
    }
    do {
      let ours = try train(as: Double.self, "float64")
      let others = try (1...3).map { draw in
        let name = "\(isDouble ? "float64" : "float32"), disturbed (\(draw))"
        let disturbance = UInt64(draw)
        return isDouble
          ? try train(as: Double.self, name, disturbance: disturbance)
          : try train(as: Float.self, name, disturbance: disturbance)
      }
      return try recorded.map { try judge($0, ours, others) }
    } catch let error where error is NetworkProblem || error is HDF5Error || error is LayerProblem {
      return recorded.map { notCompared($0.path, .unusable(error)) }
    }
  }

  /// Why the trajectory cannot be computed; nil where it can.
  private var obstacle: TensorReport.Reason? {
    if fixtureCase.lossLayer == nil { return .inputAbsent("the attribute `loss`") }
    for layer in fixtureCase.layers {
      let name = "`\(UntrustedText(layer.name).terminal)`"
      guard let kind = layer.layer else {
        return .unknownKind(layer.kind, closest: layer.closestKind)
      }
      if layer.isTraining, kind.signature.auxiliary.contains(where: { $0.content == .mask }) {
        return .unusable("\(name) needs chance, which a trajectory does not record")
      }
    }
    let unavailable =
      fixtureCase.layers.flatMap { $0.unavailable.filter { !$0.path.contains("/reference") } }
      + (fixtureCase.update?.unavailable ?? []) + trajectory.unavailable
    return unavailable.first.map {
      .unusable($0.problem.sentence(about: "`\(UntrustedText($0.path).terminal)`"))
    }
  }

  private func notCompared(_ path: String, _ reason: TensorReport.Reason) -> TensorReport {
    TensorReport(
      path: path, reference: "reference", verdict: .notCompared, mode: .trajectory, reason: reason)
  }

  // MARK: Judging

  private func judge(
    _ recorded: (path: String, tensor: StoredTensor, use: ParameterUse?), _ ours: TrajectoryRun,
    _ others: [TrajectoryRun]
  ) throws -> TensorReport {
    let (path, stored, use) = recorded
    func tensor(_ run: TrajectoryRun) -> Tensor<Double>? {
      use.map { run.parameters[$0] } ?? Tensor([run.loss.count], run.loss)
    }
    guard let computed = tensor(ours) else { return notCompared(path, .absent) }
    guard stored.shape == computed.shape else {
      return TensorReport(
        path: path, reference: "reference", verdict: .differ, mode: .trajectory,
        shape: computed.shape, reason: .shapes(ours: computed.shape, reference: stored.shape))
    }
    let format = stored.format ?? .float64
    let limits =
      try use.map { try parameterLimits($0, computed, others.compactMap(tensor), format) }
      ?? lossLimits(computed, others.compactMap(tensor), format)
    let tolerance = Tolerance(
      .elementwise(limits), ComparisonFormats(ours: .float64, reference: format))
    let found = try TensorComparison(computed, stored, tolerance).run { computed.isFinite }
    return TensorReport(
      path: path, reference: "reference", verdict: Verdict(found), mode: .trajectory,
      shape: computed.shape, comparison: found)
  }

  /// Whether the reference computed in double precision.
  private var isDouble: Bool { recorded.allSatisfy { $0.tensor.format == .float64 } }

  /// How much coarser the reference computed than the runs that the spread is of: to first order,
  /// its rounding spreads as much further.
  private func coarseness(_ format: NumberFormat) -> Double {
    let drawn = isDouble ? NumberFormat.float64.unitRoundoff : NumberFormat.float32.unitRoundoff
    return max(drawn, format.unitRoundoff, fixtureCase.arithmetic.operandRoundoff ?? 0) / drawn
  }

  /// One limit for all elements of a parameter: 8 spreads, and the rounding of what is stored.
  private func parameterLimits(
    _ use: ParameterUse, _ ours: Tensor<Double>, _ others: [Tensor<Double>], _ format: NumberFormat
  ) throws -> Tensor<Double> {
    let spread = others.map { Self.distance($0, ours) }.reduce(0, Self.larger)
    let size = ours.elements.reduce(0) { Self.larger($0, $1.magnitude) }
    var limit =
      Self.spreads * coarseness(format) * spread + 4 * format.unitRoundoff * size
    let start = try fixtureCase.layers[use.layer].parameters[use.name]?.read(as: Double.self)
    let movement = start.map { Self.distance($0, ours) } ?? 0
    // Where rounding carries as far as training, only what double precision promises is left.
    if !(limit <= Self.largestShare * movement) && movement > 0 { limit = .infinity }
    if format == .float64 {
      limit = limit.isFinite ? max(limit, Self.doubleTolerance * size) : limit
    }
    return Tensor(ours.shape, repeating: limit)
  }

  /// The limit of each step's objective: 8 times the largest spread so far, and its own rounding.
  private func lossLimits(
    _ ours: Tensor<Double>, _ others: [Tensor<Double>], _ format: NumberFormat
  ) -> Tensor<Double> {
    var spread = 0.0
    return Tensor(
      ours.shape,
      ours.elements.indices.map { step in
        let value = ours[step].magnitude
        for other in others { spread = Self.larger(spread, (other[step] - ours[step]).magnitude) }
        let limit = Self.spreads * coarseness(format) * spread + 16 * format.unitRoundoff * value
        return format == .float64 ? Self.larger(limit, Self.doubleTolerance * value) : limit
      })
  }

  private static func distance(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    a.zip(b) { ($0 - $1).magnitude }.elements.reduce(0, larger)
  }

  /// The larger of two distances; infinite if one is none.
  private static func larger(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b.isNaN ? .infinity : max(a, b)
  }
}
