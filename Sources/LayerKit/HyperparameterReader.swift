import Text

/// Hands the hyper-parameters of one layer to its initialiser and collects all that is wrong.
///
/// Each method names a hyper-parameter, its default and its range, and returns its value or, if
/// that is missing or wrong, a placeholder. Names that nobody asked for are unknown.
public struct HyperparameterReader {
  private let values: [String: HyperparameterValue]
  private var known: [String] = []
  /// Everything wrong so far, in the order of reading.
  public private(set) var problems: [LayerProblem] = []
  /// What every hyper-parameter that was asked for means, defaults included, in the order of reading.
  public private(set) var understood: [(name: String, value: String)] = []
  /// The sizes that were stated although the tensors say them too.
  private var declared: [String: HyperparameterValue] = [:]

  /// Makes a reader of the stated hyper-parameters.
  public init(_ values: [String: HyperparameterValue]) { self.values = values }

  // MARK: Single values

  /// A whole number.
  public mutating func integer(
    _ name: String, default placeholder: Int? = nil, in range: ClosedRange<Int>
  ) -> Int {
    integers(name, count: 1, default: placeholder.map { [$0] }, in: range)[0]
  }

  /// A whole number that may be `None`.
  public mutating func optionalInteger(
    _ name: String, default placeholder: Int? = nil, in range: ClosedRange<Int>
  ) -> Int? {
    guard let value = take(name) else { return note(name, placeholder) }
    guard !value.isNone else { return note(name, nil) }
    return integer(name, default: placeholder, in: range)
  }

  /// A real number; NaN is never allowed, and infinity only where the range includes it.
  public mutating func real(
    _ name: String, default placeholder: Double? = nil,
    in range: ClosedRange<Double> = -(.greatestFiniteMagnitude)...(.greatestFiniteMagnitude)
  ) -> Double {
    guard let value = required(name, hasDefault: placeholder != nil) else {
      return note(name, placeholder ?? range.lowerBound)
    }
    guard let number = value.asReal else {
      report(.wrongType(hyperparameter: name, expected: "a number", found: value))
      return placeholder ?? range.lowerBound
    }
    guard range.contains(number) else {
      report(
        .outOfRange(hyperparameter: name, allowed: Self.describe(range), found: value))
      return placeholder ?? range.lowerBound
    }
    return note(name, number)
  }

  /// A real number that may be `None`, which has a meaning of its own.
  public mutating func optionalReal(
    _ name: String, default placeholder: Double?,
    in range: ClosedRange<Double> = -(.greatestFiniteMagnitude)...(.greatestFiniteMagnitude)
  ) -> Double? {
    guard let value = take(name) else { return note(name, placeholder) }
    guard !value.isNone else { return note(name, nil) }
    return real(name, default: placeholder, in: range)
  }

  /// A truth value.
  public mutating func boolean(_ name: String, default placeholder: Bool) -> Bool {
    guard let value = take(name) else { return note(name, placeholder) }
    guard let truth = value.asBoolean else {
      report(.wrongType(hyperparameter: name, expected: "true or false", found: value))
      return placeholder
    }
    return note(name, truth)
  }

