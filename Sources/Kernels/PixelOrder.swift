internal import CKernels

/// The outputs of some rows of a block of images, in an order in which neighbours read the same taps.
///
/// A position of the order is a pixel of one image; the images of a pixel are neighbours. Pixels that
/// miss the same taps, as those of one side of an image do, follow one another, and tiles are cut
/// such that the fewest vectors of terms are multiplied: all taps that a pixel of the tile has inside
/// of the source.
struct PixelOrder: Sendable {
  /// An output of all images, and which of the taps lie inside of the source for it: bit by bit.
  struct Pixel: Sendable {
    let row: Int
    let column: Int
    let taps: UInt64
  }

  /// Neighbouring positions that are multiplied together with the same taps.
  struct Tile: Sendable {
    let positions: Range<Int>
    let taps: UInt64
  }

  let images: Int
  let pixels: [Pixel]
  let tiles: [Tile]
  /// The rows of the source that are read.
  let sourceRows: Range<Int>
  /// For each tap, the runs of its line: where they go within it, and where they are in the rows of
  /// the source with the images as the innermost axis.
  let runs: [[ck_run]]
  /// For each run of neighbouring pixels of the result, in its order, where it is in this one.
  let results: [ck_run]

  /// The elements of a line.
  var positions: Int { pixels.count * images }

  /// Vectors times terms of all tiles, for one channel.
  func cost(_ vectors: TileVectors) -> Int {
    tiles.reduce(0) { $0 + vectors.count(for: $1.positions.count) * $1.taps.nonzeroBitCount }
  }

  /// Parts of 32 bytes that are copied into the lines of one channel, and runs.
  func gatheringCost<S>(of type: S.Type) -> Int {
    runs.reduce(0) { sum, runs in
      sum + runs.reduce(0) { $0 + 1 + ($1.count * MemoryLayout<S>.size + 31) / 32 }
    }
  }

  /// Orders the outputs of some rows of so many images; with `leavesOut`, taps that no pixel of a tile
  /// has are left out.
  init(
    _ planes: SourcePlanes, rows: Range<Int>, columns: Int, images: Int, _ vectors: TileVectors,
    leavesOut: Bool
  ) {
    self.images = images
    sourceRows = planes.rows.reach(rows)
    pixels = Self.ordered(PixelTaps(planes, rows: rows, columns: columns))
    tiles =
      Self.tiles(pixels, images: images, vectors)
      .map { Tile(positions: $0.positions, taps: leavesOut ? $0.taps : planes.allTaps) }
    let needed = Self.needed(tiles, pixels.count, images: images)
    let first = sourceRows.lowerBound
    let (pixels, width) = (pixels, planes.columns.extent)
    runs = planes.taps.indices.map { tap in
      var runs: [ck_run] = []
      let p = planes.rows.taps[tap / planes.columns.taps.count]
      let q = planes.columns.taps[tap % planes.columns.taps.count]
      for (index, pixel) in pixels.enumerated() where needed[index] & 1 << tap != 0 {
        var source = -1
        if pixel.taps & 1 << tap != 0, let y = planes.rows.index(p, output: pixel.row),
          let x = planes.columns.index(q, output: pixel.column)
        {
          source = ((y - first) * width + x) * images
        }
        runs.append(joining: ck_run(target: index * images, source: source, count: images))
      }
      return runs
    }
    let places = pixels.indices.sorted {
      (pixels[$0].row, pixels[$0].column) < (pixels[$1].row, pixels[$1].column)
    }
    var results: [ck_run] = []
    for (place, index) in places.enumerated() {
      results.append(
        joining: ck_run(target: place * images, source: index * images, count: images))
    }
    self.results = results
  }

  /// Ring by ring from the border inwards, so that a side and its corner follow one another, and row
  /// by row as soon as no pixel misses a tap.
  private static func ordered(_ taps: PixelTaps) -> [Pixel] {
    var (top, bottom) = (taps.rows.lowerBound, taps.rows.upperBound - 1)
    var (left, right) = (0, taps.columns - 1)
    var pixels: [Pixel] = []
    func append(_ row: Int, _ column: Int) {
      pixels.append(Pixel(row: row, column: column, taps: taps[row, column]))
    }
    while top <= bottom, left <= right {
      guard !taps.areComplete(top...bottom, left...right) else {
        for row in top...bottom { for column in left...right { append(row, column) } }
        break
      }
      for column in left...right { append(top, column) }
      for row in stride(from: top + 1, through: bottom, by: 1) { append(row, right) }
      if top < bottom {
        for column in stride(from: right - 1, through: left, by: -1) { append(bottom, column) }
      }
      if left < right {
        for row in stride(from: bottom - 1, to: top, by: -1) { append(row, left) }
      }
      (top, bottom, left, right) = (top + 1, bottom - 1, left + 1, right - 1)
    }
    return pixels
  }

