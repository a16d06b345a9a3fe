// ChunkList.swift
// H5Dget_chunk_info walks the chunk index anew for each chunk: quadratic in all. H5Dread_chunk
// finds a chunk in constant time; the file driver sees for which bytes it asks, and reads nothing.

internal import CHDF5
internal import CSandbox

/// Where the chunks of one dataset are.
struct ChunkList {
  private struct Place {
    let position: UInt64
    let offset: UInt64
    let size: UInt64
    let mask: UInt32
  }

  private var places: [Place] = []

  /// Finds every chunk of a grid that is complete; leaves the list empty otherwise.
  mutating func find(
    _ dataset: hid_t, shape: [UInt64], chunkShape: [UInt64], stored: UInt64
  ) throws(LibraryFailure) {
    guard shape.count == chunkShape.count, !chunkShape.contains(0), stored <= WalkLimit.chunks
    else { return }
    var total: UInt64 = 1
    for (length, chunk) in zip(shape, chunkShape) {
      let product = total.multipliedReportingOverflow(by: (length - 1) / chunk + 1)
      guard !product.overflow else { return }
      total = product.partialValue
    }
    guard total == stored else { return }
    places.reserveCapacity(Int(total))
    CSandbox_observeRawData(true)
    defer { CSandbox_observeRawData(false) }
    var corner = [hsize_t](repeating: 0, count: shape.count)
    for position in 0..<total {
      if let place = try Self.place(of: corner, position: position, in: dataset) {
        places.append(place)
      }
      for axis in shape.indices.reversed() {
        corner[axis] += chunkShape[axis]
        if corner[axis] < shape[axis] { break }
        corner[axis] = 0
      }
    }
  }

  private static func place(
    of corner: [hsize_t], position: UInt64, in dataset: hid_t
  ) throws(LibraryFailure) -> Place? {
    var size: hsize_t = 0
    try Library.call { $0.H5Dget_chunk_storage_size(dataset, corner, &size) }
    guard size > 0 else { return nil }
    var mask: UInt32 = 0
    var observed: (offset: UInt64, size: UInt64) = (0, 0)
    _ = CSandbox_takeObservation(&observed.offset, &observed.size)
    var untouched: UInt64 = 0
    try Library.call { $0.H5Dread_chunk(dataset, CHDF5_default(), corner, &mask, &untouched) }
    guard CSandbox_takeObservation(&observed.offset, &observed.size) == 1 else { return nil }
    return Place(position: position, offset: observed.offset, size: observed.size, mask: mask)
  }

  /// Sends the list, some thousand chunks a record.
  func tell(to writer: inout RecordWriter) {
    let batch = 4096
    for start in stride(from: 0, to: places.count, by: batch) {
      let part = places[start..<min(start + batch, places.count)]
      writer.record(.chunks) { writer in
        writer.put(UInt32(part.count))
        for place in part {
          writer.put(place.position)
          writer.put(place.offset)
          writer.put(place.size)
          writer.put(place.mask)
        }
      }
    }
  }
}
