import Discrepancy
import HDF5File
import Reports
import Tensors
import Text

/// The elements of tensors as an HDF5 file, which appears at its path once it is complete.
///
/// The groups are those of the fixture, `/layers/conv1/reference/grad_parameters/weight`, below
/// `/cases/<case>` where it has cases. Each holds `ours`, `reference` and `bound`: float64, in the
/// canonical order of axes.
final class ArraysFile {
  /// The bytes that all arrays may take together.
  static let largest = 1 << 30

  private var writer: HDF5Writer?

  init(path: String) throws {
    writer = try HDF5Writer(path: path)
    for (name, value) in [("format", "cnn-verify-arrays"), ("format_version", "1.0")] {
      try writer?.attribute(name, .strings([UntrustedText(value)], shape: []))
    }
  }

  /// Writes one tensor.
  func write(_ arrays: ComparedArrays) throws {
    let above = arrays.layer.caseName.map { "cases/\($0)/" } ?? ""
    let group = above + "layers/\(arrays.layer.name)/\(arrays.against)/\(arrays.path)"
    let datasets = [
      ("ours", arrays.ours), ("reference", arrays.reference), ("bound", arrays.bound),
    ]
    for (name, elements) in datasets {
      try writer?.dataset("\(group)/\(name)", elements, shape: arrays.shape.extents)
    }
    let verdict = UntrustedText(arrays.verdict.rawValue)
    try writer?.attribute("verdict", of: group, .strings([verdict], shape: []))
  }

  /// Gives the file its name.
  func commit() throws { try writer.take()?.commit() }
}
