// The formulas of the kinds that people ask about most, as `cnn-verify --explain` shows them. Each is
// the one that the documentation of its kind states.

extension ConvolutionLayer {
  public static var formula: String {
    """
    y[n,o,i…] = b[o] + Σ over c, p… of w[o,c,p…] · x[n, c, i·stride + p·dilation − padding …]
    dx = Σ over o, p… of w·dy    dw = Σ over n, i… of x·dy    db = Σ over n, i… of dy
    """
  }
}

extension Linear {
  public static var formula: String {
    "y = x·Wᵀ + b    dx = dy·W    dW = dyᵀ·x    db = Σ dy over all rows"
  }
}

extension MaxPoolLayer {
  public static var formula: String {
    "y = max of x over the window    dx = Σ of dy over the windows whose first maximum x is"
  }
}

extension AvgPoolLayer {
  public static var formula: String {
    "y = Σ x over the window / its size    dx = Σ of dy / size over the windows that hold x"
  }
}

extension SumPoolLayer {
  public static var formula: String {
    "y = Σ x over the window    dx = Σ of dy over the windows that hold x"
  }
}

extension AdaptiveAvgPoolLayer {
  public static var formula: String {
    """
    y = Σ x over its window / the window's size, from ⌊i·H/H′⌋ to below ⌈(i + 1)·H/H′⌉
    dx = Σ of dy / size over the windows that hold x
    """
  }
}

extension BatchNormalizationLayer {
  public static var formula: String {
    """
    y = w·x̂ + b,  x̂ = (x − μ)/s,  s = √(v + eps), μ and v over batch and space of a channel
    dw = Σ dy·x̂    db = Σ dy    dx = w/s · (dy − mean dy − x̂·mean(dy·x̂)), without the means where
    running statistics are used
    """
  }
}

extension ReLU {
  public static var formula: String { "y = max(x, 0)    dx = dy where x > 0, otherwise 0" }
}

extension ReLU6 {
  public static var formula: String {
    "y = min(max(x, 0), 6)    dx = dy where 0 < x < 6, otherwise 0"
  }
}

extension LeakyReLU {
  public static var formula: String {
    "y = x, or negative_slope·x for x ≤ 0    dx = dy, or negative_slope·dy for x ≤ 0"
  }
}

extension Sigmoid {
  public static var formula: String { "y = 1/(1 + e⁻ˣ)    dx = dy·y(1 − y)" }
}

extension Tanh {
  public static var formula: String { "y = tanh x    dx = dy·(1 − y²)" }
}

extension SiLU {
  public static var formula: String { "y = x·σ(x)    dx = dy·σ(x)(1 + x(1 − σ(x)))" }
}

extension SoftmaxLayer {
  public static var formula: String { "p = eˣ / Σ eˣ along dim    dx = p(dy − Σ p·dy)" }
}

extension LogSoftmax {
  public static var formula: String { "y = x − log Σ eˣ along dim    dx = dy − eʸ·Σ dy" }
}

extension DropoutLayer {
  public static var formula: String {
    "y = x·mask/(1 − p) in training, otherwise x    dx = dy·mask/(1 − p)"
  }
}

extension Identity {
  public static var formula: String { "y = x    dx = dy" }
}

extension Add {
  public static var formula: String {
    "y = x₀ + x₁ + …    dxₖ = dy, summed over the axes along which xₖ was stretched"
  }
}

extension Mul {
  public static var formula: String {
    "y = x₀·x₁·…    dxₖ = dy·Π of the others, summed over the axes along which xₖ was stretched"
  }
}

extension Concat {
  public static var formula: String { "y = the inputs behind one another    dxₖ = its part of dy" }
}

extension Flatten {
  public static var formula: String { "y = x in another shape    dx = dy in the shape of x" }
}

extension Reshape {
  public static var formula: String { "y = x in another shape    dx = dy in the shape of x" }
}

extension MSELoss {
  public static var formula: String { "L = mean of (x − t)²    dx = 2(x − t)·dL/count" }
}

extension CrossEntropyLoss {
  public static var formula: String {
    """
    L = −mean of log p[label],  p = softmax of the scores along the classes
    dx = (p − y)·dL/N, y the labels as probabilities
    """
  }
}

extension NLLLoss {
  public static var formula: String {
    "L = −Σ w[label]·x[label] / Σ w[label]    dx = −w[label]·dL/Σ w at the label, otherwise 0"
  }
}

extension BCELoss {
  public static var formula: String {
    "L = −mean of t·log x + (1 − t)·log(1 − x)    dx = (x − t)/(x(1 − x))·dL/count"
  }
}

extension BCEWithLogitsLoss {
  public static var formula: String {
    "L = mean of log(1 + eˣ) − t·x    dx = (σ(x) − t)·dL/count"
  }
}
