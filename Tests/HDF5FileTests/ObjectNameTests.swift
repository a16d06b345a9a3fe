import HDF5File
import Testing

@Suite struct ObjectNameTests {
  @Test func namesThatLookAlikeAreTwo() throws {
    let composed = try ObjectName(bytes: Array("\u{E9}".utf8))
    let decomposed = try ObjectName(bytes: Array("e\u{301}".utf8))
    #expect(Set([composed, decomposed]).count == 2)
  }

  @Test func namesAreJudged() {
    func fault(_ bytes: [UInt8]) -> NameFault? {
      do throws(NameFault) {
        _ = try ObjectName(bytes: bytes)
        return nil
      } catch {
        return error
      }
    }
    #expect(fault([]) == .length(0))
    #expect(fault([UInt8](repeating: 0x61, count: 255)) == nil)
    #expect(fault([UInt8](repeating: 0x61, count: 256)) == .length(256))
    #expect(fault([0xFF]) == .notUTF8)
    #expect(fault(Array("a/b".utf8)) == .slash)
    #expect(fault([0x7F]) == .controlCharacter(0x7F))
    #expect(fault(Array("\u{85}".utf8)) == .controlCharacter(0x85))
  }
}
