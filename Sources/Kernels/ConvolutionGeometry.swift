/// The shapes of one convolution over images with one to three spatial axes: built once, shared by
/// the forward and both backward passes.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// N, the number of samples.
  public let batch: Int
  /// I, over all groups.
  public let inputChannels: Int
  /// O, over all groups.
  public let outputChannels: Int
  /// G; it divides I and O.
  public let groups: Int
  /// The spatial axes, outermost first: length, or height and width, or depth, height and width.
  public let axes: [WindowAxis]
  /// The axis before the vertical one; a single cell unless there are three axes.
  public let depth: WindowAxis
  /// The vertical axis; a single cell if there is one axis.
  public let height: WindowAxis
  /// The horizontal axis, the last one.
  public let width: WindowAxis

  /// Makes a geometry of one to three axes; the groups must divide the channels.
  public init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, axes: [WindowAxis]
  ) {
    precondition(batch > 0 && inputChannels > 0 && outputChannels > 0 && groups > 0)
    precondition(inputChannels % groups == 0 && outputChannels % groups == 0)
    precondition(axes.allSatisfy { !$0.ceilMode }, "a convolution never hangs over")
    precondition((1...3).contains(axes.count), "a convolution has one to three spatial axes")
    self.batch = batch
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.axes = axes
    let cell = WindowAxis(extent: 1, kernel: 1)
    depth = axes.count > 2 ? axes[0] : cell
    height = axes.count > 1 ? axes[axes.count - 2] : cell
    width = axes[axes.count - 1]
  }

  /// Makes a geometry of two axes; the groups must divide the channels.
  public init(
    batch: Int, inputChannels: Int, outputChannels: Int, groups: Int = 1, height: WindowAxis,
    width: WindowAxis
  ) {
    self.init(
      batch: batch, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      axes: [height, width])
  }

  /// N·I·D·H·W.
  public var inputCount: Int { batch * inputChannels * inputArea }
  /// N·O·Do·Ho·Wo.
  public var outputCount: Int { batch * outputChannels * outputArea }
  /// O·(I/G)·kd·kh·kw.
  public var weightCount: Int { outputChannels * reduction }

  /// D·H·W.
  var inputArea: Int { depth.extent * height.extent * width.extent }
  /// Do·Ho·Wo.
  var outputArea: Int { depth.output * height.output * width.output }
  /// I/G.
  var groupInputs: Int { inputChannels / groups }
  /// O/G.
  var groupOutputs: Int { outputChannels / groups }
  /// kd·kh·kw.
  var taps: Int { depth.kernel * height.kernel * width.kernel }
  /// I/G·kd·kh·kw, the length of the sum behind one output.
  var reduction: Int { groupInputs * taps }
  /// N·Do: the output planes of a channel, which the kernels treat as images.
  var images: Int { batch * depth.output }

  /// Where a plane of the output starts.
  func outputPlane(image: Int, channel: Int) -> Int {
    let (sample, plane) = image.quotientAndRemainder(dividingBy: depth.output)
    return ((sample * outputChannels + channel) * depth.output + plane) * height.output
      * width.output
  }

  /// The same sums with as few axes as they need, for the kernels.
  ///
  /// Windows of one cell at every cell: the cells of an image are one row, whatever its extents are.
  /// Groups of few channels are computed plane by plane and keep their rows.
  var simplest: ConvolutionGeometry {
    guard groups < 8, axes.count > 1,
      axes.allSatisfy({
        $0.kernel == 1 && $0.stride == 1 && $0.paddingBegin == 0 && $0.paddingEnd == 0
      })
    else { return self }
    return ConvolutionGeometry(
      batch: batch, inputChannels: inputChannels, outputChannels: outputChannels, groups: groups,
      axes: [WindowAxis(extent: inputArea, kernel: 1)])
  }

  /// Whether one window covers the whole input: then the convolution is a linear layer.
  var isLinear: Bool {
    groups == 1
      && axes.allSatisfy {
        $0.kernel == $0.extent && $0.dilation == 1 && $0.paddingBegin == 0 && $0.paddingEnd == 0
      }
  }
}
