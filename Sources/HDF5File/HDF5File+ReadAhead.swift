extension HDF5File {
  /// Asks the system to fetch the bytes of a dataset, so that a later `read` need not wait for the
  /// disk.
  ///
  /// They go to the system's own cache, not to the memory of this process. Of a dataset with a
  /// problem nothing is fetched; a system that cannot fetch ahead is no error.
  ///
  /// - Parameters:
  ///   - dataset: a dataset of this file.
  ///   - limit: the largest number of bytes to ask for.
  /// - Returns: the number of bytes asked for.
  @discardableResult
  public func fetch(_ dataset: Dataset, limit: Int = .max) -> Int {
    guard dataset.problem == nil else { return 0 }
    switch dataset.storage {
    case .none, .compact: return 0
    case .contiguous(let offset):
      return file.fetch(min(limit, dataset.count * (dataset.storedWidth ?? 1)), at: offset)
    case .chunked(let grid):
      var fetched = 0
      for chunk in grid.chunks where fetched < limit {
        fetched += file.fetch(min(limit - fetched, chunk.size), at: chunk.offset)
      }
      return fetched
    }
  }
}
