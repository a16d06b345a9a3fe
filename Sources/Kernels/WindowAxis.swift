/// One spatial axis of a sliding window: a convolution's or a pool's.
///
/// K̃ = D(K − 1) + 1 and n = H + P + P′ − K̃; the output extent is ⌊n/S⌋ + 1 and the remainder
/// r = n mod S. With `ceilMode` the output extent is ⌈n/S⌉ + 1, one less if the last window would
/// start at or after H + P (the rule of `torch.nn`).
public struct WindowAxis: Hashable, Sendable {
  /// H, the extent of the input.
  public let extent: Int
  /// K, the number of cells of the window.
  public let kernel: Int
  /// S, the distance between two windows.
  public let stride: Int
  /// P, the padding before the first cell.
  public let paddingBegin: Int
  /// P′, the padding after the last cell; a negative number cuts cells off, which no window reaches.
  public let paddingEnd: Int
  /// D, the distance between two cells of a window.
  public let dilation: Int
  /// Whether a last window that hangs over the end counts.
  public let ceilMode: Bool

  /// Makes an axis; the numbers must be valid, and the window must fit into the padded extent.
  ///
  /// With `ceilMode` the first window, too, may hang over the end by less than a stride.
  public init(
    extent: Int, kernel: Int, stride: Int = 1, paddingBegin: Int = 0, paddingEnd: Int = 0,
    dilation: Int = 1, ceilMode: Bool = false
  ) {
    precondition(extent > 0 && kernel > 0 && stride > 0 && dilation > 0)
    precondition(paddingBegin >= 0)
    self.extent = extent
    self.kernel = kernel
    self.stride = stride
    self.paddingBegin = paddingBegin
    self.paddingEnd = paddingEnd
    self.dilation = dilation
    self.ceilMode = ceilMode
    precondition(
      slack >= 0 || (ceilMode && slack > -stride), "the window is longer than the padded extent")
  }

  /// K̃ = D(K − 1) + 1, the cells from the first to the last of a window.
  public var effectiveKernel: Int { dilation * (kernel - 1) + 1 }

  /// n = H + P + P′ − K̃, how far the window can move; negative if it does not fit.
  public var slack: Int { extent + paddingBegin + paddingEnd - effectiveKernel }

  /// r = n mod S, the cells at the end that no window reaches (without `ceilMode`).
  public var remainder: Int { slack % stride }

  /// The number of windows.
  public var output: Int {
    guard ceilMode else { return slack / stride + 1 }
    let count = (slack + stride - 1) / stride + 1
    return (count - 1) * stride >= extent + paddingBegin ? count - 1 : count
  }

  /// The cell that tap `tap` of window `window` lies on; outside `0 ..< extent` it is padding.
  @inlinable
  public func cell(window: Int, tap: Int) -> Int {
    window * stride + tap * dilation - paddingBegin
  }

  /// The taps of a window that lie inside the extent.
  func taps(window: Int) -> Range<Int> {
    let start = cell(window: window, tap: 0)
    let first = start >= 0 ? 0 : (-start + dilation - 1) / dilation
    let end = start >= extent ? 0 : (extent - 1 - start) / dilation + 1
    let last = min(kernel, end)
    return min(first, last)..<last
  }
}
