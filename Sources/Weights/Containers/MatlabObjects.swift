// MatlabObjects.swift
// Source: how files of `save -v7.3` look (general knowledge of the layout, read in several readers'
// sources and checked against files that imitate it, not against MATLAB).

import HDF5File
import Text

/// What a MATLAB value is stored as.
enum MatlabObject {
  /// A numeric array, text, or a cell array: the path at which it was met, and the dataset.
  case array(String, Dataset)
  /// A structure, each field a member; an array of structures has a dataset of references for each.
  case structure(String, Group)

  /// Where it is in the file: untrusted text.
  var path: String {
    switch self {
    case .array(let path, _), .structure(let path, _): path
    }
  }
}

/// The values of a MATLAB v7.3 file, and what their references lead to.
///
/// Axes are reversed (a column-major writer), text is UTF-16 in `uint16`, a cell array is a dataset
/// of references into `/#refs#`, and an empty value is a dataset of its extents with the attribute
/// `MATLAB_empty`.
struct MatlabObjects {
  let file: HDF5File
  private var objects: [UInt64: MatlabObject] = [:]
  /// Every group once, the root first, by the path at which it was met.
  private(set) var groups: [(path: String, group: Group)] = []
  /// Every dataset once.
  private(set) var datasets: [(path: String, dataset: Dataset)] = []

  init(_ file: HDF5File) {
    self.file = file
    visit(file.catalogue.root, at: "")
  }

  private mutating func visit(_ group: Group, at path: String) {
    guard objects.updateValue(.structure(path, group), forKey: group.objectID) == nil else {
      return
    }
    groups.append((path, group))
    for (name, dataset) in group.datasets where objects[dataset.objectID] == nil {
      let place = "\(path)/\(name.string)"
      objects[dataset.objectID] = .array(place, dataset)
      datasets.append((place, dataset))
    }
    for (name, child) in group.groups { visit(child, at: "\(path)/\(name.string)") }
  }

  // MARK: Attributes

  /// The attribute `MATLAB_class`: `single`, `cell`, the name of a class of objects.
  static func matlabClass(_ attribute: AttributeValue?) -> String? {
    guard case .strings(let names, _)? = attribute, names.count == 1 else { return nil }
    return names[0].validated
  }

  private static func isNumber(_ attribute: AttributeValue?, in range: ClosedRange<Int>) -> Bool {
    guard case .integers(let values, _)? = attribute, values.count == 1 else { return false }
    return range.contains(values[0])
  }

  /// Whether a value holds nothing; its elements are then its extents.
  static func isEmpty(_ dataset: Dataset) -> Bool {
    isNumber(dataset.attribute("MATLAB_empty"), in: 1...1) || dataset.shape.contains(0)
  }

  /// The name of the class, where a value is an object that only MATLAB can read.
  static func opaqueClass(_ dataset: Dataset) -> String? {
    // 1 is a function, 2 an object, 3 an opaque object.
    guard isNumber(dataset.attribute("MATLAB_object_decode"), in: 2...3) else { return nil }
    return matlabClass(dataset.attribute("MATLAB_class")) ?? "an object"
  }

  // MARK: Values

  /// The value of a field of a structure.
  func field(_ name: String, of group: Group, at path: String) -> MatlabObject? {
    if let dataset = group.dataset(name) { return .array("\(path)/\(name)", dataset) }
    return group.group(name).map { .structure("\(path)/\(name)", $0) }
  }

  /// The elements of a cell array in MATLAB's order; an empty one has none.
  func cells(
    _ dataset: Dataset, at path: String, limit: Int
  ) throws(WeightProblem) -> [MatlabObject] {
    if Self.isEmpty(dataset) { return [] }
    guard dataset.isReference else {
      throw WeightProblem(source: path, .malformed("it holds no references"))
    }
    guard dataset.count <= limit else {
      throw WeightProblem(source: path, .malformed("it has more than \(limit) elements"))
    }
    // More than one axis that is not 1 would need their order; none of these arrays has it.
    guard dataset.shape.count(where: { $0 != 1 }) <= 1 else {
      throw WeightProblem(source: path, .malformed("it is no row or column"))
    }
    let references: [UInt64]
    do throws(HDF5Error) {
      references = try file.references(dataset)
    } catch {
      throw WeightProblem(
        source: path, .hdf5(HDF5Problem(error.reason, frames: error.frames)))
    }
    var found: [MatlabObject] = []
    for (index, reference) in references.enumerated() {
      guard let object = objects[reference] else {
        throw WeightProblem(
          source: path, .malformed("its reference \(index) leads to no object of the file"))
      }
      found.append(object)
    }
    return found
  }

  /// One field of every element of an array of structures; a single structure holds its value.
  func column(
    _ name: String, of group: Group, at path: String, limit: Int
  ) throws(WeightProblem) -> [MatlabObject] {
    guard let value = field(name, of: group, at: path) else { return [] }
    guard case .array(let path, let dataset) = value, dataset.isReference,
      // The references of an array of structures are no cell array: they have no class.
      Self.matlabClass(dataset.attribute("MATLAB_class")) == nil
    else { return [value] }
    return try cells(dataset, at: path, limit: limit)
  }

  /// The words of a text; nil where it is none, or longer than a name is.
  func text(_ object: MatlabObject?) -> String? {
    guard case .array(_, let dataset)? = object, dataset.elementType == .uint16,
      Self.matlabClass(dataset.attribute("MATLAB_class")) ?? "char" == "char",
      !Self.isEmpty(dataset), dataset.problem == nil, dataset.count <= 4096,
      let units: [Int64] = try? file.read(dataset)
    else { return nil }
    return String(decoding: units.map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self)
  }

  /// The few numbers of a setting, in MATLAB's order; nil where it is none.
  func setting(_ object: MatlabObject?) -> [Double]? {
    guard case .array(let path, let dataset)? = object, !Self.isEmpty(dataset),
      Self.matlabClass(dataset.attribute("MATLAB_class")) != "char",
      dataset.problem == nil, dataset.count <= 8,
      let values = try? StoredWeight(dataset, at: path, of: file).values()
    else { return nil }
    return values.doubles
  }
}
