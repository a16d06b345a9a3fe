import LayerKit
import Tensors

/// One sequence of frames and its labels, with a blank before, between and after them: l.
struct CTCAlignment<S: Scalar> {
  /// The number of frames that count.
  let frames: Int
  /// The number of labels.
  let labelCount: Int
  /// l, of 2·labelCount + 1 classes.
  private let path: [Int]
  private let x: Tensor<S>
  private let sequence: Int
  private let classes: Int
  private let pitch: Int

  private init(_ x: Tensor<S>, sequence: Int, frames: Int, labels: [Int], blank: Int) {
    self.x = x
    self.sequence = sequence
    self.frames = frames
    labelCount = labels.count
    path = [blank] + labels.flatMap { [$0, blank] }
    classes = x.shape.extents.last ?? 1
    pitch = x.shape.rank == 3 ? x.shape[1] * classes : classes
  }

  /// The sequences of a batch.
  static func all(_ operands: Operands<S>, blank: Int) -> [CTCAlignment] {
    labelRanges(operands).enumerated().map { n, range in
      CTCAlignment(
        operands.inputs[0], sequence: n, frames: Int(operands.inputs[2][n].value),
        labels: range.map { Int(operands.inputs[1][$0].value) }, blank: blank)
    }
  }

  /// Where the labels of each sequence stand: at the start of a row, or after those before.
  static func labelRanges(_ operands: Operands<S>) -> [Range<Int>] {
    let (targets, counts) = (operands.inputs[1].shape, operands.inputs[3])
    var next = 0
    return (0..<counts.count).map { n in
      let start = targets.rank == 2 ? n * targets[1] : next
      next = start + Int(counts[n].value)
      return start..<next
    }
  }

  /// The offset of class c in frame t.
  func offset(_ t: Int, _ c: Int) -> Int { t * pitch + sequence * classes + c }

  /// x of class c in frame t.
  subscript(_ t: Int, _ c: Int) -> S { x[offset(t, c)] }

  // MARK: Paths

  /// α[t,s], the logarithm of the probability of all ways to be at l[s] in frame t.
  ///
  ///     α[t,s] = x[t,l[s]] + log(e^α[t−1,s] + e^α[t−1,s−1] + e^α[t−1,s−2])
  ///
  /// The last term only where l[s] is neither a blank nor the label before.
  func forward() -> [[S]] {
    var alpha: [[S]] = []
    for t in 0..<frames {
      alpha.append(
        path.indices.map { s in
          guard let before = alpha.last else { return s < 2 ? self[0, path[s]] : S(-.infinity) }
          let ways = (s < 2 || path[s] == path[s - 2] ? max(0, s - 1) : s - 2)...s
          return Self.reached(before[ways], self[t, path[s]])
        })
    }
    return alpha
  }

  /// β[t,s], the logarithm of the probability of all ways to go on from l[s] in frame t.
  func backward() -> [[S]] {
    var beta: [[S]] = []
    let last = path.count - 1
    for t in (0..<frames).reversed() {
      beta.append(
        path.indices.map { s in
          guard let after = beta.last else {
            return s >= last - 1 ? self[t, path[s]] : S(-.infinity)
          }
          let skips = s + 2 <= last && path[s] != path[s + 2]
          return Self.reached(after[s...min(last, skips ? s + 2 : s + 1)], self[t, path[s]])
        })
    }
    return beta.reversed()
  }

  private static func reached(_ ways: ArraySlice<S>, _ x: S) -> S {
    let sum = logarithmOfSum(ways)
    return sum.value == -.infinity ? sum : sum + x
  }

  /// log Σ e^a; −∞ for none.
  ///
  /// The largest a is taken out as a constant: it cancels, and so do its error and derivative.
  private static func logarithmOfSum(_ terms: some Sequence<S>) -> S {
    let possible = terms.filter { $0.value != -.infinity }
    guard let first = possible.first else { return S(-.infinity) }
    let largest = possible.map(\.value).reduce(first.value) { max($0, $1) }
    var sum = S.zero
    for term in possible { sum += .exp(term - S(largest)) }
    return .log(sum) + S(largest)
  }

  // MARK: Results

  /// −log(e^α[T−1,2L] + e^α[T−1,2L−1]); without frames only no labels are possible.
  func negativeLogLikelihood(_ alpha: [[S]]) -> S {
    guard let last = alpha.last else { return labelCount == 0 ? .zero : S(.infinity) }
    return -Self.logarithmOfSum(last.suffix(2))
  }

  /// The logarithm of Σ e^(α + β) over the places of each class.
  func byClass(_ alpha: [S], _ beta: [S]) -> [S] {
    var joint = [[S]](repeating: [], count: classes)
    for s in path.indices
    where alpha[s].value != -.infinity && beta[s].value != -.infinity {
      joint[path[s]].append(alpha[s] + beta[s])
    }
    return joint.map { Self.logarithmOfSum($0) }
  }

  /// A term of the value 0 whose derivative by each x is eˣ, that of a log-softmax before.
  ///
  /// Only dual numbers have a derivative to carry.
  var normalisation: S {
    guard S.carriesDerivative else { return .zero }
    var sum = S.zero
    for t in 0..<frames {
      for c in 0..<classes {
        let e = S.exp(self[t, c])
        sum += e - S(e.value)
      }
    }
    return sum
  }
}
