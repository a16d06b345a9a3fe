// Handle.swift

internal import CHDF5

/// The only owner of one libhdf5 id.
struct Handle: ~Copyable {
  /// What an id stands for, which decides how it is closed.
  enum Kind {
    case file
    case object
    case group
    case dataset
    case attribute
    case type
    case space
    case properties
  }

  /// The id, for the duration of a call.
  let id: hid_t
  private let kind: Kind

  /// Takes over the id that `body` returns.
  init(_ kind: Kind, _ body: (CHDF5_library) -> hid_t) throws(LibraryFailure) {
    id = try Library.call(body)
    self.kind = kind
  }

  deinit {
    // A failure to close what was only read loses nothing; what was written is closed by `close`.
    _ = try? Self.release(id, kind)
  }

  /// Closes, and says so if that fails: what was written may then be lost.
  consuming func close() throws(LibraryFailure) {
    let id = id
    let kind = kind
    discard self
    try Self.release(id, kind)
  }

  private static func release(_ id: hid_t, _ kind: Kind) throws(LibraryFailure) {
    try Library.call { library in
      switch kind {
      case .file: library.H5Fclose(id)
      case .object: library.H5Oclose(id)
      case .group: library.H5Gclose(id)
      case .dataset: library.H5Dclose(id)
      case .attribute: library.H5Aclose(id)
      case .type: library.H5Tclose(id)
      case .space: library.H5Sclose(id)
      case .properties: library.H5Pclose(id)
      }
    }
  }
}
