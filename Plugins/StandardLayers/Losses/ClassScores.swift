import LayerKit
import Tensors

/// Scores of C classes at many positions: a tensor N C d₁ d₂ …, or C alone without a batch.
struct ClassScores: Sendable {
  /// C, the number of classes.
  let classes: Int
  /// The shape of one number for each position: N d₁ d₂ …, or that of a scalar.
  let positions: Shape
  private let inner: Int

  /// Describes scores of a shape of at least one axis.
  init(_ shape: Shape) {
    let axis = shape.rank == 1 ? 0 : 1
    var rest = shape.extents
    classes = rest.remove(at: axis)
    positions = Shape(rest)
    inner = shape.split(at: axis).inner
  }

  /// Describes scores of the shape N C or C; a single number is the score of one class.
  init(rows shape: Shape) { self.init(shape.rank == 0 ? [1] : shape) }

  /// The offset of the score of a class at a position.
  func offset(_ position: Int, _ label: Int) -> Int {
    (position / inner * classes + label) * inner + position % inner
  }

  /// The scores at one position.
  func row<S: Scalar>(_ x: Tensor<S>, at position: Int) -> [S] {
    (0..<classes).map { x[offset(position, $0)] }
  }

  /// ℓ, the log-softmax of the scores at one position.
  func logarithms<S: Scalar>(_ x: Tensor<S>, at position: Int) -> [S] {
    let row = row(x, at: position)
    var logarithms = row
    SoftmaxRow.logarithms(row, &logarithms)
    return logarithms
  }

  // MARK: Checks

  /// The shape of the scores; throws unless they have classes.
  static func checked(_ operands: OperandShapes) throws -> ClassScores {
    let shape = operands.inputs[0]
    guard shape.rank >= 1, shape[shape.rank == 1 ? 0 : 1] > 0 else {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "(C), (N, C) or (N, C, d1, …)", found: shape)
    }
    return try ClassScores(shape).checkedWeights(operands)
  }

  /// The shape of scores of one position a sample; throws unless they have classes.
  static func checkedRows(_ operands: OperandShapes) throws -> ClassScores {
    let shape = operands.inputs[0]
    guard shape.rank <= 2, shape.extents.last != 0 else {
      throw LayerProblem.wrongShape(tensor: "input", expected: "(C) or (N, C)", found: shape)
    }
    return try ClassScores(rows: shape).checkedWeights(operands)
  }

  /// These scores; throws unless there is one weight for each class, or none at all.
  private func checkedWeights(_ operands: OperandShapes) throws -> ClassScores {
    if let weight = operands.auxiliary["weight"], weight != [classes] {
      throw LayerProblem.wrongShape(
        tensor: "auxiliary/weight", expected: "(\(classes),)", found: weight)
    }
    return self
  }

  /// Whether a target has one class index for each position.
  func areIndices(_ target: Shape) -> Bool {
    target == positions || (positions.rank == 0 && target == [1])
  }

  /// Throws unless each index is a class or the one that is ignored.
  func checkIndices<S: Scalar>(_ target: Tensor<S>, ignoring ignored: Int? = nil) throws {
    for (offset, index) in target.elements.enumerated() {
      let value = index.value
      let isClass = value >= 0 && value < Double(classes) && value == value.rounded()
      guard isClass || ignored.map({ value == Double($0) }) ?? false else {
        throw LayerProblem.wrongValue(
          tensor: "target", index: target.shape.index(at: offset), value: value,
          allowed: "a class from 0 to \(classes - 1)"
            + (ignored.map { ", or \($0) to ignore it," } ?? ""))
      }
    }
  }

  /// The class at each position; nil where it is ignored.
  func labels<S: Scalar>(_ target: Tensor<S>, ignoring ignored: Int?) -> [Int?] {
    target.elements.map { index in
      guard let label = Int(exactly: index.value) else {
        preconditionFailure("the class index \(index.value) was not checked")
      }
      return label == ignored ? nil : label
    }
  }
}
