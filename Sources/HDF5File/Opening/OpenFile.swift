// OpenFile.swift

internal import CSandbox
internal import Glibc

/// A regular file, open for reading and nothing else, and what it was like when it was opened.
package final class OpenFile: Sendable {
  let descriptor: Int32
  /// Bytes of the file.
  package let size: Int
  private let identity: Identity

  /// What must not change while a file is read.
  private struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// Opens a path; never blocks, as a pipe or a device in its place could.
  package convenience init(path: String) throws(HDF5Problem) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw HDF5Problem(.cannotOpen(errno: errno)) }
    try self.init(descriptor: descriptor)
  }

  /// Makes a file without a name that holds some bytes, in memory.
  package convenience init(content: [UInt8]) throws(HDF5Problem) {
    let descriptor = content.withUnsafeBytes { CSandbox_memoryFile($0.baseAddress, $0.count) }
    guard descriptor >= 0 else { throw HDF5Problem(.cannotOpen(errno: errno)) }
    try self.init(descriptor: descriptor)
  }

  /// Takes over a descriptor, also where it is refused.
  private init(descriptor: Int32) throws(HDF5Problem) {
    var status = stat()
    let problem: HDF5Reason? =
      if fstat(descriptor, &status) != 0 { .cannotOpen(errno: errno) } else {
        switch status.st_mode & S_IFMT {
        case S_IFREG: status.st_size == 0 ? .empty : nil
        case S_IFDIR: .directory
        default: .notRegular
        }
      }
    if let problem {
      close(descriptor)
      throw HDF5Problem(problem)
    }
    self.descriptor = descriptor
    size = Int(status.st_size)
    identity = Identity(status)
  }

  deinit {
    close(descriptor)
  }

  /// Fails if the file is not what it was when it was opened.
  package func verifyUnchanged() throws(HDF5Problem) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, Identity(status) == identity else {
      throw HDF5Problem(.changed)
    }
  }

  /// Fills a buffer from an absolute offset.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(HDF5Problem)
  {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
        off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw HDF5Problem(.readFailed(errno: errno)) }
      guard count > 0 else {
        throw HDF5Problem(.shortRead(offset: offset, wanted: buffer.count, got: done))
      }
      done += count
    }
  }

  /// Bytes that Linux fetches for one advice at least; of a longer one it may leave out the rest.
  private static let fetchedAtOnce = 128 << 10

  /// Asks the system to fetch bytes from the disk, without waiting for them; returns their number.
  func fetch(_ count: Int, at offset: Int) -> Int {
    for start in stride(from: 0, to: count, by: Self.fetchedAtOnce) {
      let length = min(Self.fetchedAtOnce, count - start)
      let refused = posix_fadvise(
        descriptor, off_t(offset + start), off_t(length), POSIX_FADV_WILLNEED)
      guard refused == 0 else { return start }
    }
    return max(0, count)
  }

  /// The bytes at an absolute offset, fewer where the file ends.
  package func prefix(_ count: Int, at offset: Int) throws(HDF5Problem) -> [UInt8] {
    let available = max(0, min(count, size - offset))
    var bytes = [UInt8](repeating: 0, count: available)
    var problem: HDF5Problem?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(HDF5Problem) {
        try read(into: buffer, at: offset)
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    return bytes
  }
}
