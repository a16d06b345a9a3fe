import HDF5File
import Interchange
import LayerKit
import Network
import Reports
import Tensors
import Text

/// What the step of one parameter is computed from, as a fixture holds it.
struct StepOperands {
  /// The parameter before.
  private let parameter: StoredTensor?
  /// The gradients of all layers that use it, to be added up.
  private var gradients: [StoredTensor] = []
  /// The layers that use it.
  private let uses: [ParameterUse]
  private let update: FixtureUpdate
  /// Why the step cannot be computed; nil where it can.
  private(set) var problem: TensorReport.Reason?
  /// Whether the reference is the one in double precision.
  let isTwin: Bool

  /// Gathers the operands of a step; `from` names the uses whose gradients are added up, if not all.
  init(
    _ fixtureCase: FixtureCase, _ update: FixtureUpdate, _ use: ParameterUse,
    sharing uses: [ParameterUse], isTwin: Bool, from added: [ParameterUse]? = nil
  ) {
    self.update = update
    self.uses = uses
    self.isTwin = isTwin
    let layer = fixtureCase.layers[use.layer]
    parameter = layer.parameters[use.name]
    if parameter == nil {
      problem = Self.unreadable("/parameters/\(use.name)", layer) ?? .inputAbsent("the parameter")
    }
    for use in added ?? uses {
      let layer = fixtureCase.layers[use.layer]
      let gradient = "grad_parameters/\(use.name)"
      let twin = isTwin ? layer.twin?.parameterGradients[use.name] : nil
      if let stored = twin ?? layer.reference.parameterGradients[use.name] {
        gradients.append(stored)
      } else if problem == nil {
        let place = uses.count > 1 ? " of `\(UntrustedText(layer.name).terminal)`" : ""
        problem = Self.unreadable("/\(gradient)", layer) ?? .inputAbsent(gradient + place)
      }
      let folder = "/optimizer/state/\(layer.name)/\(use.name)/"
      let refused = update.unavailable.first { $0.path.contains(folder) }
      if let refused { problem = problem ?? Self.reason(refused) }
    }
    if let gradient = gradients.first(where: { $0.shape != parameter?.shape }), problem == nil {
      problem = .unusable("its gradient has the shape \(gradient.shape)")
    }
  }

  private static func unreadable(_ end: String, _ layer: FixtureLayer) -> TensorReport.Reason? {
    layer.unavailable.first { $0.path.hasSuffix(end) }.map(reason)
  }

  private static func reason(_ tensor: UnavailableTensor) -> TensorReport.Reason {
    let name = "`\(UntrustedText(tensor.path).terminal)`"
    return .unusable(tensor.problem.sentence(about: name))
  }

  /// The coarsest format among the parameter and its gradients: what the reference computed in.
  var format: NumberFormat {
    let formats = ([parameter] + gradients).compactMap { $0?.format }
    let coarsest = formats.max { $0.unitRoundoff < $1.unitRoundoff }
    return isTwin ? .float64 : coarsest ?? .float64
  }

  /// The parameter, the gradients and the state before the step, read at one precision.
  func load<S: TrainingScalar>(as type: S.Type) throws -> Loaded<S> {
    guard let parameter else { preconditionFailure("a step without its parameter") }
    return Loaded(
      parameter: try parameter.read(), gradients: try gradients.map { try $0.read() },
      state: try update.stateBefore(of: uses))
  }

  /// What a step is computed from.
  struct Loaded<S: TrainingScalar> {
    let parameter: Tensor<S>
    let gradients: [Tensor<S>]
    let state: ParameterState<S>

    /// The sum over all layers that use the parameter.
    var gradient: Tensor<S> {
      gradients.dropFirst().reduce(gradients[0]) { $0.zip($1, +) }
    }

    /// How far the order of that sum may move it: γ(k − 1)·Σ|g|; nil where nothing is added.
    func gradientError(_ rounding: Rounding) -> Tensor<Double>? {
      guard gradients.count > 1 else { return nil }
      let sum = gradients.dropFirst().reduce(gradients[0].map { $0.value.magnitude }) { sum, g in
        sum.zip(g) { $0 + $1.value.magnitude }
      }
      let gamma = rounding.gamma(gradients.count - 1)
      return sum.map { gamma * $0 }
    }

    /// The same numbers in double precision.
    var asDouble: Loaded<Double> {
      Loaded<Double>(
        parameter: parameter.asDouble, gradients: gradients.map(\.asDouble),
        state: ParameterState(step: state.step, slots: state.slots.mapValues(\.asDouble)))
    }

    /// Whether every number is finite.
    var isFinite: Bool {
      parameter.isFinite && gradients.allSatisfy(\.isFinite)
        && state.slots.values.allSatisfy(\.isFinite)
    }
  }
}
