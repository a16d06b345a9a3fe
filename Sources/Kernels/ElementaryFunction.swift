internal import CKernels

/// A function of one number that the kernels compute for many at once.
///
/// Every element is computed by the same operations, whatever its neighbours, the instruction set and
/// the library of the system are. Relative errors in units of the last place: eˣ 1.1, tanh 2.7, σ 2.6,
/// eˣ − 1 2.0, erf 1.5, ln(1 + eˣ) 4.0.
public enum ElementaryFunction: CaseIterable, Sendable {
  /// eˣ.
  case exp
  /// tanh x.
  case tanh
  /// σ(x) = 1/(1 + e⁻ˣ).
  case logistic
  /// eˣ − 1.
  case expMinusOne
  /// erf x = 2/√π · ∫₀ˣ e^(−t²) dt.
  case erf
  /// ln(1 + eˣ).
  case softplus
}

extension Float {
  /// y[i] = f(x[i]) for `count` elements; x and y may be the same.
  public static func elementary(
    _ function: ElementaryFunction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let instructions = InstructionSet.current.rawValue
    switch function {
    case .exp: ck_exp_f32(instructions, count, x, y)
    case .tanh: ck_tanh_f32(instructions, count, x, y)
    case .logistic: ck_logistic_f32(instructions, count, x, y)
    case .expMinusOne: ck_expm1_f32(instructions, count, x, y)
    case .erf: ck_erf_f32(instructions, count, x, y)
    case .softplus: ck_softplus_f32(instructions, count, x, y)
    }
  }
}

extension Double {
  /// y[i] = f(x[i]) for `count` elements; x and y may be the same.
  public static func elementary(
    _ function: ElementaryFunction, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>,
    count: Int
  ) {
    let instructions = InstructionSet.current.rawValue
    switch function {
    case .exp: ck_exp_f64(instructions, count, x, y)
    case .tanh: ck_tanh_f64(instructions, count, x, y)
    case .logistic: ck_logistic_f64(instructions, count, x, y)
    case .expMinusOne: ck_expm1_f64(instructions, count, x, y)
    case .erf: ck_erf_f64(instructions, count, x, y)
    case .softplus: ck_softplus_f64(instructions, count, x, y)
    }
  }
}
