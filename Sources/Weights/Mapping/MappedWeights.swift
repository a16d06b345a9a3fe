import Text

/// A file read by a mapping file: nothing is guessed, and nothing is detected.
public struct MappedWeights: WeightFormat {
  /// What `--map` is called in reports.
  public let name = "map"
  private let map: WeightMap

  /// Reads by a map.
  public init(_ map: WeightMap) { self.map = map }

  /// Nobody but the user chooses it.
  public func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? { nil }

  /// The tensors that the map names; the others are unused.
  public func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    let stored = try file.storedWeights()
    var bySource: [[UInt8]: StoredWeight] = [:]
    for weight in stored { bySource[Array(weight.source.utf8)] = weight }
    var listing = WeightListing()
    var used: Set<[UInt8]> = []
    for entry in map.entries {
      // Two tensors may be made of one dataset: the rows of moments.
      let (part, whole) =
        bySource[Array(entry.source.utf8)] == nil
        ? MomentRow.named(entry.source) : (nil, entry.source)
      let key = Array(whole.utf8)
      guard let weight = bySource[key].flatMap({ part == nil ? $0 : part?.of($0) }) else {
        let closest = NearMiss.closest(to: entry.source, among: stored.map(\.source))
        listing.problems.append(
          WeightProblem(source: entry.source, .unknownSource(closest: closest)))
        continue
      }
      used.insert(key)
      listing.tensors.append(
        WeightTensor(
          weight, layer: entry.layer, parameter: entry.parameter, role: entry.role,
          conversion: entry.conversion))
    }
    for weight in stored where !used.contains(Array(weight.source.utf8)) {
      listing.unused.append(.init(weight.source, "not in the map", isLeftOver: true))
    }
    return listing
  }
}
