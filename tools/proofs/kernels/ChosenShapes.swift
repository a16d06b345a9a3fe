extension ConvolutionShape {
  /// Shapes that together take every way through the kernels.
  static let chosen: [ConvolutionShape] = [
    // One by one, without gaps, more channels than a block of terms; images smaller than a tile.
    of(2, 270, 17, [3, 7], kernel: 1), of(3, 8, 40, [4, 4], kernel: 1, stride: 2),
    of(3, 20, 35, [7, 7], kernel: 3, padding: 1), of(1, 33, 31, [3, 20], kernel: 3, padding: 1),
    // Depthwise, also with a multiplier, with planes that are cut, more groups than a batch.
    of(2, 1, 1, [9, 9], kernel: 3, padding: 1, groups: 24),
    of(2, 2, 2, [8, 8], kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 1, 2, [90, 130], kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 2, 1, [3, 5_000], kernel: 3, padding: 2, groups: 8),
    of(2, 1, 1, [7, 7], kernel: 3, padding: 1, groups: 300),
    of(1, 1, 1, [9_000], kernel: 7, stride: 3, padding: 2, groups: 9),
    // Planes with small windows, which are read where they are: rows of half a vector, of one, of many.
    of(2, 1, 1, [7, 7], kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 1, 1, [14, 14], kernel: 5, padding: 2, groups: 8),
    of(1, 1, 2, [15, 15], kernel: 5, stride: 2, padding: 2, groups: 9),
    of(1, 2, 1, [30, 61], kernel: 3, stride: 2, padding: 1, groups: 8),
    of(1, 1, 1, [12, 150], kernel: 3, padding: 1, groups: 8),
    of(1, 1, 1, [9, 171], kernel: 5, stride: 2, padding: 2, groups: 8),
    of(1, 1, 1, [90, 130], kernel: 3, padding: 0, groups: 8),
    // A first layer; more taps than a block; very wide images.
    of(1, 3, 16, [30, 30], kernel: 7, stride: 2, padding: 3), of(1, 2, 3, [20, 20], kernel: 17),
    of(1, 2, 20, [1, 9_000], kernel: 1), of(1, 1, 2, [3, 3_000], kernel: 3, padding: 1),
    // So many outputs of so few positions that the outputs are cut into parts.
    of(2, 2, 260, [7, 7], kernel: 3, padding: 1), of(1, 1, 260, [24, 24], kernel: 1),
    // Small planes whose taps on padding are left out.
    of(8, 40, 64, [7, 7], kernel: 3, padding: 1), of(16, 24, 30, [9, 8], kernel: 5, padding: 2),
    // Filters in the lanes: with a stride, without padding, of small planes; many, and residues.
    of(3, 40, 140, [9, 9], kernel: 3, stride: 2, padding: 1),
    of(2, 17, 23, [19, 20], kernel: 5, stride: 3, padding: 1),
    of(2, 70, 65, [12, 9], kernel: 1, stride: 2), of(3, 6, 16, [14, 14], kernel: 5),
    of(2, 130, 100, [7, 7], kernel: 1), of(2, 16, 16, [11], kernel: 5, stride: 2, padding: 2),
    of(1, 30, 32, [5, 6], kernel: 2, stride: 3, groups: 2),
    // One window over the input: a linear layer. Few outputs with long rows.
    of(4, 7, 30, [5, 5], kernel: 5), of(2, 2, 6, [12, 37], kernel: 5, padding: 1),
    // A stride longer than the kernel leaves cells that nothing reaches.
    of(2, 3, 4, [11, 13], kernel: 2, stride: 5),
    of(1, 2, 2, [2, 2], kernel: 1, stride: 5, padding: 4),
    of(1, 2, 3, [11, 5, 4], kernel: 2, stride: 5),
    // Results larger than the caches, with a stride and without.
    of(1, 1, 70, [130, 130], kernel: 1), of(1, 1, 70, [128, 130], kernel: 1),
    of(1, 70, 1, [131, 130], kernel: 2, stride: 2),
    // One axis, and three.
    of(2, 3, 8, [5_000], kernel: 9, stride: 4, padding: 4), of(3, 70, 40, [33], kernel: 3),
    of(1, 20, 35, [3, 5, 6], kernel: 3, padding: 1), of(2, 140, 9, [2, 4, 5], kernel: 1),
    of(2, 1, 1, [5, 6, 9], kernel: 3, padding: 1, groups: 12), of(3, 4, 9, [3, 3, 3], kernel: 3),
    of(1, 2, 3, [8, 8, 8], kernel: 6, padding: 2), of(2, 1, 260, [2, 5, 5], kernel: 3, padding: 1),
  ]

  private static func of(
    _ batch: Int, _ inputs: Int, _ outputs: Int, _ extents: [Int], kernel: Int, stride: Int = 1,
    padding: Int = 0, groups: Int = 1
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, groups: groups, inputs: inputs, outputs: outputs,
      axes: extents.map { extent in
        AxisShape(
          extent: extent, kernel: min(kernel, extent + 2 * padding), stride: stride,
          begin: padding, end: padding)
      })
  }
}
