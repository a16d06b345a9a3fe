import Text

/// The formats that are known, in the order in which they are asked.
public struct WeightFormats: Sendable {
  /// The formats.
  public let formats: [any WeightFormat]

  /// Gathers formats; names must differ.
  public init(_ formats: [any WeightFormat]) {
    precondition(Set(formats.map(\.name)).count == formats.count, "two formats of one name")
    self.formats = formats
  }

  /// The format of a name.
  public func format(named name: String) throws(WeightError) -> any WeightFormat {
    if let format = formats.first(where: { $0.name == name }) { return format }
    let closest = NearMiss.closest(to: name, among: formats.map(\.name))
    throw WeightError(
      file: nil, .unknownFormat(name, closest: closest, known: formats.map(\.name)))
  }

  /// Finds out what a file is by its content.
  ///
  /// The first format that finds a mark of its own is taken, unless names before it already look
  /// like another; what merely looks like two formats is refused with both reasons.
  public func detect(
    _ file: WeightFile
  ) throws(WeightError) -> (format: any WeightFormat, evidence: WeightEvidence) {
    var likely: [(format: any WeightFormat, evidence: WeightEvidence)] = []
    for format in formats {
      switch try format.evidence(in: file) {
      case nil: continue
      case .mark(let words)?:
        if likely.isEmpty { return (format, .mark(words)) }
        likely.append((format, .mark(words)))
      case .likeness(let words)?: likely.append((format, .likeness(words)))
      }
    }
    guard let first = likely.first else {
      throw WeightError(file: file.path, .notRecognised(file.outline))
    }
    guard likely.count == 1 else {
      throw WeightError(
        file: file.path,
        .ambiguous(likely.map { WeightCandidate(name: $0.format.name, why: $0.evidence.words) }))
    }
    return first
  }

  /// Lists the tensors of a file as a mapping file says.
  public static func listing(
    of file: WeightFile, by map: WeightMap, options: WeightReadOptions = .init()
  ) throws(WeightError) -> WeightListing {
    let format = MappedWeights(map)
    var listing = try format.listing(of: file, options: options)
    listing.format = format.name
    listing.evidence = "a mapping file was given"
    return listing.judged(options)
  }

  /// Lists the tensors of a file in the format that it has, or in the one that the user names.
  public func listing(
    of file: WeightFile, format name: String? = nil, options: WeightReadOptions = .init()
  ) throws(WeightError) -> WeightListing {
    if let name {
      var listing = try format(named: name).listing(of: file, options: options)
      listing.format = name
      listing.evidence = "the format was chosen"
      return listing.judged(options)
    }
    let (format, evidence) = try detect(file)
    var listing = try format.listing(of: file, options: options)
    listing.format = format.name
    listing.evidence = evidence.words
    return listing.judged(options)
  }
}

/// One of several formats that a file may have.
public struct WeightCandidate: Hashable, Sendable {
  /// The format.
  public let name: String
  /// What speaks for it.
  public let why: String

  /// Names a format and what speaks for it.
  public init(name: String, why: String) {
    self.name = name
    self.why = why
  }
}
