import Diagnosis
import Foundation
import LayerKit
import Network
import StandardLayers
import Tensors
import Testing

/// The article lists the causes that the code can name: all of them, and no other.
@Suite struct CausesArticleTests {
  private var listed: [String] {
    get throws {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      let article = folder.appendingPathComponent(
        "../../../Sources/Diagnosis/Diagnosis.docc/Causes.md")
      let text = try String(contentsOf: article.standardizedFileURL, encoding: .utf8)
      return text.split(separator: "\n").compactMap { line in
        guard line.hasPrefix("| `"), let end = line.dropFirst(3).firstIndex(of: "`") else {
          return nil
        }
        return String(line.dropFirst(3)[..<end])
      }
    }
  }

  private var known: Set<String> {
    get throws {
      let layers = try StandardLayers.layers.flatMap { definition in
        try definition.examples.filter { $0.problem == nil }
          .map { try definition.layer($0.hyperparameters) }
      }
      let steps = try OptimizerKind.all.map { try $0.optimizer().step }
      return Set((layers + steps).flatMap { $0.causes.map(\.id) } + GeneralCauses.ids)
    }
  }

  @Test func everyCauseIsListedOnce() throws {
    let (listed, known) = try (listed, known)
    #expect(known.subtracting(listed).sorted() == [], "causes that the article lacks")
    #expect(Set(listed).subtracting(known).sorted() == [], "names that no code knows")
    #expect(Set(listed).count == listed.count && listed.count > 90)
  }
}