  /// One of a few words, which are the raw values of an enumeration.
  public mutating func word<Choice>(
    _ name: String, default placeholder: Choice
  ) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
    guard let value = take(name) else {
      note(name, text: "\"\(placeholder.rawValue)\"")
      return placeholder
    }
    let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    guard let text = value.asText else {
      report(.wrongType(hyperparameter: name, expected: "one of \(words)", found: value))
      return placeholder
    }
    guard let choice = Choice(rawValue: text) else {
      report(.outOfRange(hyperparameter: name, allowed: "one of \(words)", found: value))
      return placeholder
    }
    note(name, text: "\"\(choice.rawValue)\"")
    return choice
  }

  // MARK: Lists

  /// `count` whole numbers; one number serves for all.
  public mutating func integers(
    _ name: String, count: Int, default placeholder: [Int]? = nil, in range: ClosedRange<Int>
  ) -> [Int] {
    let fallback =
      placeholder ?? [Int](repeating: min(max(1, range.lowerBound), range.upperBound), count: count)
    guard let value = required(name, hasDefault: placeholder != nil) else {
      return note(name, fallback)
    }
    guard let numbers = list(name, value, in: range) else { return fallback }
    if numbers.count == count { return note(name, numbers) }
    guard numbers.count == 1 else {
      let expected = count == 1 ? "one whole number" : "1 or \(count) whole numbers"
      report(.wrongType(hyperparameter: name, expected: expected, found: value))
      return fallback
    }
    return note(name, [Int](repeating: numbers[0], count: count))
  }

  /// Any number of whole numbers; nil where it is absent or `None`.
  public mutating func optionalIntegers(_ name: String, in range: ClosedRange<Int>) -> [Int]? {
    guard let value = take(name), !value.isNone else { return note(name, nil) }
    return list(name, value, in: range).map { note(name, $0) }
  }

  private mutating func list(
    _ name: String, _ value: HyperparameterValue, in range: ClosedRange<Int>
  ) -> [Int]? {
    let numbers = value.elements.map(\.asInteger)
    guard !numbers.contains(nil) else {
      report(.wrongType(hyperparameter: name, expected: "whole numbers", found: value))
      return nil
    }
    guard numbers.allSatisfy({ $0.map(range.contains) ?? false }) else {
      report(.outOfRange(hyperparameter: name, allowed: Self.describe(range), found: value))
      return nil
    }
    return numbers.compactMap { $0 }
  }

  // MARK: Names without a value for the computation

  /// Accepts arguments that change no number: `inplace`, `device`, `dtype`.
  public mutating func ignore(_ names: String...) { known += names }

  /// Accepts sizes that the tensors say too; `DeclaredSizes` holds them against the tensors.
  public mutating func declaredSizes(_ names: String...) -> DeclaredSizes {
    for name in names { declared[name] = take(name) }
    return DeclaredSizes(declared)
  }

  /// The raw value of a hyper-parameter that a layer reads in its own way; nil where it is absent.
  public mutating func value(_ name: String) -> HyperparameterValue? { note(name, take(name)) }

  /// Records something wrong that only the layer can see.
  public mutating func report(_ problem: LayerProblem) { problems.append(problem) }

  /// Everything wrong, once all has been read: unknown names included, in alphabetical order.
  public func finish() -> [LayerProblem] {
    let unknown = values.keys.filter { !known.contains($0) }.sorted()
    return problems
      + unknown.map {
        .unknownHyperparameter($0, closest: NearMiss.closest(to: $0, among: known))
      }
  }

  // MARK: Parts

  /// Remembers what a hyper-parameter means, and hands it on.
  private mutating func note<Value: CustomStringConvertible>(
    _ name: String, _ value: Value
  ) -> Value {
    note(name, text: value.description)
    return value
  }

  private mutating func note<Value: CustomStringConvertible>(
    _ name: String, _ value: Value?
  ) -> Value? {
    note(name, text: value?.description ?? "none")
    return value
  }

  private mutating func note(_ name: String, _ value: [Int]) -> [Int] {
    note(name, text: value.count == 1 ? "\(value[0])" : "\(value)")
    return value
  }

  private mutating func note(_ name: String, text: String) {
    if understood.contains(where: { $0.name == name }) { return }
    understood.append((name, text))
  }

  private mutating func take(_ name: String) -> HyperparameterValue? {
    known.append(name)
    return values[name]
  }

  private mutating func required(_ name: String, hasDefault: Bool) -> HyperparameterValue? {
    if let value = take(name) { return value }
    if !hasDefault { report(.missingHyperparameter(name)) }
    return nil
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
  }

  private static func describe(_ range: ClosedRange<Double>) -> String {
    let above = range.upperBound >= .greatestFiniteMagnitude
    let below = range.lowerBound <= -.greatestFiniteMagnitude
    return switch (below, above) {
    case (true, true): "a finite number"
    case (false, true): "\(range.lowerBound) or more"
    case (true, false): "\(range.upperBound) or less"
    case (false, false): "\(range.lowerBound) to \(range.upperBound)"
    }
  }
}
