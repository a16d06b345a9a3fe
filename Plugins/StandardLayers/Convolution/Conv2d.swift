// Goals, in order: 1 agree with the definition; 2 be obvious; 3 be fast enough.
// Source: torch.nn.Conv2d (2.13); V. Dumoulin, F. Visin, *A guide to convolution arithmetic for
// deep learning*, 2016, §2 and §4. `padding` may also have four numbers, top left bottom right.

public import Kernels
public import LayerKit
public import Tensors

/// Discrete cross-correlation of images with a set of filters.
///
///     y[n,o,i,j] = b[o] + Σ_{c,p,q} w[o,c,p,q] · xp[n, c + ⌊o/(O/G)⌋·C/G, i·s + p·d, j·s + q·d]
///
/// xp is x with padding around it. Stride s, dilation d and padding are independent on both axes.
/// - Shapes: x [N, C, H, W], w [O, C/G, P, Q], b [O] → y [N, O, H′, W′],
///   H′ = ⌊(H + top + bottom − d(P−1) − 1)/s⌋ + 1
/// - Kinks: none. Linear in x, in w, in b.
public struct Conv2d: Layer {
  // MARK: Kind

  public static let signature = Signature(
    kind: "Conv2d", parameters: [.init("weight"), .init("bias", optional: true)])

  // MARK: Hyper-parameters

  /// Cells between two windows, per axis; default 1.
  let stride: [Int]
  /// Cells around the image; default 0.
  let padding: WindowPadding
  /// Cells between two taps of a filter, per axis; default 1.
  let dilation: [Int]
  /// Into how many groups the channels are cut, each with filters of its own; default 1.
  let groups: Int
  /// What the cells around the image hold; default zeros.
  let paddingMode: PaddingMode
  private let declared: DeclaredSizes

