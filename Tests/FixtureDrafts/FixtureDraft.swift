public import HDF5File
import Text

/// A fixture in the making: a test changes what it wants to see judged, and writes the file.
public struct FixtureDraft {
  private var groups: [String] = []
  private var attributes: [(object: String, name: String, value: AttributeValue)] = []
  private var links: [(name: String, existing: String)] = []
  private var tensors: [(path: String, tensor: DraftTensor)] = []

  /// A fixture without layers.
  public init() {
    set("format", of: "", .word("cnn-fixture"))
    set("format_version", of: "", .word("1.0"))
  }

  /// Sets an attribute; `""` is the root.
  public mutating func set(_ name: String, of object: String = "", _ value: AttributeValue) {
    attributes.removeAll { $0.object == object && $0.name == name }
    attributes.append((object, name, value))
  }

  /// Adds a layer below `layers`, or below another group of layers: `cases/a/layers`.
  public mutating func add(
    _ kind: String, _ name: String, inputs: [String]? = nil, _ more: [String: AttributeValue] = [:],
    below folder: String = "layers"
  ) {
    let path = "\(folder)/\(name)"
    groups.append(path)
    set("type", of: path, .word(kind))
    if let inputs { set("inputs", of: path, .words(inputs)) }
    for (name, value) in more { set(name, of: path, value) }
  }

  /// Adds an empty group, which attributes and datasets may go into.
  public mutating func addGroup(_ path: String) { groups.append(path) }

  /// A dataset by its path; nil removes it.
  public subscript(path: String) -> DraftTensor? {
    get { tensors.first { $0.path == path }?.tensor }
    set {
      tensors.removeAll { $0.path == path }
      if let newValue { tensors.append((path, newValue)) }
    }
  }

  /// Changes one element of a dataset that exists.
  public mutating func change(_ path: String, at offset: Int, to value: Double) {
    precondition(self[path] != nil, "\(path) is not in the draft")
    self[path]?.elements[offset] = value
  }

  /// Gives an object a second name.
  public mutating func link(_ name: String, to existing: String) {
    links.append((name, existing))
  }

  /// Removes an attribute; `""` is the root.
  public mutating func removeAttribute(_ name: String, of object: String = "") {
    attributes.removeAll { $0.object == object && $0.name == name }
  }

  /// Writes the file.
  public func write(to path: String) throws {
    let writer = try HDF5Writer(path: path)
    for group in groups { try writer.group(group) }
    for (path, tensor) in tensors { try tensor.write(to: writer, at: path) }
    for (name, existing) in links { try writer.link(name, to: existing) }
    for (object, name, value) in attributes { try writer.attribute(name, of: object, value) }
    try writer.commit()
  }
}

extension AttributeValue {
  /// A text.
  public static func word(_ text: String) -> AttributeValue {
    .strings([UntrustedText(text)], shape: [])
  }

  /// A list of texts.
  public static func words(_ texts: [String]) -> AttributeValue {
    .strings(texts.map { UntrustedText($0) }, shape: [texts.count])
  }

  /// A number.
  public static func real(_ value: Double) -> AttributeValue { .reals([value], shape: []) }

  /// A list of whole numbers.
  public static func list(_ values: [Int]) -> AttributeValue {
    .integers(values, shape: [values.count])
  }

  /// A truth value.
  public static func truth(_ value: Bool) -> AttributeValue { .booleans([value], shape: []) }
}

extension FixtureDraft {
  /// The same numbers, all of them stored in double precision.
  public var double: FixtureDraft {
    var draft = self
    for (path, tensor) in tensors where tensor.storage == .float32 { draft[path] = tensor.double }
    return draft
  }
}
