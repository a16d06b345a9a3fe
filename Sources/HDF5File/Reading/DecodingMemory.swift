// DecodingMemory.swift

/// What one thread needs to decode chunks, kept from chunk to chunk and from dataset to dataset:
/// fresh pages cost as much as reading.
package final class DecodingMemory {
  let inflater = Inflater()
  private var front = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var back = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Memory of nothing yet.
  package init() {}

  deinit {
    front.deallocate()
    back.deallocate()
  }

  /// Bytes that are held.
  package var byteCount: Int { front.count + back.count }

  /// So many bytes that are not those of the last call, but may be those of the call before it.
  ///
  /// They hold anything: who asks for them fills them.
  func next(_ count: Int) -> UnsafeMutableRawBufferPointer {
    swap(&front, &back)
    if front.count < count {
      front.deallocate()
      front = .allocate(byteCount: count, alignment: 4096)
    }
    return UnsafeMutableRawBufferPointer(rebasing: front[..<count])
  }
}
