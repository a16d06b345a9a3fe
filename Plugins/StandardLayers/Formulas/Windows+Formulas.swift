// The formulas of convolutions and pools, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension AdaptiveAvgPoolLayer {
  public static var formula: String {
    """
    y = Σ x over its window / the window's size, from ⌊i·H/H′⌋ to below ⌈(i + 1)·H/H′⌉
    dx = Σ of dy / size over the windows that hold x
    """
  }
}

extension AdaptiveMaxPoolLayer {
  public static var formula: String {
    """
    y = max of x over its window, from ⌊i·H/H′⌋ to below ⌈(i + 1)·H/H′⌉
    dx = Σ of dy over the windows whose first maximum x is
    """
  }
}

extension AvgPoolLayer {
  public static var formula: String {
    "y = Σ x over the window / its size    dx = Σ of dy / size over the windows that hold x"
  }
}

extension ConvolutionLayer {
  public static var formula: String {
    """
    y[n,o,i…] = b[o] + Σ over c, p… of w[o,c,p…] · x[n, c, i·stride + p·dilation − padding …]
    dx = Σ over o, p… of w·dy    dw = Σ over n, i… of x·dy    db = Σ over n, i… of dy
    """
  }
}

extension LPPoolLayer {
  public static var formula: String {
    """
    y = (Σ xᵖ over the window)^(1/p)
    dx = Σ of dy·(x/y)^(p − 1) over the windows that hold x
    """
  }
}

extension MaxPoolLayer {
  public static var formula: String {
    "y = max of x over the window    dx = Σ of dy over the windows whose first maximum x is"
  }
}

extension SumPoolLayer {
  public static var formula: String {
    "y = Σ x over the window    dx = Σ of dy over the windows that hold x"
  }
}

extension TransposedConvolutionLayer {
  public static var formula: String {
    """
    y[n,o,h…] = b[o] + Σ w[c,o,p…] · x[n,c,i…] over c, i…, p… with i·stride + p·dilation −
    padding = h
    dx = the convolution of dy with w    dw = Σ over n, i… of x·dy    db = Σ over n, h… of dy
    """
  }
}
