import Testing
import Text

@Suite struct UntrustedTextTests {
  @Test func terminalShowsNothingInvisible() {
    #expect(UntrustedText("grün").terminal == "grün")
    #expect(UntrustedText("a\u{1B}[31mb\n").terminal == "a\\u{1b}[31mb\\u{a}")
    #expect(
      UntrustedText("x\u{202E}y\u{200B}z\u{FEFF}").terminal == "x\\u{202e}y\\u{200b}z\\u{feff}")
    #expect(UntrustedText("::error::x").terminal == "\\::error::x")
    #expect(UntrustedText("##[command]").terminal == "\\##[command]")
    #expect(UntrustedText(bytes: [0x61, 0xFF, 0xC3, 0xBC]).terminal == "a\\xffü")
    let long = UntrustedText(String(repeating: "é", count: 200)).terminal
    #expect(long == String(repeating: "é", count: 120) + "… (400 bytes)")
  }

  @Test func jsonIsOneLiteral() {
    #expect(UntrustedText("a\"b\\c\n\t\u{1}").json == #""a\"b\\c\n\t\u0001""#)
    #expect(UntrustedText("\u{2028}").json == #""\u2028""#)
    #expect(UntrustedText(bytes: [0xFF]).json == #""\\xff""#)
  }

  @Test func equalityIsOfBytes() throws {
    let composed = UntrustedText("\u{E9}")
    let decomposed = UntrustedText("e\u{301}")
    #expect(composed != decomposed)
    #expect("\u{E9}" == "e\u{301}", "as strings they are equal")
    #expect(composed == "\u{E9}")
    #expect(!(composed == "e\u{301}"))
    #expect(Set([composed, decomposed]).count == 2)
  }
}
