import HDF5File

/// A safetensors file: names as in a PyTorch `state_dict`, axes as they are.
struct SafetensorsWeights: WeightFormat {
  let name = "safetensors"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    SafetensorsHeader.begins(file.prefix, fileSize: file.size)
      ? .mark("it begins with the length of a JSON object and that object") : nil
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    let header = try SafetensorsHeader(of: file)
    let declared = header.entries.reduce(0) { $0 + $1.bytes.count }
    guard declared <= file.reading.budgetBytes else {
      throw WeightError(
        file: file.path, .tooLarge(bytes: declared, limit: file.reading.budgetBytes))
    }
    let stored = header.entries.map { Self.stored($0, in: file) }
    let producer = header.metadata.first { $0.key == "format" }.map { "written by \($0.value)" }
    return StateDictNames.listing(stored, generation: producer)
  }

  static func stored(_ entry: SafetensorsHeader.Entry, in file: WeightFile) -> StoredWeight {
    guard let type = Safetensors.type(entry.dtype) else {
      return StoredWeight(
        source: entry.name, shape: entry.shape, type: .other(entry.dtype),
        problem: WeightProblem(source: entry.name, .unsupportedType(entry.dtype)),
        elements: KnownElements(.integers([])))
    }
    return StoredWeight(
      source: entry.name, shape: entry.shape, type: type,
      elements: RawElements(
        source: entry.name, type: type, order: .littleEndian, range: entry.bytes, file: file))
  }
}
