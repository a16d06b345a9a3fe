internal import Glibc

/// How tensors lie in the memory that the command shares with the process of a plug-in.
///
/// Each begins on a page of its own; a page that nobody may touch lies before the first and after
/// each one.
enum SharedMemory {
  static let pageSize = sysconf(Int32(_SC_PAGESIZE))

  /// The size of the memory, of which only what is used takes space: 1 TiB.
  static let size = 1 << 40

  /// The bytes of the pages that a tensor takes; one of none takes one as well.
  static func pages(_ bytes: Int) -> Int {
    max(1, (bytes + pageSize - 1) / pageSize) * pageSize
  }

  /// Gives every tensor a place; returns how much memory they need together, nil if there is not
  /// so much.
  static func place(_ tensors: inout [TensorPlace]) -> Int? {
    var end = pageSize
    for index in tensors.indices {
      guard tensors[index].byteCount < size / 2 else { return nil }
      tensors[index].offset = end
      end += pages(tensors[index].byteCount) + pageSize
      guard end <= size else { return nil }
    }
    return end
  }
}
