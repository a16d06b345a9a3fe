// The mechanism of all transposed convolutions. A kind states its name, its number of spatial axes
// and its examples. Forward and backward are the passes of a convolution in exchanged roles.
// Source: V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, §4.

public import Kernels
public import LayerKit
public import Tensors

/// The transposed map of a convolution as a layer of its own, on one to three spatial axes.
///
/// With one number for each axis in h, i, p, s, d and the extents K:
///
///     y[n,o,h] = b[o] + Σ w[c,o,p] · x[n,c,i] over all c of o's group and i, p with
///                                             i·s + p·d − begin = h
///
/// Each cell of x adds its filters to a window of y. Then `output_padding` cells, which no window
/// reaches, are appended at the end, and `padding` is what is cut off at both ends. Stride s,
/// dilation d, padding and output padding are independent on all axes.
/// - Shapes: x [N, I, H…], w [I, O/G, K…], b [O] → y [N, O, H′…],
///   H′ = (H−1)s − begin − end + d(K−1) + 1 + output_padding, output_padding < max(s, d)
/// - Kinks: none. Linear in x, in w, in b.
public protocol TransposedConvolutionLayer: Layer {
  /// The number of spatial axes.
  static var axes: Int { get }

  /// The hyper-parameters.
  var settings: ConvolutionSettings { get set }

  /// The layer without its type, made where the type is known: only there is it compiled to be fast.
  var erased: AnyLayer { get }
}

extension TransposedConvolutionLayer {
  // MARK: Shapes

  public func outputShapes(_ operands: OperandShapes) throws -> [Shape] {
    let x = try operands.image(axes: Self.axes)
    let w = operands.parameters["weight"] ?? .scalar
    let groups = settings.groups
    try settings.checkGroups(inputChannels: x[1])
    guard w.rank == 2 + Self.axes, w.count > 0, w[0] == x[1] else {
      throw LayerProblem.wrongShape(
        tensor: "parameters/weight",
        expected: settings.notation("\(x[1])", groups == 1 ? "O" : "O/\(groups)"), found: w)
    }
    try settings.checkSizes(
      operands, inputChannels: x[1], outputChannels: w[1] * groups,
      kernel: Array(w.extents.dropFirst(2)))
    return [try TransposedPlan(settings, x, w).output]
  }

  private func plan<S>(_ operands: Operands<S>) -> TransposedPlan {
    established {
      try TransposedPlan(settings, operands.inputs[0].shape, operands.parameter("weight").shape)
    }
  }

  // MARK: Definition

  public func define<S: Scalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = plan(operands)
    let windows = WindowCells(plan.axes).windows
    // Planes and kernels as rows of cells and taps.
    let x = operands.inputs[0].withOneSpatialAxis
    let w = operands.parameter("weight").withOneSpatialAxis
    let bias = operands.parameters["bias"]
    let (channels, filters) = (w.shape[0] / settings.groups, w.shape[1])
    var y = Tensor(plan.output, repeating: S.zero).withOneSpatialAxis
    for n in 0..<y.shape[0] {
      for o in 0..<y.shape[1] {
        for h in 0..<y.shape[2] { y[n, o, h] = bias?[o] ?? .zero }
      }
      for c in 0..<x.shape[1] {
        let firstFilter = c / channels * filters
        for (window, reaches) in windows.enumerated() {
          for reach in reaches {
            for o in 0..<filters {
              y[n, firstFilter + o, reach.cell] += w[c, o, reach.tap] * x[n, c, window]
            }
          }
        }
      }
    }
    return Results(y.reshaped(to: plan.output))
  }

  // MARK: Forward

  public func forward<S: KernelScalar>(_ operands: Operands<S>) -> Results<S> {
    let plan = plan(operands)
    guard let geometry = plan.geometry else { return Results(Tensor(plan.output, [])) }
    let (x, w) = (operands.inputs[0].elements, operands.parameter("weight").elements)
    let bias = operands.parameters["bias"]?.elements
    return Results(Tensor(plan.output, Convolution.transposed(x, w, bias: bias, geometry)))
  }

  // MARK: Backward

  public func backward<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>], wanted: GradientRequest
  ) -> Gradients<S> {
    guard let geometry = plan(operands).geometry else { return Gradients(ofNoSample: operands) }
    let (x, w) = (operands.inputs[0], operands.parameter("weight"))
    let dy = upstream[0].withOneSpatialAxis
    var gradients = Gradients<S>(inputs: [nil])
    // dx[n,c,i] = Σ_{o,p} w[c,o,p]·dy[n, o, i·s + p·d − begin], a convolution of dy
    if wanted.inputs.contains(0) {
      gradients.inputs[0] = Tensor(
        x.shape, Convolution.forward(dy.elements, w.elements, bias: nil, geometry))
    }
    // dw[c,o,p] = Σ_{n,i} x[n,c,i]·dy[n, o, i·s + p·d − begin]
    if wanted.parameters.contains("weight") {
      gradients.parameters["weight"] = Tensor(
        w.shape, Convolution.weightGradient(dy.elements, x.elements, geometry))
    }
    // db[o] = Σ_{n,h} dy[n,o,h]
    if wanted.parameters.contains("bias"), let bias = operands.parameters["bias"] {
      gradients.parameters["bias"] = Tensor(
        bias.shape,
        Reduction.channelSums(
          dy.elements, batch: dy.shape[0], channels: dy.shape[1], area: dy.shape[2]))
    }
    return gradients
  }

  // MARK: Bound

  public func bound(_ question: BoundQuestion) -> ErrorBound {
    let w = question.operands.parameter("weight").shape
    let plan = plan(question.operands)
    guard plan.geometry != nil else { return .exact }
    let x = question.operands.inputs[0].shape
    let terms =
      switch question.tensor {
      // A cell is reached by ⌈K/s′⌉ taps of each filter on each axis; then the bias.
      case .output, .buffer:
        w[0] / settings.groups * plan.axes.reduce(1) { $0 * $1.overlap } + 1
      case .inputGradient: w.count / w[0]
      case .parameterGradient("bias"): plan.output.count / plan.output[1] - 1
      case .parameterGradient: x.count / x[1]
      }
    return .sum(
      terms: terms, magnitude: magnitude(question, terms: terms + 1),
      products: question.tensor != .parameterGradient("bias"))
  }
}
