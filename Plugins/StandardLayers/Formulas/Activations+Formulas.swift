// The formulas of activations, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension CELU {
  public static var formula: String {
    "y = x where x > 0, otherwise α(e^(x/α) − 1)    dx = dy where x > 0, otherwise e^(x/α)·dy"
  }
}

extension ELU {
  public static var formula: String {
    "y = x where x > 0, otherwise α(eˣ − 1)    dx = dy where x > 0, otherwise α·eˣ·dy"
  }
}

extension GELU {
  public static var formula: String {
    """
    y = x·Φ(x),  Φ(x) = (1 + erf(x/√2))/2    dx = dy·(Φ(x) + x·φ(x)), φ = Φ′
    y = x/2·(1 + tanh k),  k = √(2/π)·(x + 0.044715x³)
    dx = dy·((1 + tanh k)/2 + x/2·(1 − tanh² k)·k′)
    """
  }
}

extension GLU {
  public static var formula: String {
    """
    y = a·σ(b), x = (a, b) along the axis
    da = dy·σ(b)    db = dy·a·σ(b)·(1 − σ(b))
    """
  }
}

extension Hardshrink {
  public static var formula: String {
    "y = x where |x| > λ, otherwise 0    dx = dy where |x| > λ, otherwise 0"
  }
}

extension Hardsigmoid {
  public static var formula: String {
    "y = min(max(x + 3, 0), 6)/6    dx = dy/6 where −3 < x < 3, otherwise 0"
  }
}

extension Hardswish {
  public static var formula: String {
    """
    y = x·min(max(x + 3, 0), 6)/6
    dx = 0 where x ≤ −3, dy·(x/3 + ½) where x < 3, otherwise dy
    """
  }
}

extension Hardtanh {
  public static var formula: String {
    "y = min(max(x, min_val), max_val)    dx = dy where min_val < x < max_val, otherwise 0"
  }
}

extension LeakyReLU {
  public static var formula: String {
    "y = x, or negative_slope·x for x ≤ 0    dx = dy, or negative_slope·dy for x ≤ 0"
  }
}

extension LogSigmoid {
  public static var formula: String { "y = ln σ(x) = −ln(1 + e⁻ˣ)    dx = dy·σ(−x)" }
}

extension LogSoftmax {
  public static var formula: String { "y = x − log Σ eˣ along dim    dx = dy − eʸ·Σ dy" }
}

extension Mish {
  public static var formula: String {
    "y = x·t,  t = tanh(ln(1 + eˣ))    dx = dy·(t + x·σ(x)·(1 − t²))"
  }
}

extension PReLU {
  public static var formula: String {
    """
    y = x where x > 0, otherwise w[c]·x
    dx = dy where x > 0, otherwise w[c]·dy    dw[c] = Σ_{x ≤ 0} x·dy
    """
  }
}

extension RReLU {
  public static var formula: String {
    """
    training:    y = x where x > 0, otherwise noise·x
    dx = dy where x > 0, otherwise noise·dy
    evaluation:  LeakyReLU with the slope (lower + upper)/2
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

extension SELU {
  public static var formula: String {
    "y = s·x where x > 0, otherwise s·α(eˣ − 1)    dx = s·dy where x > 0, otherwise s·α·eˣ·dy"
  }
}

extension SiLU {
  public static var formula: String { "y = x·σ(x)    dx = dy·σ(x)(1 + x(1 − σ(x)))" }
}

extension Sigmoid {
  public static var formula: String { "y = 1/(1 + e⁻ˣ)    dx = dy·y(1 − y)" }
}

extension SoftmaxLayer {
  public static var formula: String { "p = eˣ / Σ eˣ along dim    dx = p(dy − Σ p·dy)" }
}

extension Softplus {
  public static var formula: String {
    """
    y = x where βx > threshold, otherwise ln(1 + e^(βx))/β
    dx = dy where βx > threshold, otherwise dy·σ(βx)
    """
  }
}

extension Softshrink {
  public static var formula: String {
    """
    y = x − λ where x > λ, x + λ where x < −λ, otherwise 0
    dx = dy where |x| > λ, otherwise 0
    """
  }
}

extension Softsign {
  public static var formula: String { "y = x/(1 + |x|)    dx = dy/(1 + |x|)²" }
}

extension Tanh {
  public static var formula: String { "y = tanh x    dx = dy·(1 − y²)" }
}

extension Tanhshrink {
  public static var formula: String { "y = x − tanh(x)    dx = dy·tanh²(x)" }
}

extension Threshold {
  public static var formula: String {
    "y = x where x > threshold, otherwise value    dx = dy where x > threshold, otherwise 0"
  }
}
