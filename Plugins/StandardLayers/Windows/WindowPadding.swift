import LayerKit

/// How far an image is extended at both ends of each of its spatial axes.
enum WindowPadding: Hashable, Sendable {
  /// So many cells before the first and after the last cell of each axis.
  case cells(begin: [Int], end: [Int])
  /// As many cells as keep the extent for stride 1; an odd one stands at the end.
  case same

  /// The cells before the first and after the last cell of one axis.
  func ends(axis: Int, effectiveKernel: Int) -> (begin: Int, end: Int) {
    switch self {
    case .cells(let begin, let end):
      return (begin[axis], end[axis])
    case .same:
      let total = effectiveKernel - 1
      return (total / 2, total - total / 2)
    }
  }

  /// The padding as a file states it.
  var stated: HyperparameterValue {
    switch self {
    case .cells(let begin, let end): .list((begin + end).map { .integer($0) })
    case .same: "same"
    }
  }
}

extension ClosedRange<Int> {
  /// What a stride, a padding or a dilation may be: far more than any image has cells, and so
  /// little that no extent computed from it overflows.
  static func cells(from least: Int) -> ClosedRange<Int> { least...(1 << 20) }
}

extension HyperparameterReader {
  /// `padding`: one number, one for each axis, or the begin of each axis and then the end of each.
  ///
  /// The word `"valid"` stands for none, and `"same"` for as much as keeps the extent, which has a
  /// meaning only where every stride is 1.
  mutating func padding(stride: [Int]) -> WindowPadding {
    let axes = stride.count
    let none = WindowPadding.cells(
      begin: [Int](repeating: 0, count: axes), end: [Int](repeating: 0, count: axes))
    guard let value = value("padding") else { return none }
    if let word = value.asText {
      switch word {
      case "same":
        if stride.contains(where: { $0 != 1 }) {
          report(
            .outOfRange(
              hyperparameter: "stride", allowed: "1 together with the padding \"same\"",
              found: .list(stride.map { .integer($0) })))
        }
        return .same
      case "valid": return none
      default:
        report(
          .outOfRange(
            hyperparameter: "padding", allowed: "numbers, \"same\" or \"valid\"", found: value))
        return none
      }
    }
    let before = problems.count
    guard let numbers = optionalIntegers("padding", in: .cells(from: 0)),
      [1, axes, 2 * axes].contains(numbers.count)
    else {
      if problems.count == before {
        let expected =
          axes == 1 ? "1 or 2 whole numbers" : "1, \(axes) or \(2 * axes) whole numbers"
        report(.wrongType(hyperparameter: "padding", expected: expected, found: value))
      }
      return none
    }
    switch numbers.count {
    case 2 * axes:
      return .cells(begin: Array(numbers.prefix(axes)), end: Array(numbers.suffix(axes)))
    case axes:
      return .cells(begin: numbers, end: numbers)
    default:
      let all = [Int](repeating: numbers[0], count: axes)
      return .cells(begin: all, end: all)
    }
  }
}
