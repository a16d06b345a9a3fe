internal import Tensors

/// How single planes are cut into bands whose copies stay in the first-level cache.
struct PlaneBands: Sendable {
  /// Bytes that the copies of a batch may take.
  private static let budget = 24 << 10

  /// Copied planes of one group.
  private let copies: Int
  let rowCut: Balanced
  let columnCut: Balanced
  /// The distance between two copied planes.
  let planeSize: Int
  /// Groups whose bands are copied before the first of them is read: a line that has just been
  /// written in parts cannot be read as a whole at once.
  let batch: Int
  /// Elements that the copies of a batch take.
  let scratch: Int

  /// Cuts outputs of `rows` times `columns` positions that read `planes`, `channels` at a time.
  init<S: KernelScalar>(
    _ planes: SourcePlanes, channels: Int, rows: Int, columns: Int, of type: S.Type
  ) {
    copies = channels * planes.phases.count
    let elements = Self.budget / MemoryLayout<S>.size / copies
    columnCut = Balanced(columns, limit: max(64, elements / 4))
    let pitch = planes.pitch(columnCut.longest)
    rowCut = Balanced(rows, limit: max(4, elements / pitch - planes.rows.span))
    planeSize = planes.planeSize(
      height: rowCut.longest + planes.rows.span, pitch: pitch, of: S.self)
    batch = max(1, elements / planeSize)
    // The kernels read up to 128 bytes beyond the end of a line.
    scratch = batch * copies * planeSize + 256 / MemoryLayout<S>.size
  }

  /// The distance between the copies of two groups.
  var groupSize: Int { copies * planeSize }

  /// The number of bands of a plane.
  var count: Int { rowCut.count * columnCut.count }

  /// The rows and columns of a band.
  subscript(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    (rowCut[index / columnCut.count], columnCut[index % columnCut.count])
  }

  /// Where the line of each term (channel, tap) starts within the copies of a band.
  func offsets(_ planes: SourcePlanes, channels: Int, columns: Int) -> [Int] {
    let pitch = planes.pitch(columns)
    return (0..<channels).flatMap { channel in
      planes.taps.map { tap in
        (channel * planes.phases.count + tap.plane) * planeSize + tap.row * pitch + tap.column
      }
    }
  }
}
