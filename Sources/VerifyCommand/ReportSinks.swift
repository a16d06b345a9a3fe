import ArgumentParser
import Glibc
import HDF5File
import Reports
import Text

/// The reports of one run: for the person at the terminal, and for a program where asked.
struct ReportSinks {
  typealias Detail = TerminalReport<StandardOutput>.Detail

  private var terminal: TerminalReport<StandardOutput>?
  private var lines: JSONReport<StandardOutput>?
  private var file: JSONReport<AtomicFile>?
  private let destination: AtomicFile?
  private let arrays: ArraysFile?
  private var progress = ProgressLine()

  init(json: String?, arrays: String? = nil, detail: Detail) throws {
    let isToStandardOutput = json == "-"
    if isToStandardOutput {
      lines = JSONReport(to: StandardOutput(), version: VerifyCommand.version)
    } else {
      terminal = TerminalReport(
        to: StandardOutput(), detail: detail, isColoured: StandardOutput.showsColours)
    }
    destination = isToStandardOutput ? nil : try json.map { try AtomicFile(path: $0) }
    file = destination.map { JSONReport(to: $0, version: VerifyCommand.version) }
    self.arrays = try arrays.map { try ArraysFile(path: $0) }
  }

  mutating func receive(_ event: Event) throws {
    if case .progress(let text) = event {
      progress.show(text)
      return
    }
    if case .arrays(let elements) = event {
      try arrays?.write(elements)
      return
    }
    progress.clear()
    try terminal?.receive(event)
    try lines?.receive(event)
    try file?.receive(event)
  }

  /// Puts the report's files in their places.
  func finish() throws {
    try arrays?.commit()
    try destination?.commit()
  }
}

/// Standard output, written in large pieces.
struct StandardOutput: TextOutput {
  /// Whether standard output is a terminal and nothing speaks against colours.
  static var showsColours: Bool {
    // An empty `NO_COLOR` counts as none (no-color.org).
    let refusal = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    return isatty(STDOUT_FILENO) == 1 && !refusal
      && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  func write(_ text: String) throws {
    var text = text
    try text.withUTF8 {
      try FileDescriptorWriter.write($0, to: STDOUT_FILENO, name: "standard output")
    }
  }
}

/// One line on standard error that tells how far the work has come, on a terminal only.
struct ProgressLine {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isShown = false

  mutating func show(_ text: String) {
    guard isTerminal else { return }
    isShown = true
    write("\r\u{1B}[K" + UntrustedText(text).terminal)
  }

  mutating func clear() {
    guard isShown else { return }
    isShown = false
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    var text = text
    // Progress is a courtesy: where it cannot be shown, the work goes on.
    text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
