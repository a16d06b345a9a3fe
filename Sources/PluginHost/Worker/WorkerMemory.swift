internal import CSandbox
internal import Glibc

/// The shared memory as the process of a plug-in sees it: operands read-only, what lies between
/// tensors out of reach.
struct WorkerMemory {
  private var base: UnsafeMutableRawPointer?
  private var mapped = 0

  /// No address of the shared memory.
  struct Unmappable: Error {}

  /// Lets the tensors of a call be seen, and returns where the memory begins.
  mutating func prepare(_ call: CallMessage) throws(Unmappable) -> UnsafeMutableRawPointer {
    let base = try map(call.extent)
    // What is not a tensor is a guard: the page before the first, and one after each.
    var end = 0
    for tensor in call.tensors.sorted(by: { $0.offset < $1.offset }) {
      mprotect(base + end, tensor.offset - end, PROT_NONE)
      let pages = SharedMemory.pages(tensor.byteCount)
      mprotect(
        base + tensor.offset, pages, tensor.role.isWritten ? PROT_READ | PROT_WRITE : PROT_READ)
      end = tensor.offset + pages
    }
    if call.extent > end { mprotect(base + end, call.extent - end, PROT_NONE) }
    return base
  }

  /// Lets nothing be seen.
  func hide() {
    if let base { mprotect(base, mapped, PROT_NONE) }
  }

  private mutating func map(_ extent: Int) throws(Unmappable) -> UnsafeMutableRawPointer {
    if let base, mapped >= extent { return base }
    if let base { munmap(base, mapped) }
    base = nil
    let address = mmap(
      nil, extent, PROT_NONE, MAP_SHARED, Int32(CSandbox_fileDescriptor), 0)
    guard let address, address != MAP_FAILED else { throw Unmappable() }
    base = address
    mapped = extent
    return address
  }
}
