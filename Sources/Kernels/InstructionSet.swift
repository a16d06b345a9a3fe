internal import CKernels
internal import Glibc

/// The instruction set that the micro-kernels run with.
///
/// All of them give the same bits; only the speed differs. The widest one of the processor is
/// taken, unless the environment variable `CNN_VERIFY_ISA` names a narrower one.
package enum InstructionSet: Int32, CaseIterable, Sendable {
  /// Any processor.
  case portable = 0
  /// x86-64 with AVX2 and FMA: vectors of 32 bytes.
  case avx2 = 1
  /// x86-64 with AVX-512: vectors of 64 bytes.
  case avx512 = 2

  /// Those that this processor can run.
  package static let available: [InstructionSet] = allCases.filter {
    $0.rawValue <= ck_isa_best()
  }

  /// The one chosen for this process.
  package static let chosen: InstructionSet = {
    let widest = available.last ?? .portable
    guard let text = getenv("CNN_VERIFY_ISA") else { return widest }
    return available.first { "\($0)" == String(cString: text) } ?? widest
  }()

  /// The one that kernels started from this task use; tests set it to try each.
  @TaskLocal package static var current: InstructionSet = chosen

  /// How many scalars one vector holds.
  func lanes<S>(_ type: S.Type) -> Int { Int(ck_lanes(rawValue, MemoryLayout<S>.size)) }

  /// The largest number of rows of a product tile this many vectors wide; 0 if there is none.
  func tileRows(vectors: Int) -> Int { Int(ck_tile_rows(rawValue, Int32(vectors))) }

  /// The largest number of rows of a correlation tile.
  var correlationRows: Int { Int(ck_correlate_rows(rawValue)) }
}
