/// How the code of a plug-in broke down: facts only.
///
/// The sentence is made in `PluginFault+Description.swift`.
struct PluginFault: Error, Hashable, Sendable {
  /// The plug-in's file, without its folder.
  let library: String
  /// The kind of the layer; nil while the library is being loaded.
  let kind: String?
  /// What the plug-in was doing.
  let operation: Operation
  let reason: Reason

  enum Reason: Error, Hashable, Sendable {
    // The process.
    case signal(Int32)
    case exit(Int32)
    case overdue(seconds: Int)
    case cannotStart(errno: Int32)
    case noMemory
    /// What it answered is no answer: it wrote where it must not.
    case malformed
    /// The library is another one than at the start.
    case changed
    // The function.
    case failed(code: Int32, reasons: [[UInt8]])
    case reasonWithoutCode([UInt8])
    case unwritten(tensor: String, count: Int, of: Int)
    case overrun(tensor: String)
    case notRepeatable
    // The shape rule.
    case noOutput
    case otherShapes
    case ignoresBatch(inputs: Int, outputs: Int)
    // The bound.
    case noBound(form: UInt32)
    case impossibleBound(Double)
  }
}
