// The mechanism of all convolutions. A kind states its name, its number of spatial axes and its
// examples; the formula, the gradients and the bound are the same on every number of axes.
// Source: V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, §2
// and §4.

public import Kernels
public import LayerKit
public import Tensors

/// Discrete cross-correlation of images with a set of filters, on one to three spatial axes.
///
/// With one number for each axis in i, p, s, d and the extents K:
///
///     y[n,o,i] = b[o] + Σ_{c,p} w[o,c,p] · xp[n, c + ⌊o/(O/G)⌋·C/G, i·s + p·d]
///
/// xp is x with padding around it. Stride s, dilation d and padding are independent on all axes.
/// - Shapes: x [N, C, H…], w [O, C/G, K…], b [O] → y [N, O, H′…],
///   H′ = ⌊(H + begin + end − d(K−1) − 1)/s⌋ + 1
/// - Kinks: none. Linear in x, in w, in b.
public protocol ConvolutionLayer: Layer {
  /// The number of spatial axes.
  static var axes: Int { get }

  /// The hyper-parameters.
  var settings: ConvolutionSettings { get set }

  /// The layer without its type, made where the type is known: only there is it compiled to be fast.
  var erased: AnyLayer { get }
}

extension ConvolutionLayer {
  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = try operands.image(axes: Self.axes)
    let w = operands.parameters["weight"] ?? .scalar
    let groups = settings.groups
    try settings.checkGroups(inputChannels: x[1])
    guard w.rank == 2 + Self.axes, w.count > 0, w[0] % groups == 0, w[1] == x[1] / groups else {
      let filters = groups == 1 ? "O" : "a multiple of \(groups)"
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight", expected: settings.notation(filters, "\(x[1] / groups)"),
        found: w)
    }
    try settings.checkSizes(
      operands, inputChannels: x[1], outputChannels: w[0], kernel: Array(w.extents.dropFirst(2)))
    return [try ConvolutionPlan(settings, x, w).output]
  }

  private func plan<S>(_ operands: Operands<S>) -> ConvolutionPlan {
    established {
      try ConvolutionPlan(settings, operands.inputs[0].shape, operands.parameter("weight").shape)
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = plan(operands)
    let image = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
    let windows = WindowCells(plan.axes).windows
    // Planes and kernels as rows of cells and taps.
    let x = image.withOneSpatialAxis
    let w = operands.parameter("weight").withOneSpatialAxis
    let bias = operands.parameters["bias"]
    let (channels, filters) = (w.shape[1], w.shape[0] / settings.groups)
    var y = Tensor([plan.output[0], plan.output[1], windows.count], repeating: S.zero)
    for n in 0..<y.shape[0] {
      for o in 0..<y.shape[1] {
        let firstChannel = o / filters * channels
        for (window, reaches) in windows.enumerated() {
          var sum = bias?[o] ?? .zero
          for reach in reaches {
            for c in 0..<channels {
              sum += w[o, c, reach.tap] * x[n, firstChannel + c, reach.cell]
            }
          }
          y[n, o, window] = sum
        }
      }
    }
    return Results(y.reshaped(to: plan.output))
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = plan(operands)
    guard let geometry = plan.geometry else { return Results(Tensor(plan.output, [])) }
    let x = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
    let w = operands.parameter("weight")
    let bias = operands.parameters["bias"]?.elements
    return Results(
      Tensor(plan.output, Convolution.forward(x.elements, w.elements, bias: bias, geometry)))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    let plan = plan(operands)
    guard let geometry = plan.geometry else { return Gradients(ofNoSample: operands) }
    let w = operands.parameter("weight")
    let dy = upstream[0].elements
    var gradients = Gradients<S>(
      inputs: [nil], parameters: Dictionary(minimumCapacity: wanted.parameters.count))
    // dx[n,c,h] = Σ w[o,c,p]·dy[n,o,i] over the windows i whose tap p lies on h
    if wanted.inputs.contains(0) {
      let shape = operands.inputs[0].shape
      let dx = Convolution.inputGradient(dy, w.elements, geometry)
      gradients.inputs[0] = plan.image?.gradient(dx, shape: shape) ?? Tensor(shape, dx)
    }
    // dw[o,c,p] = Σ_{n,i} dy[n,o,i]·xp[n, c, i·s + p·d]
    if wanted.parameters.contains("weight") {
      let x = plan.image?.extended(operands.inputs[0]) ?? operands.inputs[0]
      gradients.parameters["weight"] = Tensor(
        w.shape, Convolution.weightGradient(x.elements, dy, geometry))
    }
    // db[o] = Σ_{n,i} dy[n,o,i]
    if wanted.parameters.contains("bias"), let bias = operands.parameters["bias"] {
      gradients.parameters["bias"] = Tensor(bias.shape, Convolution.biasGradient(dy, geometry))
    }
    return gradients
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let w = question.operands.parameter("weight").shape
    let plan = plan(question.operands)
    guard plan.geometry != nil else { return .exact }
    let windows = plan.output.count / plan.output[1]
    let terms =
      switch question.tensor {
      case .inputGradient:
        // A cell is reached by ⌈K/s′⌉ taps of each filter on each axis, once more for each copy.
        w[0] / settings.groups * plan.axes.reduce(1) { $0 * $1.overlap }
          * (plan.image?.copies ?? 1)
      case .parameterGradient("bias"): windows - 1
      case .parameterGradient: windows
      case .output, .buffer: w.count / w[0] + 1
      }
    return .sum(
      terms: terms, magnitude: magnitude(question, terms: terms + 1),
      products: question.tensor != .parameterGradient("bias"))
  }
}

extension Tensor {
  /// A tensor of two leading axes and spatial ones, with all spatial axes as one.
  var withOneSpatialAxis: Tensor {
    let area = shape.extents.dropFirst(2).reduce(1, *)
    return reshaped(to: [shape[0], shape[1], area])
  }
}

extension Gradients where S: Scalar {
  /// The gradients of an empty batch, which are sums of nothing.
  init(ofNoSample operands: Operands<S>) {
    self.init(
      inputs: operands.inputs.map { Tensor($0.shape, repeating: .zero) },
      parameters: operands.parameters.mapValues { Tensor($0.shape, repeating: .zero) })
  }
}
