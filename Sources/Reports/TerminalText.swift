/// Text for a terminal: nothing in it can move the cursor, reorder what is read, or start a
/// command of a build service.
enum TerminalText {
  /// The longest text that is shown.
  private static var limit: Int { 120 }

  /// The text with control, direction and invisible characters written out.
  static func escaped(_ text: String) -> String {
    var shown = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < limit else {
        return shown + "… (\(NumberText.count(text.utf8.count)) bytes)"
      }
      if isHidden(scalar) {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
      count += 1
    }
    return shown
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F,  // C0, DEL, C1
      0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069,  // zero width, directions
      0x2028, 0x2029, 0xFEFF:  // line and paragraph separators, byte order mark
      true
    default:
      false
    }
  }
}

/// The colours of a terminal, or none.
struct TerminalStyle {
  let isColoured: Bool

  func bold(_ text: String) -> String { paint(text, "1") }
  func dim(_ text: String) -> String { paint(text, "2") }
  func red(_ text: String) -> String { paint(text, "1;31") }
  func green(_ text: String) -> String { paint(text, "32") }
  func yellow(_ text: String) -> String { paint(text, "33") }

  private func paint(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
