public import HDF5File
import Interchange
import LayerKit
public import Tensors
import Text

/// One layer of a fixture with all that it computes from and one tensor of its reference, in memory.
///
/// It can be cut smaller, and written as a fixture of its own.
public struct StandaloneLayer: Sendable {
  /// A tensor and the format of its numbers, nil for integers.
  public struct Part: Sendable {
    /// The elements.
    public var values: Tensor<Double>
    /// The format.
    public var format: NumberFormat?
  }

  /// The layer's name.
  public let name: String
  /// The attributes of the layer: kind, hyper-parameters, source.
  public internal(set) var attributes: [(name: String, value: AttributeValue)]
  /// Everything that the fixture will hold, by path below the layer.
  public internal(set) var parts: [String: Part] = [:]
  /// The reference tensor that differs.
  let target: ResultTensor
  /// Its path below `reference`.
  public let targetPath: String
  /// How the reference multiplied.
  let arithmetic: Arithmetic
  /// Who computed the reference.
  let producer: UntrustedText?

  /// The paths of what the layer computes from.
  var operandPaths: [String] { parts.keys.filter { $0 != "reference/\(targetPath)" }.sorted() }

  /// How many numbers there are in all.
  public var count: Int { parts.values.reduce(0) { $0 + $1.values.count } }
}

// MARK: Loading

extension StandaloneLayer {
  /// The attributes that tie a layer to its network, or say what is expected of the whole of it.
  private static let ties: Set<String> = [
    "inputs", "index", "expected_failure", "shares_parameters_with",
  ]

  /// Takes a layer out of its fixture; throws what reading throws.
  ///
  /// The twin in double precision becomes the one reference of the new fixture.
  init(
    _ side: ReferenceSide, of fixture: Fixture, in fixtureCase: FixtureCase, target: ResultTensor
  ) throws {
    let folder = fixtureCase.name.map { "cases/\($0)/layers/" } ?? "layers/"
    let layer = side.layer
    name = layer.name
    let group = fixture.file.catalogue.root.group(folder + layer.name)
    attributes = (group?.attributes ?? []).map { ($0.name.string, $0.value) }
      .filter { !Self.ties.contains($0.0) && !$0.0.hasPrefix("x_") }
    self.target = target
    targetPath = side.path(target)
    arithmetic = side.isTwin ? .ieee : fixtureCase.arithmetic
    producer = fixtureCase.producer

    func add(_ stored: StoredTensor?, _ path: String) throws {
      guard let stored else { return }
      let format = stored.format.map { side.isTwin ? .float64 : $0 }
      parts[path] = Part(values: try stored.read(as: Double.self), format: format)
    }
    for (input, stored) in side.inputs.enumerated() { try add(stored, "reference/input.\(input)") }
    for (name, stored) in layer.parameters { try add(stored, "parameters/\(name)") }
    for (name, stored) in side.buffers { try add(stored, "buffers/\(name)") }
    for (name, stored) in layer.auxiliary { try add(stored, "auxiliary/\(name)") }
    try add(side.stored(target), "reference/\(targetPath)")
    guard target.isGradient, case .success(let upstream) = try side.upstream(as: Double.self)
    else { return }
    for (output, gradient) in upstream.enumerated() {
      let format = side.outputGradient(output)?.format ?? side.format
      parts["reference/grad_output.\(output)"] = Part(
        values: gradient, format: side.isTwin ? .float64 : format)
    }
  }

  /// The formats of numbers that cannot be written; values keep their format, on which the bounds
  /// rest.
  var unwritableFormats: Set<NumberFormat> {
    Set(parts.values.compactMap(\.format)).intersection([.float16, .bfloat16])
  }
}

// MARK: Writing

extension StandaloneLayer {
  /// Writes the layer as a fixture; `provenance` is JSON text.
  public func write(to path: String, provenance: String) throws {
    let writer = try HDF5Writer(path: path)
    func text(_ text: UntrustedText) -> AttributeValue { .strings([text], shape: []) }
    try writer.attribute("format", text(UntrustedText("cnn-fixture")))
    try writer.attribute("format_version", text(UntrustedText("1.0")))
    try writer.attribute("provenance", text(UntrustedText(provenance)))
    try writer.attribute("arithmetic", text(UntrustedText(arithmetic.rawValue)))
    if let producer { try writer.attribute("producer", text(producer)) }
    let group = "layers/\(name)"
    try writer.group(group)
    for (name, value) in attributes { try writer.attribute(name, of: group, value) }
    for (path, part) in parts.sorted(by: { $0.key < $1.key }) {
      let (place, elements) = ("\(group)/\(path)", part.values.elements)
      let shape = part.values.shape.extents
      switch part.format {
      case .float64: try writer.dataset(place, elements, shape: shape)
      case nil: try writer.dataset(place, elements.map { Int64($0) }, shape: shape)
      default: try writer.dataset(place, elements.map { Float($0) }, shape: shape)
      }
    }
    try writer.commit()
  }
}
