/// The outputs that are computed together: some rows of one or more images, some columns.
struct Band: Sendable {
  let group: Int
  let segments: [RowSegment]
  let columns: Range<Int>
  /// Which of the plan's `parts` of the product's rows.
  let part: Int
}

/// How the outputs of a product are cut into bands and the bands into tasks: by the shape alone.
struct BandPlan: Sendable {
  /// Bytes that a band may take of the second-level cache.
  private static let budget = 384 << 10
  /// Multiplications below which a task is not worth handing out.
  private static let smallestTask = 1 << 20

  /// Bytes of a result that is still in a cache when it is read.
  static let largestCached = 4 << 20

  /// Panels, and terms, up to which a tile is read in place: lines that begin anywhere take half as
  /// much again of the first-level cache, which matters more than a copy if many panels read them.
  private static let fewPanels = 16
  private static let fewTerms = 64
  /// Lines of the first-level cache that share a set.
  private static let firstLevelWays = 8

  /// Positions of all images together that count as few beside 256 rows and more.
  private static let fewPositions = 512

  /// Whether the lines of all terms are copied out without gaps before they are multiplied.
  ///
  /// Without this, a tile also computes the cells between the end of a row and the start of the
  /// next, which is most of the work on small images with a large padding.
  let compacts: Bool
  /// Elements of the widest tile.
  static let widestTile = 64
  /// Whether tiles read the lines of an image where they are.
  let readsInPlace: Bool
  /// Whether the result is larger than the caches, and is written past them.
  let streams: Bool
  /// Copied planes of a block of terms.
  let lines: Int
  /// Terms of the longest block.
  let longestBlock: Int
  /// Blocks, which cut the channels of all residues alike.
  let blockCount: Int
  /// Cuts of the product's rows that are tiles high.
  let panels: Balanced
  /// Elements of scratch that one band needs.
  let scratch: Int
  let tasks: Int
  /// Parts into which the product's rows are cut, each with bands of its own.
  let parts: Int

  private let height: Int
  private let imageCount: Int
  private let columnCut: Slices
  /// Cuts the rows of one image, or of all images if a band may cross their borders.
  private let rowCut: Slices
  private let crossesImages: Bool
  private let bandCount: Int

  init<S>(_ product: ShiftedProduct<S>, _ residues: [ShiftedProduct<S>.Residue]) {
    let blocks = residues.compactMap(\.weights?.blocks)
    longestBlock = blocks.reduce(0) { max($0, $1.longest) }
    blockCount = blocks.reduce(0) { max($0, $1.count) }
    panels = Balanced(
      product.rows, limit: product.instructions.tileRows(vectors: product.vectors))
    let terms = blocks.reduce(0) { $0 + $1.total }
    let planes = product.planes
    let size = MemoryLayout<S>.size
    height = product.targetRows.count
    imageCount = product.images
    let width = product.targetColumns.count
    lines = blocks.reduce(0) { max($0, $1.mostChannels) } * planes.phases.count
    compacts = LineLayout(product) == .compact
    streams = product.resultCount * size >= Self.largestCached
    readsInPlace =
      planes.areSource(rows: height, columns: width)
      && (panels.count <= 2
        || (planes.linesOfOneSet(longestBlock, of: S.self) <= Self.firstLevelWays
          && (panels.count <= Self.fewPanels || longestBlock <= Self.fewTerms)))
    crossesImages = compacts || (planes.rows.span == 0 && planes.gap == 0)

    // Few positions under many rows: the weights are most of the traffic. Cutting the rows reads
    // each weight once; the lines are copied once for each part instead.
    let images = crossesImages ? 1 : imageCount
    let allRows = crossesImages ? imageCount * height : height
    let isSmall = crossesImages && product.rows >= 256 && allRows * width <= Self.fewPositions
    let partRows = isSmall ? max(128, product.rows / 4) : product.rows
    // Elements that one output position takes: its results, and its lines of the source. The
    // results are touched once in a block of terms and may lie further away.
    let perPosition = partRows * residues.count / 4 + lines + (compacts ? longestBlock : 0)
    let positions = max(64, Self.budget / size / perPosition)
    // Whole tiles in all pieces but the last.
    let pieces = Balanced(width, limit: max(positions, 64))
    let tile = 128 / size
    columnCut = Slices(
      width, size: pieces.count == 1 ? width : (pieces.longest + tile - 1) / tile * tile)
    let fitting = max(1, positions / (columnCut.size + planes.gap) - planes.rows.span)
    let work = product.rows * terms * columnCut.size
    // At least eight bands where there is work for them; fewer, if the rows are cut as well.
    let rowParts = Balanced(product.rows, limit: partRows).count
    let wanted = isSmall ? 8 / rowParts : product.rows >= 256 ? 4 : 8
    let shares = max(1, wanted / (images * product.groups * columnCut.count))
    let fair = max((allRows + shares - 1) / shares, Self.smallestTask / max(work, 1), 1)
    let gap = compacts ? 0 : planes.gap
    let most = Balanced(allRows, limit: min(fitting, fair)).longest
    rowCut = Slices(
      allRows,
      size: Self.fullestTiles(
        allRows, most: most, width: columnCut.size, gap: gap, vector: 64 / size))
    let places = product.groups * images * rowCut.count * columnCut.count
    parts = isSmall ? rowParts : places < 8 && product.rows >= 256 ? 2 : 1
    bandCount = places * parts
    let bandsPerTask = max(1, Self.smallestTask / max(work * rowCut.size / parts, 1))
    tasks = (bandCount + bandsPerTask - 1) / bandsPerTask

    let longest = rowCut.size
    let mostSegments = crossesImages ? (longest - 1) / height + 2 : 1
    let copied = longest + mostSegments * planes.rows.span
    let pitch = planes.pitch(columnCut.size)
    let gaps = compacts ? longest * columnCut.size : copied * pitch
    let strides = product.targetRows.stride * product.targetColumns.stride
    scratch =
      lines * (planes.planeSize(height: copied, pitch: pitch, of: S.self) + 32)
      + (compacts ? longestBlock * (gaps + 64) : 0)
      + (readsInPlace ? longestBlock * Self.widestTile : 0)
      + residues.count * (product.rows / parts + 32) * (gaps + 64)
      + (residues.count > 1 ? longest * columnCut.size * strides : 0) + 1_024
  }

