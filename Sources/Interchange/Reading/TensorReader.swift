// TensorReader.swift

import HDF5File
import LayerKit
import Tensors
import Text

/// What one place of a fixture yields besides tensors: problems, and what cannot be read.
struct Findings {
  /// What is wrong.
  var problems: ProblemList
  /// Tensors that the file declares and that cannot be read.
  var unavailable: [UnavailableTensor] = []
  /// Paths of what is ignored; an attribute stands behind an `@`.
  var ignored: [String] = []

  init(_ problems: ProblemList) { self.problems = problems }

  /// Lists an object that is ignored.
  mutating func ignore(_ object: ObjectPath) { ignored.append(object.string) }

  /// Lists an attribute that is ignored.
  mutating func ignore(attribute: ObjectName, of object: ObjectPath) {
    ignored.append("\(object.string)@\(attribute.string)")
  }
}

/// Turns a dataset into a tensor in canonical order, or says why it is none.
struct TensorReader {
  /// The file that the datasets are in.
  let file: HDF5File

  /// What the elements may be.
  enum Elements {
    /// Floating-point numbers.
    case floatingPoint
    /// Any numbers: indices and masks may be integers.
    case any
  }

  /// The attributes that a dataset may have.
  private static let attributeNames = ["axes", "logical_dtype"]

  /// The largest product of extents, those of a tensor without elements included.
  private static let largestProduct = 1 << 48

  /// The tensor; nil where it cannot be read or something is wrong with it.
  func tensor(
    _ dataset: Dataset, at path: ObjectPath, role: Axes.Role, elements: Elements,
    _ findings: inout Findings
  ) -> StoredTensor? {
    var attributes = AttributeReader(dataset.attributes, of: path)
    let before = findings.problems.problems.count
    let letters = attributes.word("axes", &findings.problems)
    attributes.ignore("logical_dtype")
    attributes.finish(among: Self.attributeNames, &findings)
    if let problem = dataset.problem {
      findings.unavailable.append(UnavailableTensor(path: path.string, problem: problem))
      return nil
    }
    let order = letters.flatMap {
      storedOrder(
        $0, dataset, at: path, role, &findings.problems)
    }
    if elements == .floatingPoint, !dataset.elementType.isFloatingPoint {
      findings.problems.report(.notFloatingPoint(found: dataset.elementType.name), at: path)
    }
    guard let shape = Self.shape(dataset.shape) else {
      findings.problems.report(.extents(dataset.shape), at: path)
      return nil
    }
    guard findings.problems.problems.count == before else { return nil }
    guard let order, order != Array(0..<order.count) else {
      return StoredTensor(path: path, shape: shape, order: nil, dataset: dataset, file: file)
    }
    return StoredTensor(
      path: path, shape: Shape(order.map { shape[$0] }), order: order, dataset: dataset, file: file)
  }

  private func storedOrder(
    _ letters: String, _ dataset: Dataset, at path: ObjectPath, _ role: Axes.Role,
    _ problems: inout ProblemList
  ) -> [Int]? {
    do throws(AxesProblem) {
      return try Axes(letters, rank: dataset.shape.count, role: role).order
    } catch {
      problems.report(.axes(letters, error), at: path)
      return nil
    }
  }

  /// The shape, unless its extents multiply to more than anything can hold.
  private static func shape(_ extents: [Int]) -> Shape? {
    var product = 1
    for extent in extents where extent != 0 {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, extent > 0, next <= largestProduct else { return nil }
      product = next
    }
    return Shape(extents)
  }
}

extension AttributeReader {
  /// Reports the attributes that nobody asked for, and lists those that are to be ignored.
  func finish(among names: [String], _ findings: inout Findings) {
    for attribute in ignored { findings.ignore(attribute: attribute.name, of: object) }
    for attribute in others {
      findings.problems.report(
        .unknownAttribute(
          attribute.name.string, closest: NearMiss.closest(to: attribute.name.string, among: names)),
        at: object)
    }
  }
}

extension ObjectPath {
  /// The path as a string of untrusted text.
  var string: String { text.validated ?? "" }
}
