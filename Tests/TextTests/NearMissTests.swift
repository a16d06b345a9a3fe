import Testing
import Text

private let names = ["stride", "padding", "dilation", "groups", "kernel_size", "p"]

@Test(
  arguments: [
    ("strid", "stride"), ("strides", "stride"), ("strdie", "stride"), ("Padding", "padding"),
    ("PADDING", "padding"), ("pading", "padding"), ("kernelsize", "kernel_size"),
    ("group", "groups"), ("q", "p"), ("stride", "stride"),
  ])
func `a slip is recognised`(_ name: String, _ expected: String) {
  #expect(NearMiss.closest(to: name, among: names) == expected)
}

@Test(arguments: ["colour", "stripes of paint", "", "xyz", "dil"])
func `a name of its own has no closest`(_ name: String) {
  let closest = NearMiss.closest(to: name, among: names.filter { $0.count > 1 })
  #expect(closest == nil)
}

@Test func `of equally close names the first wins`() {
  #expect(NearMiss.closest(to: "bat", among: ["cat", "hat"]) == "cat")
  #expect(NearMiss.closest(to: "bat", among: [String]()) == nil)
}

@Test func `a swap of neighbours counts once`() {
  // As two replacements it would be too far for a name of three letters.
  #expect(NearMiss.closest(to: "dmi", among: ["dim"]) == "dim")
}

@Test func `a name of any length is answered`() {
  let long = String(repeating: "x", count: 1_000_000)
  #expect(NearMiss.closest(to: long, among: names) == nil)
}