  /// The number of rows in a band, at most `most`, with which the vectors of all bands are fullest.
  private static func fullestTiles(
    _ rows: Int, most: Int, width: Int, gap: Int, vector: Int
  ) -> Int {
    func vectors(_ rows: Int) -> Int {
      rows == 0 ? 0 : ((rows - 1) * (width + gap) + width + vector - 1) / vector
    }
    var best = (size: most, vectors: Int.max)
    for size in stride(from: most, through: max(1, most * 2 / 3), by: -1) {
      let total = rows / size * vectors(size) + vectors(rows % size)
      // A smaller band must be worth the weights being read once more.
      if best.vectors == Int.max || total * 100 < best.vectors * 99 { best = (size, total) }
    }
    return best.size
  }

  /// Notes the ways that the plan takes.
  func notePaths(_ blocks: [ReductionBlocks]) {
    KernelPath.note(.bandsCompacted, when: compacts)
    KernelPath.note(.bandsAcrossImages, when: crossesImages && rowCut.size > height)
    KernelPath.note(.bandsOfSomeOutputs, when: parts > 1)
    KernelPath.note(.bandsOfSomeColumns, when: columnCut.count > 1)
    KernelPath.note(.bandsInSeveralTasks, when: tasks > 1)
    KernelPath.note(.severalBlocks, when: blockCount > 1)
    KernelPath.note(.blocksWithinChannels, when: blocks.contains { $0.endWithinChannels })
    KernelPath.note(.bandsStreamed, when: streams)
  }

  /// The bands of a task.
  func bands(of task: Int) -> Range<Int> {
    bandCount * task / tasks..<bandCount * (task + 1) / tasks
  }

  /// The band of this index.
  func band(_ index: Int) -> Band {
    let (place, rowPart) = index.quotientAndRemainder(dividingBy: parts)
    let (rest, column) = place.quotientAndRemainder(dividingBy: columnCut.count)
    let (unit, slice) = rest.quotientAndRemainder(dividingBy: rowCut.count)
    let rows = rowCut[slice]
    guard !crossesImages else {
      return Band(
        group: unit, segments: RowSegment.cut(rows, height: height), columns: columnCut[column],
        part: rowPart)
    }
    return Band(
      group: unit / imageCount, segments: [RowSegment(image: unit % imageCount, rows: rows)],
      columns: columnCut[column], part: rowPart)
  }
}
