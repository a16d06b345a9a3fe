/// One axis of an adaptive pooling: as many windows as asked for, which cover the extent.
public struct AdaptiveAxis: Hashable, Sendable {
  /// H, the extent of the input.
  public let extent: Int
  /// Ho, the number of windows.
  public let output: Int

  /// Makes an axis of at least one cell.
  public init(extent: Int, output: Int) {
    precondition(extent > 0 && output >= 0)
    self.extent = extent
    self.output = output
  }

  /// The cells of window i: ⌊i·H/Ho⌋ ..< ⌈(i + 1)·H/Ho⌉ (the rule of `torch.nn`).
  public func cells(window i: Int) -> Range<Int> {
    i * extent / output..<((i + 1) * extent + output - 1) / output
  }
}
