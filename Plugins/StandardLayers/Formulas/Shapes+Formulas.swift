// The formulas of shape kinds, arithmetic and reductions, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension Add {
  public static var formula: String {
    "y = x₀ + x₁ + …    dxₖ = dy, summed over the axes along which xₖ was stretched"
  }
}

extension ChannelShuffle {
  public static var formula: String {
    """
    y[n, k·g + m, …] = x[n, m·C/g + k, …]
    dx is dy moved back
    """
  }
}

extension Concat {
  public static var formula: String { "y = the inputs behind one another    dxₖ = its part of dy" }
}

extension Div {
  public static var formula: String {
    "y = a / b    da = Σ dy/b, db = −Σ dy·(a/b)/b over the axes that each was stretched along"
  }
}

extension Flatten {
  public static var formula: String { "y = x in another shape    dx = dy in the shape of x" }
}

extension Fold {
  public static var formula: String {
    """
    y[n, c, h, w] = Σ x[n, (c·P + p)·Q + q, i·W′ + j] over the places where window i, j covers
    the cell: h = i·s + p·d − a, w = j·s + q·d − a
    dx = dy at the place's cell, 0 in the padding: Unfold
    """
  }
}

extension Mean {
  public static var formula: String {
    "y = Σ x / k    dx = dy / k, k the number of elements of a sum"
  }
}

extension Mul {
  public static var formula: String {
    "y = x₀·x₁·…    dxₖ = dy·Π of the others, summed over the axes along which xₖ was stretched"
  }
}

extension Parameter {
  public static var formula: String { "y = value    dvalue = dy" }
}

extension Permute {
  public static var formula: String {
    "y[i_d₀, i_d₁, …] = x[i₀, i₁, …]    dx[i₀, i₁, …] = dy[i_d₀, i_d₁, …]"
  }
}

extension PixelShuffle {
  public static var formula: String {
    """
    y[n, c, i·r + p, j·r + q] = x[n, (c·r + p)·r + q, i, j]
    dx is dy moved back
    """
  }
}

extension PixelUnshuffle {
  public static var formula: String {
    """
    y[n, (c·r + p)·r + q, i, j] = x[n, c, i·r + p, j·r + q]
    dx is dy moved back
    """
  }
}

extension Reshape {
  public static var formula: String { "y = x in another shape    dx = dy in the shape of x" }
}

extension Slice {
  public static var formula: String {
    "y[…, k, …] = x[…, start + k·step, …]    dx is dy at these positions and 0 elsewhere"
  }
}

extension Split {
  public static var formula: String { "x = [y₀ | y₁ | …]    dx = [dy₀ | dy₁ | …]" }
}

extension Squeeze {
  public static var formula: String { "y = x without the axes    dx = dy with them" }
}

extension Sub {
  public static var formula: String {
    "y = a − b    da = Σ dy, db = −Σ dy over the axes that each was stretched along"
  }
}

extension Sum {
  public static var formula: String { "y = Σ x    dx = dy" }
}

extension Transpose {
  public static var formula: String {
    "y[…, j, …, i, …] = x[…, i, …, j, …]    dx[…, i, …, j, …] = dy[…, j, …, i, …]"
  }
}

extension Unflatten {
  public static var formula: String {
    "y[n, c, i, j] = x[n, (c·H + i)·W + j]    dx[n, (c·H + i)·W + j] = dy[n, c, i, j]"
  }
}

extension Unfold {
  public static var formula: String {
    """
    y[n, (c·P + p)·Q + q, i·W′ + j] = x[n, c, i·s + p·d − a, j·s + q·d − a], 0 in the padding
    dx = the sum of dy over the places of a cell: Fold
    """
  }
}

extension Unsqueeze {
  public static var formula: String { "y = x with the axis    dx = dy without it" }
}
