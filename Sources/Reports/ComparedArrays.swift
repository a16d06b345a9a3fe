public import Discrepancy
public import Tensors

/// One tensor element by element: what was computed here, what the reference holds, and how far
/// the two may lie apart.
public struct ComparedArrays: Sendable {
  /// The layer.
  public var layer: LayerFacts
  /// The dataset's path below its reference, `grad_parameters/weight`.
  public var path: String
  /// Which reference of the fixture: `reference`, or its twin `reference_f64`.
  public var against: String
  /// What the tensor's report says.
  public var verdict: Verdict
  /// The shape of all three, in the canonical order of axes.
  public var shape: Shape
  /// What was computed here.
  public var ours: [Double]
  /// What the reference holds.
  public var reference: [Double]
  /// The bound of each element; infinite where none is known.
  public var bound: [Double]

  /// Gathers the elements of a tensor.
  public init(
    layer: LayerFacts, path: String, against: String, verdict: Verdict, shape: Shape,
    ours: [Double], reference: [Double], bound: [Double]
  ) {
    self.layer = layer
    self.path = path
    self.against = against
    self.verdict = verdict
    self.shape = shape
    self.ours = ours
    self.reference = reference
    self.bound = bound
  }
}
