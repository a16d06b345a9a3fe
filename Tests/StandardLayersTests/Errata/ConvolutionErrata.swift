// Statements about convolutions as published texts make them, where each of them holds, and its
// correction. The article “Published derivations, corrected” refers to these tests by name.

import StandardLayers
import Tensors
import Testing

private typealias Image = ImageOperators

/// δ with S − 1 zeros between its elements and so many zeros after the last.
private func dilated(_ c: PublishedCase, remainder: Bool) -> Tensor<Double> {
  Image.dilated(
    c.dy, by: (c.rows.stride, c.columns.stride),
    appending: remainder ? (c.rows.remainder, c.columns.remainder) : (0, 0))
}

/// padpad: K − 1 − P zeros around each image; nil where that is negative and nothing is cut.
private func padpad(
  _ x: Tensor<Double>, _ c: PublishedCase, cropping: Bool
) -> Tensor<Double>? {
  let ends = c.axes.map { $0.kernel - 1 - $0.padding }
  guard cropping || ends.allSatisfy({ $0 >= 0 }),
    x.shape[2] + 2 * ends[0] > 0, x.shape[3] + 2 * ends[1] > 0
  else { return nil }
  return Image.padded(x, rows: (ends[0], ends[0]), columns: (ends[1], ends[1]))
}

private func correlated(_ x: Tensor<Double>?, _ w: Tensor<Double>) -> Tensor<Double>? {
  guard let x, x.shape[1] == w.shape[1], x.shape[2] >= w.shape[2], x.shape[3] >= w.shape[3] else {
    return nil
  }
  return Image.correlated(x, w)
}

private func turnedAndExchanged(_ w: Tensor<Double>) -> Tensor<Double> {
  Image.exchanged(Image.rotated(w))
}

