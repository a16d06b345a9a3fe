import Testing
import Weights

/// Every refusal of the format, each by one change to a valid file.
@Suite struct SafetensorsTests {
  private func file(_ header: String, data: Int = 8) -> [UInt8] {
    let text = Array(header.utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(text.count) >> (8 * UInt64($0))) }
    return length + text + (0..<data).map { UInt8($0 % 251) }
  }

  private func problems(_ bytes: [UInt8]) -> [WeightProblem] {
    do throws(WeightError) {
      let file = try WeightFile(content: bytes, name: "file")
      return try WeightFormats.standard.listing(of: file, format: "safetensors").problems
    } catch {
      return error.problems
    }
  }

  @Test func aValidFileHasNoProblem() {
    let valid = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   "#
    #expect(problems(file(valid)).isEmpty)
    let empty = #"{"__metadata__":{"format":"pt"}}"#
    #expect(problems(file(empty, data: 0)).isEmpty)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}"#, "truncated"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "another number of bytes"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "hole"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "follow the last"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "overlap"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "twice"
    ),
    (#"{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"#, "F8_E4M3"),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
      "another number of bytes"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#,
      "another number of bytes"
    ),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "shape"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e400]}}"#, "too large"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":1}}"#, "stride"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x"#, "follows the value"),
    (#"{"__metadata__":{"n":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "metadata"),
    (#"{"a":[]}"#, "dtype"), (#"{""#, "no JSON"), (#"{"a":"#, "no JSON"),
  ])
  func whatIsWrongIsNamed(_ header: String, _ words: String) throws {
    let found = problems(file(header))
    #expect(found.contains { "\($0)".contains(words) }, "\(found)")
  }

  @Test func aHeaderBeyondTheFileIsNoHeader() throws {
    var bytes = file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#)
    for place in 0..<8 { bytes[place] = 0xFF }
    #expect(problems(bytes).count == 1)
    #expect(problems([1, 2, 3]).count == 1)
  }

  @Test func depthIsBounded() {
    let deep = #"{"a":"# + String(repeating: "[", count: 100_000)
    #expect("\(problems(file(deep)))".contains("nested too deep"))
  }
}
