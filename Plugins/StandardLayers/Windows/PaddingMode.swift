/// What the cells around an image hold: `padding_mode` of `torch.nn`.
enum PaddingMode: String, CaseIterable, Sendable {
  /// 0.
  case zeros
  /// The image mirrored at the centre of its border cells, which are not repeated.
  case reflect
  /// The nearest border cell.
  case replicate
  /// The image repeated.
  case circular

  /// The most cells that can be added at one end of an axis.
  func limit(extent: Int) -> Int {
    switch self {
    case .zeros, .replicate: .max
    case .reflect: extent - 1
    case .circular: extent
    }
  }

  /// The cell of the image whose value stands at a position, which may lie outside of it; nil
  /// where it is a constant.
  func source(of position: Int, extent: Int) -> Int? {
    switch self {
    case .zeros:
      return (0..<extent).contains(position) ? position : nil
    case .reflect:
      let folded = position < 0 ? -position : position
      return folded < extent ? folded : 2 * (extent - 1) - folded
    case .replicate:
      return min(max(position, 0), extent - 1)
    case .circular:
      return (position % extent + extent) % extent
    }
  }
}
