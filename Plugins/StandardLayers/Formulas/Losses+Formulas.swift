// The formulas of losses; the value of one element, which the reduction adds up or averages, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

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

extension CTCLoss {
  public static var formula: String {
    """
    value = −log Σ_π Π_t e^x[t, π_t]
    dx = (eˣ − share of the labellings that pass through the label at t)·dL
    """
  }
}

extension CosineEmbeddingLoss {
  public static var formula: String {
    """
    value = 1 − c for t = 1, max(0, c − m) for t = −1, otherwise 0
    c = Σ x₁·x₂ / √((Σ x₁² + ε)(Σ x₂² + ε)),  ε = 1e-12
    dx₁ = −t·dL·∂c/∂x₁ where the value is not 0, and x₂ in the same way
    """
  }
}

extension CrossEntropyLoss {
  public static var formula: String {
    """
    L = −mean of log p[label],  p = softmax of the scores along the classes
    dx = (p − y)·dL/N, y the labels as probabilities
    """
  }
}

extension GaussianNLLLoss {
  public static var formula: String {
    """
    value = ½·(log v + (x − t)²/v), and ½·log 2π with `full`
    dx = (x − t)/v·dL    dv = ½(1/v − (x − t)²/v²)·dL
    """
  }
}

extension HingeEmbeddingLoss {
  public static var formula: String {
    """
    value = x for t = 1, max(0, m − x) for t = −1
    dx = dL for t = 1, −dL for t = −1 and x < m
    """
  }
}

extension HuberLoss {
  public static var formula: String {
    """
    value = d²/2 for |d| ≤ δ, otherwise δ·(|d| − δ/2),  d = x − t
    dx = d·dL for |d| ≤ δ, otherwise δ·sign(d)·dL    dt = −dx
    """
  }
}

extension KLDivLoss {
  public static var formula: String {
    """
    value = t·log t − t·x, where 0·log 0 = 0;  with `log_target` eᵗ·(t − x)
    dx = −t·dL, with `log_target` −eᵗ·dL
    """
  }
}

extension L1Loss {
  public static var formula: String {
    """
    value = |d|,  d = x − t
    dx = sign(d)·dL, 0 at d = 0    dt = −dx
    """
  }
}

extension MSELoss {
  public static var formula: String { "L = mean of (x − t)²    dx = 2(x − t)·dL/count" }
}

extension MarginRankingLoss {
  public static var formula: String {
    """
    value = max(0, −t·(x₁ − x₂) + m)
    dx₁ = −t·dL, dx₂ = t·dL where the value is not 0
    """
  }
}

extension MultiLabelMarginLoss {
  public static var formula: String {
    """
    value[n] = 1/C · Σ_t Σ_c max(0, 1 − x[n,t] + x[n,c])
    dx[n,t] = −k/C·dL for the k labels that are too close, dx[n,c] = 1/C·dL for each label t it
    is too close to
    """
  }
}

extension MultiLabelSoftMarginLoss {
  public static var formula: String {
    """
    value[n] = −1/C · Σ_c w[c]·(t[n,c]·log σ(x[n,c]) + (1 − t[n,c])·log σ(−x[n,c]))
    dx[n,c] = w[c]/C·(σ(x[n,c]) − t[n,c])·dL
    """
  }
}

extension MultiMarginLoss {
  public static var formula: String {
    """
    value[n] = w[t]/C · Σ_{c ≠ t} max(0, m − x[n,t] + x[n,c])ᵖ,  t = t[n]
    dx[n,c] = w[t]/C·p·(…)ᵖ⁻¹·dL where c is too close, dx[n,t] = −Σ of these
    """
  }
}

extension NLLLoss {
  public static var formula: String {
    "L = −Σ w[label]·x[label] / Σ w[label]    dx = −w[label]·dL/Σ w at the label, otherwise 0"
  }
}

extension PoissonNLLLoss {
  public static var formula: String {
    """
    value = eˣ − t·x; without `log_input` x − t·log(x + ε)
    + t·log t − t + ½·log(2πt) with `full`, where t > 1
    dx = (eˣ − t)·dL; without `log_input` (1 − t/(x + ε))·dL
    """
  }
}

extension SmoothL1Loss {
  public static var formula: String {
    """
    value = d²/(2β) for |d| < β, otherwise |d| − β/2,  d = x − t
    dx = d/β·dL for |d| < β, otherwise sign(d)·dL    dt = −dx
    """
  }
}

extension SoftMarginLoss {
  public static var formula: String {
    """
    value = log(1 + e^(−t·x))
    dx = −t·σ(−t·x)·dL
    """
  }
}

extension TripletLoss {
  public static var formula: String {
    """
    value = max(0, d(a, p) − d(a, n) + margin), with `swap` the smaller of d(a, n) and d(p, n)
    where the value is not 0: da = dL·∂(d(a, p) − d(a, n))/∂a, and so on
    """
  }
}
