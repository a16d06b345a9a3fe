// ProblemList.swift

import HDF5File
import LayerKit

/// Collects what is wrong in one place of a fixture: the file, a case, or a layer.
struct ProblemList {
  /// The name of the case, where there are cases.
  let caseName: String?
  /// The name of the layer, inside one.
  let layer: String?
  /// What was found, in order.
  private(set) var problems: [FixtureProblem] = []

  init(caseName: String? = nil, layer: String? = nil) {
    self.caseName = caseName
    self.layer = layer
  }

  /// Records a fact about an object.
  mutating func report(_ reason: FixtureReason, at object: ObjectPath) {
    problems.append(
      FixtureProblem(caseName: caseName, layer: layer, object: object, reason: reason))
  }

  /// Records a rule of the layer that its description breaks.
  mutating func report(_ problem: LayerProblem, at object: ObjectPath) {
    report(.layer(problem), at: object)
  }
}
