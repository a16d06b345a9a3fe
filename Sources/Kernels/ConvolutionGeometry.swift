/// The shapes of one convolution: built once, shared by the forward and both backward passes.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// N, the number of samples.
  public let batch: Int
  /// I, over all groups.
  public let inputChannels: Int
  /// O, over all groups.
  public let outputChannels: Int
  /// G; it divides I and O.
  public let groups: Int
  /// The vertical axis.
  public let height: WindowAxis
  /// The horizontal axis.
  public let width: WindowAxis

  /// Makes a geometry; the groups must divide the channels.
  public init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, height: WindowAxis,
    width: WindowAxis
  ) {
    precondition(batch > 0 && inputChannels > 0 && outputChannels > 0 && groups > 0)
    precondition(inputChannels % groups == 0 && outputChannels % groups == 0)
    precondition(!height.ceilMode && !width.ceilMode, "a convolution never hangs over")
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.height = height
    self.width = width
  }

  /// N·I·H·W.
  public var inputCount: Int { batch * inputChannels * height.extent * width.extent }
  /// N·O·Ho·Wo.
  public var outputCount: Int { batch * outputChannels * height.output * width.output }
  /// O·(I/G)·kh·kw.
  public var weightCount: Int { outputChannels * groupInputs * taps }

  /// I/G.
  var groupInputs: Int { inputChannels / groups }
  /// O/G.
  var groupOutputs: Int { outputChannels / groups }
  /// kh·kw.
  var taps: Int { height.kernel * width.kernel }
  /// I/G·kh·kw, the length of the sum behind one output.
  var reduction: Int { groupInputs * taps }

  /// Whether one window covers the whole input: then the convolution is a linear layer.
  var isLinear: Bool {
    func covers(_ axis: WindowAxis) -> Bool {
      axis.kernel == axis.extent && axis.dilation == 1 && axis.paddingBegin == 0
        && axis.paddingEnd == 0
    }
    return groups == 1 && covers(height) && covers(width)
  }
}
