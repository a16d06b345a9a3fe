import Foundation
import Testing

// The articles name the tests that show their statements; a name that leads nowhere is an error.

private let repository = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL

private func text(_ path: String) throws -> String {
  try String(contentsOf: repository.appending(path: path), encoding: .utf8)
}

private func tests() throws -> String {
  let folder = repository.appending(path: "Tests/StandardLayersTests")
  let files = try #require(
    FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
  return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
}

@Test(arguments: ["Formulas", "PublishedDerivations"])
func `an article names tests that exist`(_ article: String) throws {
  let lines = try text("Plugins/StandardLayers/StandardLayers.docc/\(article).md")
  let names = lines.components(separatedBy: "Test: `").dropFirst().compactMap {
    $0.components(separatedBy: "`").first
  }
  #expect(names.count >= 4)
  let tests = try tests()
  for name in names { #expect(tests.contains("func `\(name)`("), "\(name)") }
}

@Test func `each test of a published statement is named in the article`() throws {
  let article = try text("Plugins/StandardLayers/StandardLayers.docc/PublishedDerivations.md")
  for file in ["ConvolutionErrata", "OperandErrata", "LayerErrata", "MatrixErrata"] {
    let code = try text("Tests/StandardLayersTests/Errata/\(file).swift")
    let names = code.components(separatedBy: "@Test func `").dropFirst().compactMap {
      $0.components(separatedBy: "`").first
    }
    #expect(names.count >= 4)
    for name in names { #expect(article.contains("Test: `\(name)`"), "\(name)") }
  }
}
