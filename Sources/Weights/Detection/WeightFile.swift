public import HDF5File

/// A file that may hold weights: what container it is, and the way to its bytes.
public struct WeightFile: Sendable {
  /// The path, as given.
  public let path: String
  /// Bytes of the file.
  public let size: Int
  /// Its first bytes, 4,096 at most.
  public let prefix: [UInt8]
  /// What it is made of.
  public let content: Content
  /// How files are read.
  public let reading: ReadOptions

  let file: OpenFile

  /// The containers that formats are made of.
  public enum Content: Sendable {
    /// Groups and datasets.
    case hdf5(HDF5File)
    /// Members, each a file.
    case zip(ZipArchive)
    /// Neither.
    case other
  }

  /// Opens a file and finds out what container it is.
  public init(path: String, reading: ReadOptions = ReadOptions()) throws(WeightError) {
    try self.init(path: path, reading) { () throws(HDF5Problem) in try OpenFile(path: path) }
  }

  /// Finds out what container some bytes are, for instance a member of an archive.
  public init(
    content: [UInt8], name: String, reading: ReadOptions = ReadOptions()
  ) throws(WeightError) {
    try self.init(path: name, reading) { () throws(HDF5Problem) in
      try OpenFile(content: content)
    }
  }

  private init(
    path: String, _ reading: ReadOptions, _ open: () throws(HDF5Problem) -> OpenFile
  ) throws(WeightError) {
    self.path = path
    self.reading = reading
    let isHDF5: Bool
    do throws(HDF5Problem) {
      file = try open()
      size = file.size
      prefix = try file.prefix(4096, at: 0)
      isHDF5 = try Superblock.isPresent(in: file)
    } catch {
      throw WeightError(file: path, .hdf5(error))
    }
    if ZipArchive.begins(prefix) {
      do throws(WeightProblem) {
        content = .zip(try ZipArchive(file))
      } catch {
        throw WeightError(file: path, problems: [error])
      }
    } else if isHDF5, !SafetensorsHeader.begins(prefix, fileSize: size) {
      do throws(HDF5Error) {
        content = .hdf5(try HDF5File(file, path: path, options: reading))
      } catch {
        throw WeightError(error)
      }
    } else {
      content = .other
    }
  }

  /// The bytes in a range of offsets, which must lie inside the file.
  public func bytes(_ range: Range<Int>) throws(WeightError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= size else {
      throw WeightError(file: path, .outside(range, size: size))
    }
    do throws(HDF5Problem) {
      return try file.prefix(range.count, at: range.lowerBound)
    } catch {
      throw WeightError(file: path, .hdf5(error))
    }
  }

  /// Fails if the file changed since it was opened.
  public func verifyUnchanged() throws(WeightError) {
    do throws(HDF5Problem) {
      try file.verifyUnchanged()
    } catch {
      throw WeightError(file: path, .hdf5(error))
    }
  }
}
