// Source: torch.nn.InstanceNorm1d/2d/3d (2.13); D. Ulyanov, A. Vedaldi, V. Lempitsky, *Instance
// Normalization*, 2016, §2.

public import LayerKit
public import Tensors

/// Normalisation of each channel of each sample over space.
///
///     y[n,c,…] = w[c] · (x[n,c,…] − μ[n,c]) / √(v[n,c] + ε) + b[c]
///
/// In training, and where there are no running statistics, μ and v are the mean and the biased
/// variance of the m elements of the channel of that sample. Otherwise they are the running ones of
/// the channel. In training the running ones move towards the mean over all samples of those; with
/// the `momentum` None they stay where they are. `num_batches_tracked` does not count.
public protocol InstanceNormalizationLayer: ChannelNormalizationLayer {}

extension InstanceNormalizationLayer {
  public static var traits: Signature.Traits { [.dependsOnTraining, .independentSamples] }

  public static var countsBatches: Bool { false }

  public var flattensConstants: Bool { true }

  public func groups(_ operands: OperandShapes) -> NormalizationGroups {
    .instance(operands.inputs[0])
  }

  public func momentum<S: Scalar>(_ operands: Operands<S>, batches: S?) -> S {
    operands.constant(settings.momentum ?? 0)
  }

  /// PyTorch wants more than one value for each channel of a sample.
  public func checkStatistics(
    of x: Shape, isTracking: Bool, _ operands: OperandShapes
  ) throws {
    if groups(operands).size == 1 {
      throw LayerProblem.wrongShape(
        tensor: "input", expected: "more than one value for each channel of a sample", found: x)
    }
  }
}
