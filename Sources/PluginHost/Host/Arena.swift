internal import CSandbox
internal import Glibc
import LayerKit
import Tensors

/// The memory that the command shares with the process of a plug-in, from the command's side.
final class Arena {
  /// The descriptor, for the process.
  let descriptor: Int32
  private var base: UnsafeMutableRawPointer?
  private var mapped = 0

  /// What an element holds that nobody has written: a NaN that no arithmetic makes.
  private static let unwritten64: UInt64 = 0x7FF8_BAD0_CAFE_F00D
  private static let unwritten32: UInt32 = 0x7FCB_AD01
  /// What lies behind a tensor up to the end of its last page.
  private static let margin: UInt8 = 0xA5
  /// Above so many bytes, the memory is given back after each call.
  private static let keptBytes = 256 << 20

  init() throws(PluginFault.Reason) {
    descriptor = CSandbox_sharedMemory(SharedMemory.size)
    guard descriptor >= 0 else { throw .cannotStart(errno: errno) }
  }

  deinit {
    if let base { munmap(base, mapped) }
    close(descriptor)
  }

  /// Makes the first bytes accessible here.
  func map(_ extent: Int) throws(PluginFault.Reason) {
    guard mapped < extent else { return }
    if let base { munmap(base, mapped) }
    (base, mapped) = (nil, 0)
    let address = mmap(nil, extent, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw .noMemory }
    (base, mapped) = (address, extent)
  }

  /// Gives back what a large call used.
  func trim() {
    guard mapped > Self.keptBytes else { return }
    if let base { munmap(base, mapped) }
    (base, mapped) = (nil, 0)
    CSandbox_clearMemory(descriptor, SharedMemory.size)
  }

  // MARK: Tensors

  /// Writes the elements of a tensor.
  func write<S>(_ tensor: Tensor<S>, to place: TensorPlace) {
    guard let base else { return }
    tensor.elements.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress, bytes.count == place.byteCount else { return }
      (base + place.offset).copyMemory(from: source, byteCount: bytes.count)
    }
    if place.role.isWritten { writeMargin(place) }
  }

  /// Makes all elements of a tensor unwritten.
  func clear(_ place: TensorPlace) {
    guard let base else { return }
    let start = base + place.offset
    if place.width == 4 {
      start.initializeMemory(as: UInt32.self, repeating: Self.unwritten32, count: place.shape.count)
    } else {
      start.initializeMemory(as: UInt64.self, repeating: Self.unwritten64, count: place.shape.count)
    }
    writeMargin(place)
  }

  private func writeMargin(_ place: TensorPlace) {
    guard let base else { return }
    memset(
      base + place.offset + place.byteCount, Int32(Self.margin),
      SharedMemory.pages(place.byteCount) - place.byteCount)
  }

  /// Whether what lies behind a tensor is as it was.
  func marginIsIntact(_ place: TensorPlace) -> Bool {
    guard let base else { return false }
    let count = SharedMemory.pages(place.byteCount) - place.byteCount
    let bytes = UnsafeRawBufferPointer(start: base + place.offset + place.byteCount, count: count)
    return bytes.allSatisfy { $0 == Self.margin }
  }

  /// The elements of a tensor, and how many of them nobody has written.
  ///
  /// They are copied first and looked at then: a thread that is left behind may still write. That
  /// is done piece by piece, so that a piece is still in the cache when it is looked at.
  func read<S: FloatingScalar>(_ place: TensorPlace) -> (Tensor<S>, unwritten: Int) {
    var unwritten = 0
    let elements = [S](uninitializedCount: place.shape.count) { target in
      guard let base, let address = target.baseAddress else { return }
      let (source, copy) = (base + place.offset, UnsafeMutableRawPointer(address))
      for start in stride(from: 0, to: place.byteCount, by: Self.pieceBytes) {
        let bytes = UnsafeRawBufferPointer(
          start: copy + start, count: min(Self.pieceBytes, place.byteCount - start))
        (copy + start).copyMemory(from: source + start, byteCount: bytes.count)
        unwritten +=
          place.width == 4
          ? Self.count(Self.unwritten32, in: bytes) : Self.count(Self.unwritten64, in: bytes)
      }
    }
    return (Tensor(place.shape, elements), unwritten)
  }

  /// How much is copied before it is looked at: half of a first-level cache.
  private static let pieceBytes = 16 << 10

  /// How many elements of a piece are `bits`; a counter as wide as they are holds that, and is what
  /// the compiler makes vector instructions of.
  private static func count<Bits: FixedWidthInteger>(
    _ bits: Bits, in bytes: UnsafeRawBufferPointer
  ) -> Int {
    var count: Bits = 0
    for element in bytes.bindMemory(to: Bits.self) { count &+= element == bits ? 1 : 0 }
    return Int(count)
  }
}
