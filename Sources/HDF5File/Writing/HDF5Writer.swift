// HDF5Writer.swift
// libhdf5 reports a full disk when an object is closed: every close is checked, and only then does
// the file take its name. Killed at any time, what was there before is still there.

internal import CHDF5

/// Writes a new file, which appears under its name when it is whole, or not at all.
public struct HDF5Writer: ~Copyable {
  private let temporary: TemporaryFile
  private let file: Handle

  /// Begins a file that is to take this path.
  public init(path: String) throws(HDF5Error) {
    do throws(HDF5Problem) {
      let temporary = try TemporaryFile(for: path)
      let place = temporary.path
      file = try Self.written { () throws(LibraryFailure) in
        try Handle(.file) {
          $0.H5Fcreate(place, CHDF5_truncate(), CHDF5_default(), CHDF5_default())
        }
      }
      self.temporary = temporary
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
  }

  /// Ends the file and gives it its name.
  public consuming func commit() throws(HDF5Error) {
    let path = temporary.target
    do throws(HDF5Problem) {
      let temporary = temporary
      do throws(LibraryFailure) {
        try file.close()
      } catch {
        throw HDF5Problem(error.reason(in: .write), frames: error.frames)
      }
      try temporary.commit()
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
  }

  // MARK: Objects

  /// Creates a group, and those above it that are missing: `"layers/conv1"`.
  public borrowing func group(_ path: String) throws(HDF5Error) {
    try at(path) { names throws(LibraryFailure) in
      var above = ""
      for name in names {
        above += "/" + name
        let place = above
        let file = file.id
        guard try Library.call({ $0.H5Lexists(file, place, CHDF5_default()) }) == 0 else {
          continue
        }
        let group = try Handle(.group) {
          $0.H5Gcreate2(file, place, CHDF5_default(), CHDF5_default(), CHDF5_default())
        }
        try group.close()
      }
    }
  }

  /// Writes an attribute of an object that exists; `""` is the root.
  public borrowing func attribute(
    _ name: String, of path: String = "", _ value: AttributeValue
  ) throws(HDF5Error) {
    try at(path) { names throws(LibraryFailure) in
      let file = file.id
      let place = "/" + names.joined(separator: "/")
      let object = try Handle(.object) { $0.H5Oopen(file, place, CHDF5_default()) }
      try AttributeForm(value).write(name, to: object.id)
      try object.close()
    }
  }

  /// Writes a dataset, and the groups above it that are missing.
  ///
  /// - Parameters:
  ///   - path: where, `"layers/conv1/parameters/weight"`.
  ///   - elements: the numbers in row-major order, as many as the shape needs.
  ///   - shape: the length of each axis; none for a scalar.
  ///   - compression: shape of the chunks that are shuffled and gzipped; nil for contiguous.
  /// - Throws: what libhdf5 refused, at this path.
  public borrowing func dataset<Element: WritableElement>(
    _ path: String, _ elements: [Element], shape: [Int], compression: DatasetCompression? = nil
  ) throws(HDF5Error) {
    precondition(elements.count == shape.reduce(1, *), "as many elements as the shape needs")
    let names = path.split(separator: "/")
    if names.count > 1 { try group(names.dropLast().joined(separator: "/")) }
    try at(path) { names throws(LibraryFailure) in
      let form = DatasetForm(shape: shape, compression: compression)
      let place = "/" + names.joined(separator: "/")
      try form.write(elements, to: file.id, at: place)
    }
  }

  /// Makes a second name for an object: a hard link.
  public borrowing func link(_ path: String, to existing: String) throws(HDF5Error) {
    let names = path.split(separator: "/")
    if names.count > 1 { try group(names.dropLast().joined(separator: "/")) }
    try at(path) { names throws(LibraryFailure) in
      let file = file.id
      let new = "/" + names.joined(separator: "/")
      try Library.call {
        $0.H5Lcreate_hard(file, existing, file, new, CHDF5_default(), CHDF5_default())
      }
    }
  }

  // MARK: Failing

  private borrowing func at(
    _ path: String, _ body: ([String]) throws(LibraryFailure) -> Void
  ) throws(HDF5Error) {
    let names = path.split(separator: "/").map(String.init)
    do throws(LibraryFailure) {
      try body(names)
    } catch {
      let path = ObjectPath(names: names.compactMap { try? ObjectName(bytes: Array($0.utf8)) })
      throw HDF5Error(
        file: temporary.target, object: path, reason: error.reason(in: .write), frames: error.frames
      )
    }
  }

  private static func written<Answer: ~Copyable>(
    _ body: () throws(LibraryFailure) -> Answer
  ) throws(HDF5Problem) -> Answer {
    do throws(LibraryFailure) {
      return try body()
    } catch {
      throw HDF5Problem(error.reason(in: .write), frames: error.frames)
    }
  }
}
