// The formulas of pads and resampling, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension PaddingLayer {
  public static var formula: String {
    """
    y = x inside; around it a constant, or the cell of x that the kind of padding puts there
    dx = Σ of dy over the copies of a cell
    """
  }
}

extension Upsample {
  public static var formula: String {
    """
    y[j] = Σ_c A[j, c]·x[c] along each axis, A by `mode` and the position p of new cell j
    p = r·j with `align_corners`, r = (L − 1)/(L′ − 1); otherwise p = r·(j + ½) − ½
    dx[c] = Σ_j A[j, c]·dy[j]
    """
  }
}

extension UpsamplingBilinear2d {
  public static var formula: String {
    """
    y[n, c, i, j] on the bilinear surface through x[n, c] at r·i, s·j, r = (H − 1)/(H′ − 1)
    dx = Σ of dy times the weight of the cell
    """
  }
}

extension UpsamplingNearest2d {
  public static var formula: String {
    """
    y[n, c, i, j] = x[n, c, ⌊r·i⌋, ⌊s·j⌋]
    dx = Σ of dy over the new cells that show the cell
    """
  }
}
