internal import Tensors

/// Elements of a flat array that are normalised together: with the array read as
/// [outer, count, inner], group g has the elements (o, g, i) for all o, i.
///
/// All sums are added in the order of `Reduction.channelSums`, one task to some groups, and their
/// terms are computed where they are added.
public struct ElementGroups: Hashable, Sendable {
  /// How many pieces of neighbouring elements a group has.
  public let outer: Int
  /// The number of groups.
  public let count: Int
  /// The number of elements of a piece.
  public let inner: Int

  /// Divides outer·count·inner elements.
  public init(outer: Int, count: Int, inner: Int) {
    precondition(outer >= 0 && count >= 0 && inner >= 0, "counts are not negative")
    (self.outer, self.count, self.inner) = (outer, count, inner)
  }

  /// The number of elements of a group.
  public var size: Int { outer * inner }

  private var elements: Int { outer * count * inner }

  // MARK: Sums

  /// μ = Σ x / m of each group of m elements.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func means<S: KernelScalar>(of x: [S]) -> [S] {
    precondition(x.count == elements)
    return perGroup(x, x, empty: 0 / S(size)) { x, _, g in sum(PlainTerms(x: x), g) / S(size) }
  }

  /// v = Σ (x − μ)² / m of each group of m elements.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func variances<S: KernelScalar>(of x: [S], means: [S]) -> [S] {
    precondition(x.count == elements && means.count == count)
    return perGroup(x, x, empty: 0 / S(size)) { x, _, g in
      sum(SquareTerms(x: x, mean: means[g]), g) / S(size)
    }
  }

  /// Σ y·x̂ of each group, x̂ = (x − μ)/s.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func products<S: KernelScalar>(
    of x: [S], means: [S], deviations: [S], times y: [S]
  ) -> [S] {
    precondition(x.count == elements && y.count == elements)
    precondition(means.count == count && deviations.count == count)
    return perGroup(x, y, empty: 0) { x, y, g in
      sum(NormalizedTerms(x: x, y: y, mean: means[g], deviation: deviations[g]), g)
    }
  }

  /// The sum of the terms of a group: those of its pieces as a binary tree.
  @inline(__always)
  private func sum<T: LaneTerms>(_ terms: T, _ g: Int) -> T.S {
    withUnsafeTemporaryAllocation(of: T.S.self, capacity: max(1, outer)) { sums in
      for o in 0..<outer {
        sums.initializeElement(
          at: o, to: terms.sum(from: (o * count + g) * inner, count: inner))
      }
      return UnsafeBufferPointer(rebasing: sums[..<outer]).treeSum
    }
  }

  /// One number for each group, in parallel.
  @inline(__always)
  private func perGroup<S: KernelScalar>(
    _ x: [S], _ y: [S], empty: S, _ value: (UnsafePointer<S>, UnsafePointer<S>, Int) -> S
  ) -> [S] {
    guard !x.isEmpty else { return [S](repeating: empty, count: count) }
    return withoutActuallyEscaping(value) { value in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          nonisolated(unsafe) let (x, y, value) = (x.baseAddress, y.baseAddress, value)
          let perTask = max(1, Parallel.blockSize / max(1, size))
          return [S](parallelCount: count, blockSize: perTask) { groups, result in
            guard let x, let y else { return }
            for g in groups { result[g] = value(x, y, g) }
          }
        }
      }
    }
  }

  // MARK: Elements

  /// w·x̂ + b of each element, x̂ = (x − μ)/s; x̂ alone where there are no factors.
  ///
  /// - Parameters:
  ///   - x: The elements.
  ///   - means: μ of each group.
  ///   - deviations: s of each group.
  ///   - factors: w and b of each group, or nothing.
  /// - Returns: As many elements.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func normalized<S: KernelScalar>(
    _ x: [S], means: [S], deviations: [S], factors: (weights: [S], biases: [S])? = nil
  ) -> [S] {
    precondition(x.count == elements && means.count == count && deviations.count == count)
    precondition(factors.map { $0.weights.count == count && $0.biases.count == count } ?? true)
    return perPiece(x, x) { x, _, y, g, piece in
      let (mean, s) = (means[g], deviations[g])
      guard let factors else {
        for i in piece { y[i] = (x[i] - mean) / s }
        return
      }
      let (w, b) = (factors.weights[g], factors.biases[g])
      for i in piece { y[i] = w * ((x[i] - mean) / s) + b }
    }
  }

  /// f·(h − q − x̂·p) of each element, x̂ = (x − μ)/s: the gradient of a normalisation.
  ///
  /// - Parameters:
  ///   - x: The elements.
  ///   - h: The gradient at x̂, or a multiple of it for each group.
  ///   - means: μ of each group.
  ///   - deviations: s of each group.
  ///   - factors: f of each group.
  ///   - shifts: q of each group.
  ///   - slopes: p of each group.
  /// - Returns: As many elements.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public func gradient<S: KernelScalar>(
    _ x: [S], _ h: [S], means: [S], deviations: [S], factors: [S], shifts: [S], slopes: [S]
  ) -> [S] {
    precondition(x.count == elements && h.count == elements)
    precondition([means, deviations, factors, shifts, slopes].allSatisfy { $0.count == count })
    return perPiece(x, h) { x, h, dx, g, piece in
      let (mean, s, factor) = (means[g], deviations[g], factors[g])
      let (shift, slope) = (shifts[g], slopes[g])
      for i in piece { dx[i] = factor * (h[i] - shift - (x[i] - mean) / s * slope) }
    }
  }

  /// An array that is filled piece by piece, in parallel.
  @inline(__always)
  private func perPiece<S: KernelScalar>(
    _ x: [S], _ h: [S],
    _ fill: (UnsafePointer<S>, UnsafePointer<S>, UnsafeMutablePointer<S>, Int, Range<Int>) -> Void
  ) -> [S] {
    withoutActuallyEscaping(fill) { fill in
      x.withUnsafeBufferPointer { x in
        h.withUnsafeBufferPointer { h in
          nonisolated(unsafe) let (x, h, fill) = (x.baseAddress, h.baseAddress, fill)
          let perTask = max(1, Parallel.blockSize / max(1, inner))
          return Array(uninitializedCount: elements) { result in
            nonisolated(unsafe) let result = result.baseAddress
            Parallel.forEachBlock(outer * count, of: perTask) { pieces in
              guard let x, let h, let result else { return }
              for piece in pieces {
                fill(x, h, result, piece % count, piece * inner..<(piece + 1) * inner)
              }
            }
          }
        }
      }
    }
  }
}
