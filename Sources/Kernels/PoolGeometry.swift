/// The shapes of one pooling: N·C planes, a window on each axis.
public struct PoolGeometry: Hashable, Sendable {
  /// N, the number of samples.
  public let batch: Int
  /// C, the number of channels.
  public let channels: Int
  /// The vertical axis.
  public let height: WindowAxis
  /// The horizontal axis.
  public let width: WindowAxis

  /// Makes a geometry.
  public init(batch: Int, channels: Int, height: WindowAxis, width: WindowAxis) {
    precondition(batch > 0 && channels > 0)
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// N·C.
  public var planes: Int { batch * channels }
  /// N·C·H·W.
  public var inputCount: Int { planes * inputArea }
  /// N·C·Ho·Wo.
  public var outputCount: Int { planes * outputArea }

  /// H·W.
  var inputArea: Int { height.extent * width.extent }
  /// Ho·Wo.
  var outputArea: Int { height.output * width.output }
}

/// What an average is divided by.
public enum PoolDivisor: Hashable, Sendable {
  /// The cells of the window inside the padded input: a window that hangs over the padded edge
  /// because of `ceilMode` counts up to that edge (`count_include_pad`).
  case padded
  /// The cells of the window inside the input.
  case valid
  /// A number of the caller's (`divisor_override`).
  case fixed(Int)
}

extension WindowAxis {
  /// The cells of a window that count for `PoolDivisor.padded`.
  func paddedCells(window: Int) -> Int {
    let start = cell(window: window, tap: 0)
    let reach = extent + paddingEnd - start
    return min(kernel, (reach + dilation - 1) / dilation)
  }
}
