import Testing
import Weights

/// Mapping files: everything wrong with one is told together.
@Suite struct WeightMapTests {
  private func problems(_ text: String) -> [String] {
    do throws(WeightError) {
      _ = try WeightMap(text: Array(text.utf8), path: "map.json")
      return []
    } catch {
      return error.problems.map { "\($0)" }
    }
  }

  private func map(_ tensor: String) -> String {
    #"{"format": "cnn-weights-map", "format_version": "1.0", "tensors": [\#(tensor)]}"#
  }

  @Test func unknownKeysNameTheClosestOne() {
    let found = problems(
      map(#"{"source": "/a", "layer": "a", "parameter": "weight", "permutes": [0]}"#))
    #expect(found.count == 1 && found[0].contains("did you mean `permute`?"), "\(found)")
  }

  @Test func everythingIsToldTogether() {
    let found = problems(
      #"{"format": "x", "format_version": "2.0", "tensor": [], "tensors": [{"layer": 1, "flip": "a"}]}"#
    )
    #expect(found.count == 7, "\(found)")
  }

  @Test func finalReshapeIsATruthValueOrAShape() throws {
    func final(_ value: String) throws -> Conversion.Final? {
      let text = map(#"{"source":"/a","layer":"a","parameter":"w","final_reshape":\#(value)}"#)
      return try WeightMap(text: Array(text.utf8), path: "map.json").entries[0].conversion.final
    }
    #expect(try final("true") == .target)
    #expect(try final("false") == nil)
    #expect(try final("[2, -1]") == .shape([2, -1]))
    #expect(throws: WeightError.self) { try final("3") }
  }
}
