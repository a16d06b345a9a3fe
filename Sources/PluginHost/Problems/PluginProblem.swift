import LayerKit
import Text

/// Why a plug-in as a whole cannot be used: its file, its table, or that it broke down while it was
/// being loaded.
public struct PluginProblem: Error, Sendable {
  /// The file.
  public let path: String
  private let cause: Cause

  private enum Cause: Sendable {
    case refusal(LibraryRefusal)
    case fault(PluginFault)
  }

  init(_ path: String, _ refusal: LibraryRefusal) {
    self.path = path
    cause = .refusal(refusal)
  }

  init(_ path: String, _ fault: PluginFault) {
    self.path = path
    cause = .fault(fault)
  }
}

extension PluginProblem: CustomStringConvertible {
  /// What is wrong and what to do, in one sentence without a final period, safe for a terminal.
  public var description: String {
    switch cause {
    case .refusal(let refusal): "the plug-in \(refusal)"
    case .fault(let fault): "\(fault)"
    }
  }
}

/// Something that the user of a plug-in should know, and that is no failure.
public struct PluginWarning: Hashable, Sendable {
  /// A stable name.
  public let id: String
  /// The sentence, safe for a terminal.
  public let text: String
}

extension PluginWarning {
  init(_ change: StateChanges, _ who: String, _ operation: Operation) {
    let place = operation == .load ? "while it was loaded" : "in `\(operation.functionName)`"
    let (id, what) =
      switch change {
      case .flushesSubnormals: ("plugin-subnormals", "made subnormal numbers zero")
      case .floatingPointMode: ("plugin-floating-point-mode", "changed how numbers are rounded")
      case .signalMask: ("plugin-state", "changed which signals are held back")
      case .workingFolder: ("plugin-state", "changed the working folder")
      default: ("plugin-state", "changed the locale")
      }
    self.init(id: id, text: "\(who) \(what) \(place); it was restored")
  }

  init(threads: Int, _ who: String, _ operation: Operation) {
    self.init(
      id: "plugin-threads",
      text: "\(who) left \(threads) thread\(threads == 1 ? "" : "s") at work behind"
        + " `\(operation.functionName)`")
  }
}

extension StateChanges {
  /// The single changes.
  var single: [StateChanges] {
    [.flushesSubnormals, .floatingPointMode, .signalMask, .workingFolder, .locale].filter(contains)
  }
}
