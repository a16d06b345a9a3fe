import Kernels

/// One axis of a random window.
struct AxisShape: Hashable, Sendable {
  var extent: Int
  var kernel: Int
  var stride = 1
  var begin = 0
  var end = 0
  var dilation = 1

  /// Whether there is such an axis: the window fits.
  var isValid: Bool {
    extent > 0 && kernel > 0 && stride > 0 && dilation > 0 && begin >= 0
      && extent + begin + end > dilation * (kernel - 1)
  }

  var window: WindowAxis {
    WindowAxis(
      extent: extent, kernel: kernel, stride: stride, paddingBegin: begin, paddingEnd: end,
      dilation: dilation)
  }

  /// Axes with one number closer to the simplest.
  var simpler: [AxisShape] {
    var simpler: [AxisShape] = []
    func add(_ change: (inout AxisShape) -> Void) {
      var axis = self
      change(&axis)
      if axis != self, axis.isValid { simpler.append(axis) }
    }
    add { $0.extent = ($0.extent + 1) / 2 }
    add { $0.kernel = ($0.kernel + 1) / 2 }
    add { $0.stride = 1 }
    add { $0.dilation = 1 }
    add { $0.begin = 0 }
    add { $0.end = 0 }
    add { $0.extent -= 1 }
    add { $0.kernel -= 1 }
    add { $0.stride -= 1 }
    return simpler
  }
}

extension AxisShape: CustomStringConvertible {
  var description: String {
    "\(extent) (kernel \(kernel), stride \(stride), padding \(begin) and \(end), dilation \(dilation))"
  }
}

/// The shape of a random convolution.
struct ConvolutionShape: Hashable, Sendable {
  var batch = 1
  var groups = 1
  /// Channels of the input in a group.
  var inputs: Int
  /// Channels of the output in a group.
  var outputs: Int
  var axes: [AxisShape]

  var isValid: Bool {
    batch > 0 && groups > 0 && inputs > 0 && outputs > 0 && (1...3).contains(axes.count)
      && axes.allSatisfy(\.isValid)
  }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      batch: batch, inputChannels: groups * inputs, outputChannels: groups * outputs,
      groups: groups, axes: axes.map(\.window))
  }

  /// The products of the sums, those with the padding included.
  var terms: Int {
    axes.reduce(batch * groups * inputs * outputs) { $0 * $1.kernel * $1.window.output }
  }

  /// Shapes with one number closer to the simplest.
  var simpler: [ConvolutionShape] {
    var simpler: [ConvolutionShape] = []
    func add(_ change: (inout ConvolutionShape) -> Void) {
      var shape = self
      change(&shape)
      if shape != self, shape.isValid { simpler.append(shape) }
    }
    add { $0.batch = ($0.batch + 1) / 2 }
    add { $0.groups = ($0.groups + 1) / 2 }
    add { $0.inputs = ($0.inputs + 1) / 2 }
    add { $0.outputs = ($0.outputs + 1) / 2 }
    for index in axes.indices {
      if axes.count > 1 { add { $0.axes.remove(at: index) } }
      for axis in axes[index].simpler { add { $0.axes[index] = axis } }
    }
    add { $0.batch -= 1 }
    add { $0.groups -= 1 }
    add { $0.inputs -= 1 }
    add { $0.outputs -= 1 }
    return simpler
  }
}

extension ConvolutionShape: CustomStringConvertible {
  var description: String {
    "batch \(batch), groups \(groups) of \(inputs) to \(outputs) channels, "
      + axes.map(\.description).joined(separator: " × ")
  }
}
