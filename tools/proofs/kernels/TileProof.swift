import CKernels
import Kernels

/// The micro-kernels themselves: every tile size, against what their header says, to the bit.
///
/// The header names the order of every sum, so the definition in the same order has the same bits.
final class TileProof<S: ProofScalar> {
  let instructions: InstructionSet
  let kernels: MicroKernels<S>
  var samples: Samples
  /// Tiles that were held against their definition.
  private(set) var count = 0

  init(_ instructions: InstructionSet, _ kernels: MicroKernels<S>, seed: UInt64) {
    self.instructions = instructions
    self.kernels = kernels
    samples = Samples(seed: seed)
  }

  var isa: Int32 { instructions.rawValue }
  var lanes: Int { Int(ck_lanes(isa, MemoryLayout<S>.size)) }
  /// Scalars in 64 bytes.
  var wide: Int { 64 / MemoryLayout<S>.size }

  /// Proves all tiles.
  func prove() throws(Problem) {
    for vectors in [1, 2, 4] {
      for rows in 0..<Int(ck_tile_rows(isa, Int32(vectors))) {
        for columns in 1...vectors * lanes {
          for before in ProductSums.allCases {
            try product(rows + 1, vectors, columns, before, bias: columns % 2 == 0)
          }
        }
      }
    }
    for vectors in 1...2 {
      for rows in 0..<Int(ck_correlate_rows(isa)) {
        for columns in 1...vectors * lanes {
          try correlate(rows + 1, vectors, columns, accumulate: columns % 2 == 0)
        }
        for terms in 0...5 {
          for adds in [false, true] { try filters(rows + 1, vectors, terms, adds: adds) }
        }
      }
    }
    for rows in 1...8 {
      for columns in 1...2 {
        for count in 0...2 * wide + 1 { try dots(rows, columns, count) }
      }
    }
    for rows in 1...4 {
      for terms in 1...6 {
        for length in 1...2 * wide + 1 { try overlap(rows, terms, length) }
      }
    }
    for rows in 1...13 {
      for columns in 1...4 * lanes + 1 { try plane(rows, columns) }
    }
    for terms in 1...13 {
      for columns in 1...2 * wide + 1 { try laneSums(terms, columns) }
    }
    try small()
    for rows in 0...9 {
      for columns in 0...9 {
        try transpose(rows, columns)
        try streamRows(rows, columns)
        for stride in 1...4 { try copyRows(rows, columns * 3, stride) }
      }
    }
    for rows in [1, 2, 5, 6] {
      for columns in 1...4 * wide + 2 {
        try moveRows(rows, columns)
        try joinRows(rows, columns)
        for stride in 1...4 {
          try copyRows(rows, columns, stride)
          try interleave(rows, columns, stride)
        }
      }
    }
    for rows in [2, 15, 16, 17, 33] {
      for columns in [1, 7, 8, 15, 16, 17, 33] { try transpose(rows, columns) }
    }
    for rows in 1...33 { try transpose(rows, 5 + 3 * (rows % 7)) }
    for longest in [1, 7, 16, 40] { try gather(upTo: longest) }
    for count in 0...4 * wide + 3 { try allFinite(count) }
    for count in 32...34 { try copyRows(2, count * 16 / MemoryLayout<S>.size, 1) }
  }

  /// Some fractions, against a guarded page.
  func operand(_ count: Int, readable: Int = 0) -> GuardedBuffer<S> {
    let values: GuardedArray<S> = samples.numbers(count, .fractions)
    return GuardedBuffer(values.elements, readable: readable, atStart: self.count % 2 == 1)
  }

  /// The guard pattern everywhere, against a guarded page.
  func result(_ count: Int) -> GuardedBuffer<S> {
    GuardedBuffer([S](repeating: S.guardPattern, count: count), atStart: self.count % 2 == 1)
  }

  /// Offsets in any order, of which the largest is `last`.
  func offsets(_ count: Int, upTo last: Int) -> [Int] {
    (0..<count).map { $0 == count - 1 ? last : Int.random(in: 0...last, using: &samples) }
      .shuffled(using: &samples)
  }

  /// Computes and compares a result that has gaps between its rows, where nothing may be written.
  func compare(
    _ name: String, _ result: GuardedBuffer<S>, rows: Int, columns: Int, pitch: Int,
    _ operands: [GuardedBuffer<S>], compute: () -> Void, expected: (Int, Int) -> S
  ) throws(Problem) {
    count += 1
    let place = "\(name), \(S.self), \(instructions)"
    CurrentCase.set(place)
    compute()
    let got = result.elements
    for index in got.indices {
      let (m, j) = index.quotientAndRemainder(dividingBy: pitch)
      let value = j < columns ? expected(m, j) : result.values[index]
      guard got[index].bits == value.bits else {
        throw Problem(
          "\(place): row \(m) column \(j): expected \(value), "
            + "got \(got[index])"
            + (got[index].bits == S.guardPattern.bits ? " (nothing was written)" : ""))
      }
    }
    for buffer in operands {
      if let problem = buffer.problem { throw problem.at(place) }
    }
    if let problem = result.problemOutside { throw problem.at(place) }
  }
}
