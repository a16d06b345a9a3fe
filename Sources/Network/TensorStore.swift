import Glibc
package import Tensors

/// Tensors that a run has to keep for later: some in memory, the rest in a file.
///
/// The file has no name and vanishes with the process, so that memory follows the largest layer
/// and not the length of the network.
package struct TensorStore<S: FloatingScalar> {
  /// Which tensor: an output of a node, or the gradient of one of its inputs.
  package struct Key: Hashable {
    let node: Int
    let index: Int

    package init(node: Int, index: Int) {
      self.node = node
      self.index = index
    }
  }

  private enum Place {
    case memory(Tensor<S>)
    case file(offset: Int, shape: Shape)
  }

  private var places: [Key: Place] = [:]
  private let file: ScratchFile
  private var end = 0
  /// The bytes of the tensors that are in memory.
  package private(set) var bytesInMemory = 0

  package init() throws { file = try ScratchFile() }

  /// Keeps a tensor: in memory where all that is there takes no more than `limit` bytes with it.
  package mutating func insert(
    _ tensor: Tensor<S>, for key: Key, limit: Int
  ) throws {
    let bytes = tensor.count * MemoryLayout<S>.stride
    if bytesInMemory + bytes <= limit {
      bytesInMemory += bytes
      places[key] = .memory(tensor)
      return
    }
    try tensor.elements.withUnsafeBytes { try file.write($0, at: end) }
    places[key] = .file(offset: end, shape: tensor.shape)
    end += bytes
  }

  package func tensor(for key: Key) throws -> Tensor<S>? {
    switch places[key] {
    case nil: return nil
    case .memory(let tensor): return tensor
    case .file(let offset, let shape):
      let elements = try [S](uninitializedCount: shape.count) { buffer in
        try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      }
      return Tensor(shape, elements)
    }
  }

  /// The tensor, which is not needed any more afterwards.
  package mutating func remove(_ key: Key) throws -> Tensor<S>? {
    defer { discard(key) }
    return try tensor(for: key)
  }

  /// Forgets a tensor that is not needed any more; whether there was one.
  @discardableResult
  package mutating func discard(_ key: Key) -> Bool {
    guard let place = places.removeValue(forKey: key) else { return false }
    if case .memory(let tensor) = place {
      bytesInMemory -= tensor.count * MemoryLayout<S>.stride
    }
    return true
  }
}

/// A file without a name, in the folder for temporary files.
private final class ScratchFile: Sendable {
  private let descriptor: CInt

  package init() throws {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/cnn-verify-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw ScratchFileError(folder: folder, code: errno) }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw ScratchFileError(folder: "the temporary file", code: errno) }
      done += count
    }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pread(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw ScratchFileError(folder: "the temporary file", code: errno) }
      done += count
    }
  }
}

/// The folder for temporary files refused a file or its content.
public struct ScratchFileError: Error, Sendable, CustomStringConvertible {
  /// The folder.
  public let folder: String
  /// The system's error number.
  public let code: CInt

  /// What is wrong and what to do.
  public var description: String {
    "cannot use \(folder) for intermediate results (\(String(cString: strerror(code)))): set TMPDIR"
      + " to a folder with space, or add --no-chained"
  }
}
