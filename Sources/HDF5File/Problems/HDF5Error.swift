// HDF5Error.swift
// Facts only; the sentences are made in HDF5Error+Description.swift.

public import Text

/// A file, or an object in it, that cannot be used, and why.
public struct HDF5Error: Error, Sendable {
  /// The path of the file, as given.
  public let file: String
  /// The object concerned; nil for the file as a whole.
  public let object: ObjectPath?
  /// What is wrong.
  public let reason: HDF5Reason
  /// What libhdf5 said, outermost first; empty where the finding is our own.
  public let frames: [LibraryFrame]

  package init(
    file: String, object: ObjectPath? = nil, reason: HDF5Reason, frames: [LibraryFrame] = []
  ) {
    self.file = file
    self.object = object
    self.reason = reason
    self.frames = frames
  }

  package init(file: String, object: ObjectPath?, _ problem: HDF5Problem) {
    self.init(file: file, object: object, reason: problem.reason, frames: problem.frames)
  }
}

/// What is wrong with one object; its holder knows which file and which object.
public struct HDF5Problem: Error, Hashable, Sendable {
  /// What is wrong.
  public let reason: HDF5Reason
  /// What libhdf5 said, outermost first.
  public let frames: [LibraryFrame]

  package init(_ reason: HDF5Reason, frames: [LibraryFrame] = []) {
    self.reason = reason
    self.frames = frames
  }
}

/// One line of libhdf5's error stack, copied.
public struct LibraryFrame: Hashable, Sendable {
  /// The C function.
  public let function: UntrustedText
  /// Its words; may quote names of the file.
  public let description: UntrustedText
  /// The class of the error.
  public let major: UntrustedText
  /// The error within its class.
  public let minor: UntrustedText
}

/// Something worth saying about a file that is in order.
public enum FileRemark: Hashable, Sendable {
  /// The file goes on after the end that its superblock states.
  case bytesAfterEnd(Int)
  /// Bytes before the superblock.
  case userBlock(Int)
}
