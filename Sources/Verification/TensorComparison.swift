import Discrepancy
import Interchange
import LayerKit
import Tensors

/// One computed tensor held against a dataset, which is read window by window.
struct TensorComparison<S: LayerScalar> {
  private let computed: Tensor<S>
  private let stored: StoredTensor
  private let tolerance: Tolerance

  /// The number of elements read at a time: 8 MiB of doubles.
  private static var window: Int { 1 << 20 }

  init(_ computed: Tensor<S>, _ stored: StoredTensor, _ tolerance: Tolerance) {
    self.computed = computed
    self.stored = stored
    self.tolerance = tolerance
  }

  /// Compares all elements.
  ///
  /// Whether the layer's inputs were finite matters only where something is not finite here, so
  /// it is found out only then.
  func run(inputsAreFinite: () -> Bool) throws -> Comparison {
    let found = try run(inputsAreFinite: true)
    guard found.invalid > 0, !inputsAreFinite() else { return found }
    return try run(inputsAreFinite: false)
  }

  private func run(inputsAreFinite: Bool) throws -> Comparison {
    var comparator = Comparator(
      ours: computed, tolerance: tolerance, inputsAreFinite: inputsAreFinite)
    if stored.isReadInWindows {
      for start in stride(from: 0, to: computed.count, by: Self.window) {
        try comparator.compare(next: min(Self.window, computed.count - start)) {
          try stored.read(elements: $0, as: Double.self)
        }
      }
    } else {
      try stored.forEachWindow(of: Self.window) { comparator.compare($0) }
    }
    return comparator.finish()
  }
}

extension StoredTensor {
  /// The elements in row-major order, a window at a time where the storage allows it.
  func forEachWindow(of size: Int, _ body: ([Double]) -> Void) throws {
    guard isCanonical else {
      body(try read(as: Double.self).elements)
      return
    }
    for start in stride(from: 0, to: shape.count, by: size) {
      body(try read(elements: start..<min(start + size, shape.count), as: Double.self))
    }
  }
}
