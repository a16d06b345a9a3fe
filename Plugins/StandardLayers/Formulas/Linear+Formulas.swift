// The formulas of linear layers, distances and normalisations, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension BatchNormalizationLayer {
  public static var formula: String {
    """
    y = w·x̂ + b,  x̂ = (x − μ)/s,  s = √(v + eps), μ and v over batch and space of a channel
    dw = Σ dy·x̂    db = Σ dy    dx = w/s · (dy − mean dy − x̂·mean(dy·x̂)), without the means where
    running statistics are used
    """
  }
}

extension Bilinear {
  public static var formula: String {
    """
    y[n,o] = b[o] + Σ_i Σ_j w[o,i,j] · x₁[n,i] · x₂[n,j]
    dx₁[n,i] = Σ w[o,i,j]·x₂[n,j]·dy[n,o]    dw[o,i,j] = Σ_n x₁[n,i]·x₂[n,j]·dy[n,o]
    db[o] = Σ_n dy[n,o]
    """
  }
}

extension CosineSimilarity {
  public static var formula: String {
    """
    y = Σ_i (a[i]/α) · (b[i]/β),   α = max(|a|, ε), β = max(|b|, ε)
    da = dy·(b/β − y·a/α)/α, the last part only where |a| > ε, and b in the same way
    """
  }
}

extension Embedding {
  public static var formula: String {
    """
    y[n,d] = w[x[n], d]
    dw[v,d] = Σ of dy[n,d] over all n with x[n] = v
    """
  }
}

extension GroupNorm {
  public static var formula: String {
    """
    y[n,c,…] = w[c] · (x[n,c,…] − μ[n,k]) / √(v[n,k] + ε) + b[c],   k = ⌊c / (C/G)⌋
    dx = (h − mean h − x̂·mean(h·x̂))/s,  h = w·dy, s = √(v + ε)    dw = Σ dy·x̂    db = Σ dy
    """
  }
}

extension InstanceNormalizationLayer {
  public static var formula: String {
    """
    y = w·x̂ + b,  x̂ = (x − μ)/s,  s = √(v + eps), μ and v over the space of a channel of a
    sample
    dw = Σ dy·x̂    db = Σ dy
    dx = w/s · (dy − mean dy − x̂·mean(dy·x̂)), without the means where running statistics are
    used
    """
  }
}

extension LayerNorm {
  public static var formula: String {
    """
    y[n,i] = w[i] · (x[n,i] − μ[n]) / √(v[n] + ε) + b[i]
    dx = (h − mean h − x̂·mean(h·x̂))/s,  h = w·dy, s = √(v + ε)    dw = Σ dy·x̂    db = Σ dy
    """
  }
}

extension Linear {
  public static var formula: String {
    "y = x·Wᵀ + b    dx = dy·W    dW = dyᵀ·x    db = Σ dy over all rows"
  }
}

extension LocalResponseNorm {
  public static var formula: String {
    """
    D[c] = k + α · (1/size) Σ_j x[j]²,   j = c − ⌊size/2⌋ … c + ⌊(size − 1)/2⌋
    y[c] = x[c] / D[c]^β
    dx[c] = dy[c]·D[c]^(−β) − 2αβ/size · x[c] · Σ dy[j]·x[j]·D[j]^(−β − 1) over windows j that
    hold c
    """
  }
}

extension MatMul {
  public static var formula: String {
    """
    y[…,m,n] = Σ_k a[…,m,k] · b[…,k,n]
    da = dy·bᵀ    db = aᵀ·dy, summed over the axes along which each was stretched
    """
  }
}

extension PairwiseDistance {
  public static var formula: String {
    """
    y = (Σ_i |e[i]|^p)^(1/p),   e[i] = a[i] − b[i] + ε
    da = dy·sign(e)·(|e|/y)^(p − 1)    db = −da
    """
  }
}

extension RMSNorm {
  public static var formula: String {
    """
    y[n,i] = w[i] · x[n,i] / √(mean over i of x[n,i]² + ε)
    dx = (h − x̂·mean(h·x̂))/s,  h = w·dy, s = √(mean x² + ε)    dw = Σ dy·x̂
    """
  }
}
