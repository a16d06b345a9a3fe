import HDF5File
import Text

/// Where the tensors of a listing stand in a file of the fixture format.
///
/// A `/` or `:` in a name becomes a `.`; two names that become the same are an error.
public struct FixtureLayout: Sendable {
  /// A tensor and its path.
  public struct Place: Sendable {
    /// The tensor.
    public let tensor: WeightTensor
    /// Its path, `layers/conv1/parameters/weight`.
    public let path: String
  }

  /// The tensors that can be used, in the order of the listing.
  public let places: [Place]
  /// The kinds of layers that are known, by the path of their group.
  public let kinds: [(path: String, kind: String)]

  /// Finds a place for every tensor, or tells all that have none.
  public init(_ listing: WeightListing, file: String) throws(WeightError) {
    var places: [Place] = []
    var problems: [WeightProblem] = []
    var owners: [String: String] = [:]
    for tensor in listing.tensors where tensor.problem == nil {
      let folder = tensor.role == .buffer ? "buffers" : "parameters"
      guard let layer = Self.name(tensor.layer), let parameter = Self.name(tensor.parameter) else {
        problems.append(WeightProblem(source: tensor.source, .noName))
        continue
      }
      let path = "layers/\(layer)/\(folder)/\(parameter)"
      if let other = owners.updateValue(tensor.source, forKey: path) {
        problems.append(
          WeightProblem(
            source: tensor.source, .sameTensor(layer: layer, parameter: parameter, other: other)))
      }
      places.append(Place(tensor: tensor, path: path))
    }
    guard problems.isEmpty else { throw WeightError(file: file, problems: problems) }
    self.places = places
    let layers = Set(places.compactMap { Self.name($0.tensor.layer) })
    kinds = listing.kinds.compactMap { name, kind in
      Self.name(name).flatMap { layers.contains($0) ? ("layers/\($0)", kind) : nil }
    }.sorted { $0.0 < $1.0 }
  }

  /// A name that an HDF5 link can have; nil where there is none.
  private static func name(_ name: String) -> String? {
    let bytes = name.utf8.map { byte in
      byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") ? UInt8(ascii: ".") : byte
    }
    // HDF5 reads a path of one dot as the group itself.
    guard bytes != [UInt8(ascii: ".")], let valid = try? ObjectName(bytes: bytes) else {
      return nil
    }
    return valid.string
  }

  /// Writes all tensors into a new file, which appears when it is whole.
  ///
  /// `content` gives the elements of each tensor, which are read one at a time.
  public func write(
    to path: String, _ content: (WeightTensor) throws -> WeightContent
  ) throws {
    let writer = try HDF5Writer(path: path)
    try writer.group("layers")
    for place in places {
      let content = try content(place.tensor)
      switch content.values {
      case .float32(let elements): try writer.dataset(place.path, elements, shape: content.shape)
      case .float64(let elements): try writer.dataset(place.path, elements, shape: content.shape)
      case .integers(let elements): try writer.dataset(place.path, elements, shape: content.shape)
      }
    }
    for (path, kind) in kinds {
      try writer.attribute("type", of: path, .strings([UntrustedText(kind)], shape: []))
    }
    for (name, value) in [("format", "cnn-fixture"), ("format_version", "1.0")] {
      try writer.attribute(name, .strings([UntrustedText(value)], shape: []))
    }
    try writer.commit()
  }
}
