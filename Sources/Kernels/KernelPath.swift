internal import Synchronization

/// The ways that a shape may take through the kernels.
///
/// Which of them a call took is noted where the choice is made, so that a proof by samples can show
/// that its samples reach every one. A new way gets a case here and a `note` at its choice;
/// `tools/prove-kernels` fails until one of its shapes takes it.
package enum KernelPath: Int, CaseIterable, Sendable {
  // Convolutions, forward and transposed.
  /// One window covers the input: a product of matrices.
  case linear
  /// No tap reaches some outputs: they are the bias.
  case unreachedOutputs
  /// Few multiply-adds without a stride: loops over the terms of the formula.
  case small
  /// The same, transposed.
  case smallTransposed
  /// One channel in many groups and a small window: planes are read where they are.
  case planesRead
  /// The same, transposed, with a stride: all phases of the result at once.
  case planesReadAndSpread
  /// Few channels in many groups, plane by plane, straight into the result.
  case planesInPlace
  /// The same where neighbouring outputs are a stride apart.
  case planesSpread
  /// A plane is cut into bands.
  case planesCut
  /// The lanes are filters, and windows are read where they are.
  case filtersReadInPlace
  /// The lanes are filters, and rows are copied with zeros beside them.
  case filtersOfCopies
  /// The residues of such a result are put together.
  case filtersInterleaved
  /// Its filters are cut into parts.
  case filtersInParts
  /// Weights whose terms are neighbours are laid out with the filters side by side.
  case filtersTurned
  /// Other weights, one term at a time.
  case filtersPicked
  /// A band whose tiles read the lines of an image where they are.
  case bandsReadInPlace
  /// A band of tiles whose sums are the result's own memory.
  case bandsInPlace
  /// A band that is copied out, row by row.
  case bandsCopiedOut
  /// The residues of a result with a stride are interleaved.
  case bandsInterleaved
  /// A result larger than the caches is written past them.
  case bandsStreamed
  /// Tiles of such a result are streamed to their places as they are finished.
  case bandsStreamedInPlace
  /// The source is copied once for each shift of the columns.
  case bandsSplit
  /// The lines of the terms are copied without gaps first.
  case bandsCompacted
  /// A band crosses the border of an image.
  case bandsAcrossImages
  /// The outputs of a band are cut into parts.
  case bandsOfSomeOutputs
  /// Rows of outputs are cut into bands of columns.
  case bandsOfSomeColumns
  /// A product is cut into several tasks.
  case bandsInSeveralTasks
  /// Taps that fall on padding are left out.
  case tapsLeftOut
  /// They are multiplied after all, since a weight is not finite or a bias is −0.
  case paddingMultiplied
  /// A sum is cut into blocks.
  case severalBlocks
  /// A kernel has more taps than a block, which then ends within a channel.
  case blocksWithinChannels
  /// Weights are laid out run by run.
  case weightsInRuns
  /// Weights whose rows are neighbours are laid out line by line.
  case weightsInLines
  /// Weights are laid out one term at a time.
  case weightsOneByOne

  // The weight gradient.
  /// Few multiply-adds without a stride.
  case smallCorrelation
  /// Few channels in many groups, plane by plane.
  case planesCorrelated
  /// The same with planes that are read where they are.
  case readPlanesCorrelated
  /// The same with planes that are cut into bands.
  case correlatedPlanesCut
  /// The outputs are the lanes of the vectors.
  case correlationOverOutputs
  /// The positions are the lanes of the vectors, for few outputs.
  case correlationOverPositions
  /// The lines of the source are read where they are.
  case correlationReadsInPlace
  /// Positions at which a tap falls on padding are left out.
  case correlationLeavesTapsOut
  /// A long sum is cut into parts.
  case correlationInParts
  /// The channels are cut into tiles.
  case correlationOfSomeChannels
  /// The outputs are cut into tiles.
  case correlationOfSomeOutputs
  /// Rows of outputs are cut into bands of columns.
  case correlationOfSomeColumns

  // Products of matrices.
  /// Rows of both factors against each other.
  case productOfRows
  /// The right factor is read where it is.
  case productInPlace
  /// The right factor is copied block by block.
  case productOfCopies
  /// The right factor is transposed block by block.
  case productOfTranspositions
  /// A ragged tile of a factor that is read in place is copied.
  case productWithRaggedTile

  private static let taken = Atomic<UInt64>(0)

  /// Notes that a call took this way.
  static func note(_ path: KernelPath, when condition: Bool = true) {
    let bit = UInt64(1) << path.rawValue
    guard condition, taken.load(ordering: .relaxed) & bit == 0 else { return }
    taken.bitwiseOr(bit, ordering: .relaxed)
  }

  /// The ways that were taken since this was last asked, by any thread.
  package static func takeNotes() -> [KernelPath] {
    let bits = taken.exchange(0, ordering: .relaxed)
    return allCases.filter { bits & (1 << $0.rawValue) != 0 }
  }
}
