public import Tensors

/// Everything that a layer computed from and what came of it, for a person who looks closely.
public struct LayerExplanation: Sendable {
  /// The layer.
  public var layer: LayerFacts
  /// The formula as its kind states it; empty where it states none.
  public var formula: String
  /// The decoded hyper-parameters.
  public var settings: [(name: String, value: String)]
  /// The shape of every tensor, by its path below the layer.
  public var shapes: [(path: String, shape: Shape)]
  /// The gradients, in the order in which they flow.
  public var gradients: [Gradient]
  /// Why there are no gradients, or none of this side; a clause that is safe for a terminal.
  public var reason: String?

  /// Gathers what is known of a layer.
  public init(
    layer: LayerFacts, formula: String, settings: [(name: String, value: String)],
    shapes: [(path: String, shape: Shape)], gradients: [Gradient], reason: String?
  ) {
    self.layer = layer
    self.formula = formula
    self.settings = settings
    self.shapes = shapes
    self.gradients = gradients
    self.reason = reason
  }

  /// One gradient, on both sides.
  public struct Gradient: Sendable {
    /// Where it stands in the chain rule.
    public var role: Role
    /// What it is the gradient of, or with respect to.
    public var name: String
    /// What was computed here.
    public var ours: TensorSummary?
    /// What the reference recorded.
    public var reference: TensorSummary?
    /// The index of the largest difference; nil where there is none.
    public var worst: [Int]?

    /// Gathers the two sides.
    public init(
      role: Role, name: String, ours: Tensor<Double>?, reference: Tensor<Double>?
    ) {
      self.role = role
      self.name = name
      self.ours = ours.map(TensorSummary.init)
      self.reference = reference.map(TensorSummary.init)
      if let ours, let reference, ours.shape == reference.shape {
        worst = Self.worst(ours, reference)
      }
    }

    /// The first of the largest differences; NaN is larger than any.
    private static func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> [Int]? {
      var (largest, place) = (0.0, Int?.none)
      for i in a.elements.indices where !largest.isNaN {
        let difference = a[i] == b[i] ? 0 : (a[i] - b[i]).magnitude
        if !(difference <= largest) { (largest, place) = (difference, i) }
      }
      return place.map { a.shape.index(at: $0) }
    }
  }

  /// Where a gradient stands in the chain rule.
  public enum Role: String, Sendable {
    /// ∂L/∂output, as it comes in.
    case upstream
    /// ∂(Σ output)/∂operand: what the layer itself contributes.
    case local
    /// ∂L/∂operand, as it goes on.
    case downstream
  }
}

/// A tensor in a few numbers.
public struct TensorSummary: Hashable, Sendable {
  /// The smallest element; NaN if any is.
  public var minimum: Double
  /// The largest element; NaN if any is.
  public var maximum: Double
  /// The mean; NaN for a tensor without elements.
  public var mean: Double
  /// The root of the sum of squares.
  public var norm: Double
  /// The number of elements that are zero.
  public var zeros: Int
  /// The number of elements.
  public var count: Int

  /// Sums up a tensor.
  public init(_ tensor: Tensor<Double>) {
    let x = tensor.elements
    let hasNaN = x.contains { $0.isNaN }
    minimum = hasNaN ? .nan : x.min() ?? .nan
    maximum = hasNaN ? .nan : x.max() ?? .nan
    mean = x.reduce(0, +) / Double(x.count)
    norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    zeros = x.count { $0 == 0 }
    count = x.count
  }
}
