import Dispatch
import Interchange

/// Has the system fetch from the disk what is read next, while the present layers are computed.
///
/// What is fetched lies in the system's cache, which gives way where memory is needed. A fixture
/// that is there already costs 2 µs for each 128 KiB.
enum ReadAhead {
  /// Bytes that are asked for at a time: what a slow disk reads while a large layer is computed.
  private static let budget = 128 << 20

  /// Asks for the elements of tensors, the first ones first; returns at once.
  static func fetch(_ tensors: [StoredTensor]) {
    guard !tensors.isEmpty else { return }
    // Asking waits where the disk has enough to do already.
    DispatchQueue.global(qos: .utility).async {
      var left = budget
      for tensor in tensors where left > 0 { left -= tensor.fetch(limit: left) }
    }
  }
}

extension FixtureLayer {
  /// All tensors that a verification of the layer reads.
  var tensors: [StoredTensor] {
    let operands = inputs.compactMap { $0 } + Array(parameters.values)
    let others = Array(buffers.values) + Array(auxiliary.values)
    let trees = [reference] + (twin.map { [$0] } ?? [])
    return operands + others + trees.flatMap { $0.forward + $0.backward }
  }
}

extension ReferenceTensors {
  /// What a layer made of its inputs.
  var forward: [StoredTensor] { Array(outputs.values) + Array(buffers.values) }

  /// The gradients that came to a layer, and those that it passed on.
  var backward: [StoredTensor] {
    Array(outputGradients.values) + Array(inputGradients.values)
      + Array(parameterGradients.values)
  }
}
