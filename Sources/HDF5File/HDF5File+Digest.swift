extension HDF5File {
  /// The SHA-256 of the file's bytes, in hexadecimal digits.
  ///
  /// - Throws: `HDF5Error` where the file can no longer be read.
  public func sha256() throws(HDF5Error) -> String {
    var digest = SHA256()
    do throws(HDF5Problem) {
      for offset in stride(from: 0, to: size, by: 1 << 20) {
        digest.update(try file.prefix(1 << 20, at: offset))
      }
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
    return digest.finish()
  }
}
