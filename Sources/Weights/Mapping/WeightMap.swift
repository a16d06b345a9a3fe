/// What a user says that the tensors of a file are: a list that replaces every guess.
public struct WeightMap: Hashable, Sendable {
  /// The tensors, in the order of the file.
  public let entries: [Entry]

  /// One tensor.
  public struct Entry: Hashable, Sendable {
    /// Its path or name in the weight file.
    public let source: String
    /// The layer it belongs to.
    public let layer: String
    /// Its name there.
    public let parameter: String
    /// What it is there.
    public let role: WeightTensor.Role
    /// What makes it canonical.
    public let conversion: Conversion
  }

  /// A map of some tensors.
  public init(entries: [Entry]) { self.entries = entries }

  /// The map that gives a listing's tensors the same names and conversions, without those that
  /// stand nowhere in the file.
  public init(_ listing: WeightListing) {
    entries = listing.tensors.filter { !$0.stored.isComputed }.map {
      Entry(
        source: $0.source, layer: $0.layer, parameter: $0.parameter, role: $0.role,
        conversion: $0.conversion)
    }
  }
}
