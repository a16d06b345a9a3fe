// Source: torch.nn.BatchNorm1d/2d/3d (2.13); S. Ioffe, C. Szegedy, *Batch Normalization*, 2015, §3.

public import LayerKit
public import Tensors

/// Normalisation of each channel over samples and space.
///
///     y[n,c,…] = w[c] · (x[n,c,…] − μ[c]) / √(v[c] + ε) + b[c]
///
/// In training, and where there are no running statistics, μ and v are the mean and the biased
/// variance of the channel's m elements. Otherwise they are the running ones. In training the
/// running ones move towards those of the batch; the `momentum` None gives each batch so far the
/// same weight.
public protocol BatchNormalizationLayer: ChannelNormalizationLayer {}

extension BatchNormalizationLayer {
  public static var traits: Signature.Traits { [.dependsOnTraining] }

  public static var countsBatches: Bool { true }

  public func groups(_ operands: OperandShapes) -> NormalizationGroups {
    .batch(operands.inputs[0])
  }

  public func momentum<S: Scalar>(_ operands: Operands<S>, batches: S?) -> S {
    settings.momentum.map { operands.constant($0) } ?? .one / (batches ?? .one)
  }

  /// PyTorch wants more than one value for each channel, and an ε above 0.
  public func checkStatistics(
    of x: Shape, isTracking: Bool, _ operands: OperandShapes
  ) throws {
    if groups(operands).size == 1 {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "more than one value for each channel", found: x)
    }
    if settings.epsilon == 0 {
      throw LayerProblem.outOfRange(
        hyperparameter: "eps", allowed: "a number above 0", found: .real(settings.epsilon))
    }
    if isTracking, settings.momentum == nil, operands.buffers["num_batches_tracked"] == nil {
      throw LayerProblem.missingTensor("buffers/num_batches_tracked")
    }
  }
}
