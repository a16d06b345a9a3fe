// The formulas of elementwise functions and dropouts, as `cnn-verify check --explain` shows them:
// the ones that the documentation of each kind states.

extension Abs {
  public static var formula: String {
    "y = |x|    dx = dy where x > 0, −dy where x < 0, otherwise 0"
  }
}

extension Clip {
  public static var formula: String {
    "y = min(max(x, min), max)    dx = dy where min ≤ x ≤ max, otherwise 0"
  }
}

extension DropoutLayer {
  public static var formula: String {
    "y = x·mask/(1 − p) in training, otherwise x    dx = dy·mask/(1 − p)"
  }
}

extension Exp {
  public static var formula: String { "y = eˣ    dx = dy·eˣ" }
}

extension Identity {
  public static var formula: String { "y = x    dx = dy" }
}

extension Log {
  public static var formula: String { "y = ln x    dx = dy/x" }
}

extension Neg {
  public static var formula: String { "y = −x    dx = −dy" }
}

extension Power {
  public static var formula: String { "y = xᵖ    dx = dy·p·xᵖ⁻¹, 0 where p = 0" }
}

extension Scale {
  public static var formula: String { "y = factor·x    dx = factor·dy" }
}

extension Shift {
  public static var formula: String { "y = x + offset    dx = dy" }
}

extension Sqrt {
  public static var formula: String { "y = √x    dx = dy/(2√x)" }
}
