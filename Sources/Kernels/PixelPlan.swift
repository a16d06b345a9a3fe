internal import CKernels

/// How wide tiles are.
struct TileVectors: Sendable {
  let lanes: Int
  /// Elements of the widest tile.
  let widest: Int

  /// The vectors of a tile of so many columns.
  func count(for columns: Int) -> Int {
    columns <= lanes ? 1 : columns <= 2 * lanes ? 2 : 4
  }
}

/// When taps that fall on padding are left out.
package enum TapSkipping: Sendable {
  /// Where that saves more than it costs.
  case whereItPays
  /// Wherever the shape allows it.
  case wherePossible
  /// Nowhere.
  case never

  /// What kernels started from this task do; proofs set it to try the way on small shapes.
  @TaskLocal package static var current = TapSkipping.whereItPays
}

/// How a product of small planes is cut, if it pays to leave out the taps that fall on padding.
///
/// The source is copied with a block of images as the innermost axis, and the lines of a block of
/// terms are put together pixel by pixel.
struct PixelPlan: Sendable {
  /// Bytes that a band may take of the second-level cache.
  private static let budget = 400 << 10
  /// Multiplications below which an order costs more than it saves.
  private static let smallestProduct = 1 << 23
  /// The share of the other way's time up to which this one is taken.
  private static let largestShare = 0.93

  let blocks: ReductionBlocks
  let panels: Balanced
  let parts: Int
  let bandCount: Int
  let vectors: TileVectors
  /// For the images of each block and the rows of each band, in turn.
  private(set) var orders: [PixelOrder] = []
  let imageCut: Balanced
  let rowCut: Balanced

  /// The plan for a product, if it pays.
  init?<S>(_ product: ShiftedProduct<S>) {
    let planes = product.planes
    let (height, width) = (product.targetRows.count, product.targetColumns.count)
    let isForced = TapSkipping.current == .wherePossible
    guard TapSkipping.current != .never, product.isPlane, (2...64).contains(planes.taps.count)
    else { return nil }
    let size = MemoryLayout<S>.size
    let taps = planes.taps.count
    let outputs = product.images * product.groups * product.rows * height * width
    let work = outputs * product.channels * taps
    // Of a single image, runs of pixels are too short to be copied one by one.
    // Where few taps fall on padding, the orders of many pixels would take longer than they save.
    guard
      isForced
        || (work >= Self.smallestProduct && product.rows >= 16 && product.images > 1
          && Self.shareInside(product) < Self.largestShare)
    else { return nil }
    blocks = ReductionBlocks(channels: product.channels, taps: taps)
    panels = Balanced(
      product.rows, limit: product.instructions.tileRows(vectors: product.vectors))
    let lanes = product.instructions.lanes(S.self)
    vectors = TileVectors(lanes: lanes, widest: product.vectors * lanes)
    imageCut = Balanced(product.images, limit: 64 / size)
    let images = imageCut.longest
    let isFew = product.rows >= 256 && product.images * height * width <= 512
    let rowParts = isFew ? Balanced(product.rows, limit: max(128, product.rows / 4)).count : 1
    let partRows = (product.rows + rowParts - 1) / rowParts
    let perPosition = partRows / 4 + blocks.longest + 2 * blocks.mostChannels
    let most = Self.budget / size / perPosition / (width * images)
    guard most > 0 else { return nil }
    rowCut = Balanced(height, limit: most)
    let places = product.groups * imageCut.count * rowCut.count
    parts = isFew ? rowParts : places < 8 && product.rows >= 256 ? 2 : 1
    bandCount = places * parts
    let limit = Self.largestShare * otherCost(product)
    // Most shapes are told apart by the terms that must be multiplied at any rate.
    guard isForced || leastCost(product) < limit else { return nil }
    orders = Self.orders(imageCut, rowCut, product, vectors, leavesOut: true)
    guard isForced || cost(product) < limit else { return nil }
  }

  /// The same orders with all taps.
  func ordersOfAllTaps<S>(_ product: ShiftedProduct<S>) -> [PixelOrder] {
    Self.orders(imageCut, rowCut, product, vectors, leavesOut: false)
  }

  private static func orders<S>(
    _ imageCut: Balanced, _ rowCut: Balanced, _ product: ShiftedProduct<S>, _ vectors: TileVectors,
    leavesOut: Bool
  ) -> [PixelOrder] {
    (0..<imageCut.count).flatMap { block in
      (0..<rowCut.count).map { band in
        PixelOrder(
          product.planes, rows: rowCut[band], columns: product.targetColumns.count,
          images: imageCut[block].count, vectors, leavesOut: leavesOut)
      }
    }
  }

  /// What a band consists of.
  struct Band {
    let group: Int
    let images: Range<Int>
    let rows: Range<Int>
    let order: Int
    let part: Int
  }

  /// The band of this index.
  func band(_ index: Int) -> Band {
    let (rest, part) = index.quotientAndRemainder(dividingBy: parts)
    let (group, order) = rest.quotientAndRemainder(dividingBy: imageCut.count * rowCut.count)
    let (block, band) = order.quotientAndRemainder(dividingBy: rowCut.count)
    return Band(
      group: group, images: imageCut[block], rows: rowCut[band], order: order, part: part)
  }

  /// The panels of a part of the rows.
  func panels(of part: Int) -> Range<Int> {
    panels.count * part / parts..<panels.count * (part + 1) / parts
  }

  /// Elements of a channel's copied rows.
  func channelSize<S>(_ order: PixelOrder, _ product: ShiftedProduct<S>) -> Int {
    order.sourceRows.count * product.planes.columns.extent * order.images + 8
  }

  /// The distance between two lines; never a multiple of 1 KiB, lest lines share cache sets.
  func pitch<S>(_ order: PixelOrder, of type: S.Type) -> Int {
    let lane = 64 / MemoryLayout<S>.size
    let pitch = (order.positions + vectors.widest + lane - 1) / lane * lane
    return pitch % (16 * lane) == 0 ? pitch + lane : pitch
  }

  /// Elements of scratch that a band needs.
  func scratch<S>(of index: Int, _ orders: [PixelOrder], _ product: ShiftedProduct<S>) -> Int {
    let order = orders[band(index).order]
    let rows = panels.longest * ((panels.count + parts - 1) / parts)
    return blocks.mostChannels * channelSize(order, product)
      + (blocks.longest + rows + 1) * pitch(order, of: S.self) + 256
  }
}

extension ShiftedProduct {
  /// Whether each image is one plane, whose outputs lie side by side and share all taps.
  fileprivate var isPlane: Bool {
    planes.depth.isIdentity && planes.depth.extent == 1 && planes.outputDepth == 1
      && targetDepth.extent == 1
      && [targetRows, targetColumns].allSatisfy {
        $0.residues == 1 && $0.stride == 1 && $0.offset == 0
      }
  }
}