  public init(_ hyperparameters: inout HyperparameterReader) {
    stride = hyperparameters.integers("stride", count: 2, default: [1, 1], in: .cells(from: 1))
    padding = hyperparameters.padding(stride: stride)
    dilation = hyperparameters.integers("dilation", count: 2, default: [1, 1], in: .cells(from: 1))
    groups = hyperparameters.integer("groups", default: 1, in: .cells(from: 1))
    paddingMode = hyperparameters.word("padding_mode", default: .zeros)
    declared = hyperparameters.declaredSizes("in_channels", "out_channels", "kernel_size", "bias")
    hyperparameters.ignore("device", "dtype")
  }

  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = try operands.image(axes: 2)
    let w = operands.parameters["weight"] ?? .scalar
    guard x[1] % groups == 0 else {
      throw LayerProblem.outOfRange(
        hyperparameter: "groups", allowed: "a divisor of the \(x[1]) input channels",
        found: .integer(groups))
    }
    guard w.rank == 4, w.count > 0, w[0] % groups == 0, w[1] == x[1] / groups else {
      let filters = groups == 1 ? "O" : "a multiple of \(groups)"
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: "(\(filters), \(x[1] / groups), kH, kW)", found: w)
    }
    try operands.checkParameter("bias", is: [w[0]], called: "(\(w[0]),)")
    try declared.check("in_channels", equals: x[1])
    try declared.check("out_channels", equals: w[0])
    try declared.check("kernel_size", equals: [w[2], w[3]])
    try declared.check("bias", equals: operands.parameters["bias"] != nil)
    return [try Plan(self, x, w).output]
  }

  /// The one geometry of a convolution, and what is done to the image before.
  private struct Plan {
    /// The shape of the output.
    let output: Shape
    /// The convolution of what is padded with zeros at most; nil if there is no sample.
    let geometry: ConvolutionGeometry?
    /// How the image is extended where the padding is not of zeros.
    let image: ImageExtension?

    init(_ layer: Conv2d, _ x: Shape, _ w: Shape) throws {
      let axes = try (0..<2).map { axis in
        let effectiveKernel = layer.dilation[axis] * (w[2 + axis] - 1) + 1
        let ends = layer.padding.ends(axis: axis, effectiveKernel: effectiveKernel)
        let limit = layer.paddingMode.limit(extent: x[2 + axis])
        guard max(ends.begin, ends.end) <= limit else {
          throw LayerProblem.outOfRange(
            hyperparameter: "padding",
            allowed: "at most \(limit) along \(WindowAxis.names(2)[axis]) with the padding mode "
              + "\"\(layer.paddingMode.rawValue)\"", found: layer.padding.stated)
        }
        return try WindowAxis.fitting(
          WindowAxis.names(2)[axis], extent: x[2 + axis], kernel: w[2 + axis],
          stride: layer.stride[axis], padding: ends, dilation: layer.dilation[axis])
      }
      let isExtended =
        layer.paddingMode != .zeros
        && axes.contains { $0.paddingBegin > 0 || $0.paddingEnd > 0 }
      image =
        isExtended
        ? ImageExtension(
          layer.paddingMode, extents: axes.map(\.extent), begin: axes.map(\.paddingBegin),
          end: axes.map(\.paddingEnd)) : nil
      let convolved = isExtended ? axes.map(\.withPaddingAsCells) : axes
      output = [x[0], w[0], convolved[0].output, convolved[1].output]
      geometry =
        x[0] == 0
        ? nil
        : ConvolutionGeometry(
          batch: x[0], inputChannels: x[1], outputChannels: w[0], groups: layer.groups,
          height: convolved[0], width: convolved[1])
    }
  }

  private func plan<S>(_ x: Tensor<S>, _ w: Tensor<S>) -> Plan {
    established { try Plan(self, x.shape, w.shape) }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let w = operands.parameter("weight")
    let plan = plan(operands.inputs[0], w)
    let x = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
    let bias = operands.parameters["bias"]
    var y = Tensor(plan.output, repeating: S.zero)
    guard let geometry = plan.geometry else { return Results(y) }
    let channelsPerGroup = w.shape[1]
    let filtersPerGroup = w.shape[0] / groups
    for n in 0..<plan.output[0] {
      for o in 0..<plan.output[1] {
        let firstChannel = o / filtersPerGroup * channelsPerGroup
        for i in 0..<plan.output[2] {
          for j in 0..<plan.output[3] {
            var sum = bias?[o] ?? .zero
            for p in 0..<w.shape[2] {
              let row = geometry.height.cell(window: i, tap: p)
              guard row >= 0, row < x.shape[2] else { continue }
              for q in 0..<w.shape[3] {
                let column = geometry.width.cell(window: j, tap: q)
                guard column >= 0, column < x.shape[3] else { continue }
                for c in 0..<channelsPerGroup {
                  sum += w[o, c, p, q] * x[n, firstChannel + c, row, column]
                }
              }
            }
            y[n, o, i, j] = sum
          }
        }
      }
    }
    return Results(y)
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let w = operands.parameter("weight")
    let plan = plan(operands.inputs[0], w)
    guard let geometry = plan.geometry else { return Results(Tensor(plan.output, [])) }
    let x = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
    let bias = operands.parameters["bias"]?.elements
    return Results(
      Tensor(plan.output, Convolution.forward(x.elements, w.elements, bias: bias, geometry)))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let w = operands.parameter("weight")
    let plan = plan(operands.inputs[0], w)
    guard let geometry = plan.geometry else { return noSample(operands, w) }
    let dy = upstream[0].elements
    var gradients = Gradients<S>(inputs: [nil])
    // dx[n,c,h,v] = Σ w[o,c,p,q]·dy[n,o,i,j] over the windows (i,j) whose tap (p,q) lies on (h,v)
    if wanted.inputs.contains(0) {
      let shape = operands.inputs[0].shape
      let dx = Convolution.inputGradient(dy, w.elements, geometry)
      gradients.inputs[0] =
        plan.image.map { image in
          image.gradient(dx, shape: shape)
        } ?? Tensor(shape, dx)
    }
    // dw[o,c,p,q] = Σ_{n,i,j} dy[n,o,i,j]·xp[n, c, i·s + p·d, j·s + q·d]
    if wanted.parameters.contains("weight") {
      let x = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
      gradients.parameters["weight"] = Tensor(
        w.shape, Convolution.weightGradient(x.elements, dy, geometry))
    }
    // db[o] = Σ_{n,i,j} dy[n,o,i,j]
    if wanted.parameters.contains("bias"), let bias = operands.parameters["bias"] {
      gradients.parameters["bias"] = Tensor(
        bias.shape, Convolution.biasGradient(dy, geometry))
    }
    return gradients
  }

  /// The gradients of an empty batch: sums of nothing.
  private func noSample<S: KernelScalar>(
    _ operands: Operands<S>, _ w: Tensor<S>
  ) -> Gradients<S> {
    Gradients(
      inputs: [Tensor(operands.inputs[0].shape, [])],
      parameters: operands.parameters.mapValues { Tensor($0.shape, repeating: 0) })
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let w = question.operands.parameter("weight")
    let plan = plan(question.operands.inputs[0], w)
    guard let geometry = plan.geometry else { return .exact }
    let windows = plan.output[0] * plan.output[2] * plan.output[3]
    let terms =
      switch question.tensor {
      case .inputGradient:
        // A cell is reached by ⌈kh/s′⌉·⌈kw/s′⌉ taps of each filter, and once more for each copy.
        w.shape[0] / groups * geometry.height.overlap * geometry.width.overlap
          * (plan.image?.copies ?? 1)
      case .parameterGradient("bias"): windows - 1
      case .parameterGradient: windows
      case .output, .buffer: w.count / w.shape[0] + 1
      }
    return .sum(
      terms: terms, magnitude: magnitude(question),
      products: question.tensor != .parameterGradient("bias"))
  }
}

extension WindowAxis {
  /// The same windows over an axis that has the padding as ordinary cells.
  fileprivate var withPaddingAsCells: WindowAxis {
    WindowAxis(
      extent: extent + paddingBegin + paddingEnd, kernel: kernel, stride: stride,
      dilation: dilation)
  }
}
