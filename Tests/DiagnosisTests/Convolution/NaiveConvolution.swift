import LayerKit
import Tensors

/// A convolution of images as loops that were written down for these tests, in the arithmetic of the
/// scalar, with one step of it exchangeable: that is where the faults are planted.
struct NaiveConvolution<S: FloatingScalar> {
  let setting: ConvolutionSetting
  let x: Tensor<S>
  let w: Tensor<S>
  let b: Tensor<S>
  let dy: Tensor<S>

  init(_ setting: ConvolutionSetting, _ trial: Trial<S>) {
    self.setting = setting
    x = trial.operands.inputs[0]
    w = trial.operands.parameter("weight")
    b = trial.operands.parameter("bias")
    dy = trial.upstream[0]
  }

  /// What one multiplication takes part in: sample, filter, channel, tap, window and cell.
  struct Step {
    var n: Int
    var o: Int
    /// The channel of the filter, and that of the image.
    var c: Int
    var channel: Int
    var p: Int
    var q: Int
    var i: Int
    var j: Int
    /// The cell of the image, which may lie in the padding.
    var row: Int
    var column: Int
  }

  private func forEachStep(_ body: (Step) -> Void) {
    let s = setting
    let (channels, filters) = (s.inputs / s.groups, s.outputs / s.groups)
    for n in 0..<s.batch {
      for o in 0..<s.outputs {
        for c in 0..<channels {
          for i in 0..<s.rows {
            for j in 0..<s.columns {
              for p in 0..<s.kernel.0 {
                for q in 0..<s.kernel.1 {
                  body(
                    Step(
                      n: n, o: o, c: c, channel: o / filters * channels + c, p: p, q: q, i: i,
                      j: j, row: i * s.stride.0 + p * s.dilation.0 - s.padding.0,
                      column: j * s.stride.1 + q * s.dilation.1 - s.padding.1))
                }
              }
            }
          }
        }
      }
    }
  }

  private func isInside(_ step: Step) -> Bool {
    (0..<setting.image.0).contains(step.row) && (0..<setting.image.1).contains(step.column)
  }

  /// y, each step changed before it is taken; nil leaves it out.
  func output(
    biasTimes factor: S = 1, weight: Tensor<S>? = nil, _ change: (Step) -> Step? = { $0 }
  ) -> Tensor<S> {
    let w = weight ?? w
    var y = Tensor(setting.y, repeating: S.zero)
    forEachStep { original in
      guard let step = change(original), isInside(step) else { return }
      y[original.n, original.o, original.i, original.j] +=
        w[step.o, step.c, step.p, step.q] * x[step.n, step.channel, step.row, step.column]
    }
    let area = setting.rows * setting.columns
    for place in 0..<y.count { y[place] += factor * b[place / area % setting.outputs] }
    return y
  }

  /// dx, each step changed before it is taken; `overwrites` writes where it should add.
  func inputGradient(
    weight: Tensor<S>? = nil, overwrites: Bool = false, _ change: (Step) -> Step? = { $0 }
  ) -> Tensor<S> {
    let w = weight ?? w
    guard !overwrites else { return overwritten }
    var dx = Tensor(setting.x, repeating: S.zero)
    forEachStep { original in
      guard let step = change(original), isInside(step) else { return }
      dx[step.n, step.channel, step.row, step.column] +=
        w[step.o, step.c, step.p, step.q] * dy[step.n, step.o, step.i, step.j]
    }
    return dx
  }

  /// dx, window after window, each of which is assigned.
  private var overwritten: Tensor<S> {
    let s = setting
    let (channels, filters) = (s.inputs / s.groups, s.outputs / s.groups)
    var dx = Tensor(s.x, repeating: S.zero)
    for n in 0..<s.batch {
      for i in 0..<s.rows {
        for j in 0..<s.columns {
          for channel in 0..<s.inputs {
            for p in 0..<s.kernel.0 {
              for q in 0..<s.kernel.1 {
                let row = i * s.stride.0 + p * s.dilation.0 - s.padding.0
                let column = j * s.stride.1 + q * s.dilation.1 - s.padding.1
                guard (0..<s.image.0).contains(row), (0..<s.image.1).contains(column) else {
                  continue
                }
                let group = channel / channels
                let sum = (group * filters..<(group + 1) * filters).reduce(S.zero) { sum, o in
                  sum + w[o, channel % channels, p, q] * dy[n, o, i, j]
                }
                dx[n, channel, row, column] = sum
              }
            }
          }
        }
      }
    }
    return dx
  }

  /// dw, each step changed before it is taken; `place` says where the product is added.
  func weightGradient(
    _ change: (Step) -> Step? = { $0 }, at place: ((Step) -> Int)? = nil
  ) -> Tensor<S> {
    var dw = Tensor(setting.w, repeating: S.zero)
    forEachStep { original in
      guard let step = change(original), isInside(step) else { return }
      let own = offset(original.o, original.c, original.p, original.q)
      dw[place?(original) ?? own] +=
        x[step.n, step.channel, step.row, step.column] * dy[step.n, step.o, step.i, step.j]
    }
    return dw
  }

  /// db, of some of the positions.
  func biasGradient(_ isIn: (_ n: Int, _ i: Int, _ j: Int) -> Bool = { _, _, _ in true }) -> Tensor<
    S
  > {
    var db = Tensor([setting.outputs], repeating: S.zero)
    for n in 0..<setting.batch {
      for o in 0..<setting.outputs {
        for i in 0..<setting.rows {
          for j in 0..<setting.columns where isIn(n, i, j) { db[o] += dy[n, o, i, j] }
        }
      }
    }
    return db
  }

  private func offset(_ o: Int, _ c: Int, _ p: Int, _ q: Int) -> Int {
    ((o * setting.w[1] + c) * setting.w[2] + p) * setting.w[3] + q
  }

  /// The weights whose element [o, c, p, q] is the one that `source` gives.
  func weights(_ source: (_ o: Int, _ c: Int, _ p: Int, _ q: Int) -> Int) -> Tensor<S> {
    var moved = w
    for o in 0..<w.shape[0] {
      for c in 0..<w.shape[1] {
        for p in 0..<w.shape[2] {
          for q in 0..<w.shape[3] { moved[o, c, p, q] = w[source(o, c, p, q)] }
        }
      }
    }
    return moved
  }
}
