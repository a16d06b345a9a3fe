import HDF5File

extension WeightFile {
  /// All tensors as they stand in the file, without any meaning: what a mapping file refers to.
  ///
  /// Datasets go by their paths, tensors of a safetensors file by their names, arrays of an archive
  /// by their members' names without `.npy`.
  public func storedWeights() throws(WeightError) -> [StoredWeight] {
    switch content {
    case .hdf5(let file): return file.storedWeights
    case .zip(let archive):
      guard let inner = try opening("model.weights.h5", of: archive) else {
        return try NpzWeights.stored(in: self)
      }
      return try inner.storedWeights()
    case .other:
      return try SafetensorsHeader(of: self).entries.map { SafetensorsWeights.stored($0, in: self) }
    }
  }

  /// A member of an archive as a file of its own; nil where there is none of this name.
  func opening(_ name: String, of archive: ZipArchive) throws(WeightError) -> WeightFile? {
    guard let member = archive.member(name) else { return nil }
    let bytes: [UInt8]
    do throws(WeightProblem) {
      bytes = try archive.content(of: member, limit: reading.budgetBytes)
    } catch {
      throw WeightError(file: path, problems: [error])
    }
    return try WeightFile(content: bytes, name: path, reading: reading)
  }
}