@Test func `the output width follows from the kernel width, not its height`() {
  var wrong = 0
  for c in PublishedCase.grid {
    let published =
      (c.columns.extent + 2 * c.columns.padding - c.rows.kernel) / c.columns.stride + 1
    let corrected = c.columns.slack / c.columns.stride + 1
    #expect(corrected == c.y.shape[3])
    if c.rows.kernel == c.columns.kernel { #expect(published == c.y.shape[3]) }
    if published != c.y.shape[3] { wrong += 1 }
  }
  #expect(wrong > 100)
}

@Test func `the input gradient by correlation needs the remainder, and crops where P is large`() {
  tryErratum(
    published: {
      correlated(
        padpad(dilated($0, remainder: false), $0, cropping: false), turnedAndExchanged($0.w))
    },
    holdsWhere: { $0.axes.allSatisfy { $0.remainder == 0 && $0.padding <= $0.kernel - 1 } },
    corrected: {
      correlated(padpad(dilated($0, remainder: true), $0, cropping: true), turnedAndExchanged($0.w))
    },
    truth: \.dx)
}

@Test func `the turned kernels exchange their channels`() {
  tryErratum(
    published: {
      correlated(padpad(dilated($0, remainder: true), $0, cropping: true), Image.rotated($0.w))
    },
    holdsWhere: { $0.inputChannels == 1 && $0.outputChannels == 1 },
    corrected: {
      correlated(padpad(dilated($0, remainder: true), $0, cropping: true), turnedAndExchanged($0.w))
    },
    truth: \.dx)
}

/// padpad(δ) ⋆ rot180trans(X), δ turned first or not; the sum runs over the samples.
private func weightGradient(_ c: PublishedCase, turnsGradient: Bool) -> Tensor<Double>? {
  let gradient = dilated(c, remainder: true)
  let padded = padpad(turnsGradient ? Image.rotated(gradient) : gradient, c, cropping: true)
  return correlated(padded.map(Image.exchanged), turnedAndExchanged(c.x))
}

@Test func `the weight gradient by correlation needs the gradient turned first`() {
  tryErratum(
    published: { weightGradient($0, turnsGradient: false) },
    // A gradient of one cell without a remainder is its own turned image.
    holdsWhere: { $0.axes.allSatisfy { $0.output == 1 && $0.remainder == 0 } },
    corrected: { weightGradient($0, turnsGradient: true) }, truth: \.dw)
}

@Test func `the bias gradient is a sum over samples, rows and columns`() {
  func sums(_ c: PublishedCase, samples: Range<Int>) -> Tensor<Double> {
    var db = Tensor([c.outputChannels], repeating: 0.0)
    for n in samples {
      for o in 0..<c.outputChannels {
        for i in 0..<c.rows.output {
          for j in 0..<c.columns.output { db[o] += c.dy[n, o, i, j] }
        }
      }
    }
    return db
  }
  // Published: δ itself.
  tryErratum(
    published: { c in c.dy.count == c.outputChannels ? c.dy.reshaped(to: [c.outputChannels]) : nil
    },
    holdsWhere: { $0.batch == 1 && $0.axes.allSatisfy { $0.output == 1 } },
    corrected: { sums($0, samples: 0..<$0.batch) }, truth: \.db)
  // Published: the sum over space alone.
  tryErratum(
    published: { sums($0, samples: 0..<1) }, holdsWhere: { $0.batch == 1 },
    corrected: { sums($0, samples: 0..<$0.batch) }, truth: \.db)
}

@Test func `the weight gradient is a sum over samples, not a stack of them`() {
  func gradient(_ c: PublishedCase, samples: Range<Int>) -> Tensor<Double>? {
    var sum = c.w.map { _ in 0.0 }
    for n in samples {
      let x = Image.selected(c.x, n..<n + 1, 0..<c.inputChannels)
      let gradient = Image.selected(dilated(c, remainder: true), n..<n + 1, 0..<c.outputChannels)
      let padded = padpad(Image.rotated(gradient), c, cropping: true)
      guard let part = correlated(padded.map(Image.exchanged), turnedAndExchanged(x)) else {
        return nil
      }
      sum = sum.zip(part, +)
    }
    return sum
  }
  tryErratum(
    published: { gradient($0, samples: 0..<1) }, holdsWhere: { $0.batch == 1 },
    corrected: { gradient($0, samples: 0..<$0.batch) }, truth: \.dw)
}

@Test func `image times gradient is the weight gradient for stride 1 without padding only`() {
  /// crop_K(pad(X) ⋆ dil(δ)), or X ⋆ δ.
  func gradient(_ c: PublishedCase, full: Bool) -> Tensor<Double>? {
    let (p, q) = full ? (c.rows.padding, c.columns.padding) : (0, 0)
    let image = Image.exchanged(Image.padded(c.x, rows: (p, p), columns: (q, q)))
    let kernel = full ? dilated(c, remainder: false) : c.dy
    guard let product = correlated(image, Image.exchanged(kernel)) else { return nil }
    guard product.shape[2] >= c.rows.kernel, product.shape[3] >= c.columns.kernel else {
      return nil
    }
    let cropped =
      full
      ? Image.padded(
        product, rows: (0, c.rows.kernel - product.shape[2]),
        columns: (0, c.columns.kernel - product.shape[3])) : product
    return Image.exchanged(cropped)
  }
  tryErratum(
    published: { gradient($0, full: false) },
    holdsWhere: { $0.axes.allSatisfy { $0.stride == 1 && $0.padding == 0 } },
    corrected: { gradient($0, full: true) }, truth: \.dw)
}

@Test func `the padded extent of the gradient has the remainder in it`() {
  var wrong = 0
  for axis in PublishedCase.grid.flatMap(\.axes) {
    // F is the extent from which dX is correlated: H + K − 1.
    let (u, e) = ((axis.output - 1) * axis.stride + 1, axis.kernel - 1 - axis.padding)
    #expect(u + 2 * e + axis.remainder == axis.extent + axis.kernel - 1)
    #expect((u + 2 * e == axis.extent + axis.kernel - 1) == (axis.remainder == 0))
    if axis.remainder != 0 { wrong += 1 }
  }
  #expect(wrong > 100)
}

@Test func `zeros in the last rows are not the remainder`() {
  // Filling the last r rows and columns of dX with zeros is right only where no window reaches them.
  tryErratum(
    published: { c in
      let short = correlated(
        padpad(dilated(c, remainder: false), c, cropping: true), turnedAndExchanged(c.w))
      return short.map {
        Image.padded($0, rows: (0, c.rows.remainder), columns: (0, c.columns.remainder))
      }
    },
    holdsWhere: { $0.axes.allSatisfy { $0.remainder == 0 || $0.padding == 0 } },
    corrected: {
      correlated(padpad(dilated($0, remainder: true), $0, cropping: true), turnedAndExchanged($0.w))
    },
    truth: \.dx)
}