  /// Cuts the order into tiles with the fewest vectors of terms; a tile is also worth something by
  /// itself, a narrow one more than half of one that is twice as wide.
  private static func tiles(
    _ pixels: [Pixel], images: Int, _ vectors: TileVectors
  ) -> [Tile] {
    // The images of a pixel may be wider than a tile.
    let cut = Balanced(images, limit: vectors.lanes)
    var ends = [0]
    for index in pixels.indices {
      for part in 0..<cut.count { ends.append(index * images + cut[part].upperBound) }
    }
    var best = [(cost: 0, first: 0, taps: UInt64(0))]
    for end in 1..<ends.count {
      var choice = (cost: Int.max, first: 0, taps: UInt64(0))
      var taps: UInt64 = 0
      var first = end - 1
      while first >= 0, ends[end] - ends[first] <= vectors.widest {
        taps |= pixels[first / cut.count].taps
        let cost =
          best[first].cost + taps.nonzeroBitCount
          * (8 * vectors.count(for: ends[end] - ends[first]) + 1) + 8
        if cost < choice.cost { choice = (cost, first, taps) }
        first -= 1
      }
      best.append(choice)
    }
    var tiles: [Tile] = []
    var end = ends.count - 1
    while end > 0 {
      let (_, first, taps) = best[end]
      tiles.append(Tile(positions: ends[first]..<ends[end], taps: taps))
      end = first
    }
    return tiles.reversed()
  }

  /// The taps that a tile of each pixel has.
  private static func needed(_ tiles: [Tile], _ count: Int, images: Int) -> [UInt64] {
    var needed = [UInt64](repeating: 0, count: count)
    for tile in tiles {
      for index in tile.positions.lowerBound / images...(tile.positions.upperBound - 1) / images {
        needed[index] |= tile.taps
      }
    }
    return needed
  }
}

/// Which taps lie inside of the source for the outputs of some rows.
private struct PixelTaps {
  let rows: Range<Int>
  let columns: Int
  private let ofRows: [UInt64]
  private let ofColumns: [UInt64]
  private let all: UInt64

  init(_ planes: SourcePlanes, rows: Range<Int>, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    let (p, q) = (planes.rows.taps, planes.columns.taps)
    func mask(_ isInside: (Int) -> Bool) -> UInt64 {
      planes.taps.indices.reduce(0) { isInside($1) ? $0 | 1 << $1 : $0 }
    }
    ofRows = rows.map { y in mask { planes.rows.index(p[$0 / q.count], output: y) != nil } }
    ofColumns = (0..<columns).map { x in
      mask { planes.columns.index(q[$0 % q.count], output: x) != nil }
    }
    all = planes.allTaps
  }

  subscript(_ row: Int, _ column: Int) -> UInt64 {
    ofRows[row - rows.lowerBound] & ofColumns[column]
  }

  /// Whether no tap of these outputs falls on padding.
  func areComplete(_ rows: ClosedRange<Int>, _ columns: ClosedRange<Int>) -> Bool {
    rows.allSatisfy { ofRows[$0 - self.rows.lowerBound] == all }
      && columns.allSatisfy { ofColumns[$0] == all }
  }
}

extension SourcePlanes {
  /// A bit for each tap.
  fileprivate var allTaps: UInt64 { taps.count == 64 ? ~0 : 1 << taps.count - 1 }
}

extension [ck_run] {
  /// Appends a run, as a part of the last one if it goes on there.
  fileprivate mutating func append(joining run: ck_run) {
    guard let last, last.target + last.count == run.target,
      run.source < 0 ? last.source < 0 : last.source >= 0 && last.source + last.count == run.source
    else { return append(run) }
    self[count - 1].count += run.count
  }
}
