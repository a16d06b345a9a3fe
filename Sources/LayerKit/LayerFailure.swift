/// A layer whose code broke down: it crashed, ran on without end, or gave what is no result.
///
/// Layers that are compiled into the program never fail: what they cannot compute they refuse
/// beforehand (`LayerProblem`). A layer of a shared library may, and then nothing can be said about
/// it; the fault is neither in what it was given nor a difference of numbers.
public struct LayerFailure: Error, Sendable {
  /// The kind of the layer.
  public let kind: String
  /// What happened: facts of whoever runs the layer.
  ///
  /// Its description is the sentence that a person reads, and safe for a terminal.
  public let cause: any Error

  /// Says that a layer of a kind broke down.
  public init(kind: String, cause: any Error) {
    self.kind = kind
    self.cause = cause
  }
}

extension LayerFailure: CustomStringConvertible {
  public var description: String { "\(cause)" }
}
