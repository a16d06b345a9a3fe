import FixtureDrafts
import Foundation
import Testing

/// The command `new-layer`; that what it writes builds and passes is tested by tools/layers.
@Suite struct NewLayerTests {
  private static let files = [
    "swift": [
      "Package.swift", "README.md", "Sources/GateLayers/Gate.swift",
      "Sources/verify-gate/main.swift",
      "Tests/GateLayersTests/GateTests.swift",
    ],
    "c": ["Makefile", "README.md", "cnn_layer.h", "layer.c"],
    "cpp": ["Makefile", "README.md", "cnn_layer.h", "layer.cpp"],
    "rust": ["Cargo.toml", "README.md", "cnn_layer.h", "src/cnn_layer.rs", "src/layer.rs"],
  ]

  @Test(arguments: ["swift", "c", "cpp", "rust"])
  func everyFileIsWrittenAndFilledIn(language: String) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "new-layer", "acme.Gate", "--language", language, "--directory", folder("new"))
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    let expected = (Self.files[language] ?? []) + [".gitignore", "fixture.py"]
    let found = try #require(FileManager.default.enumerator(atPath: folder("new")))
      .compactMap { $0 as? String }
      .filter { !FileManager.default.isFolder(folder("new") + "/" + $0) }
    #expect(Set(found) == Set(expected))
    for file in found {
      let text = try String(contentsOfFile: folder("new") + "/" + file, encoding: .utf8)
      for word in ["XNAME", "XLOWER", "XPREFIX", "XVERSION", "XTOOLKIT"] {
        #expect(!text.contains(word) && !file.contains(word), "\(word) in \(file)")
      }
      if ["layer.c", "layer.cpp", "src/layer.rs", "fixture.py"].contains(file) {
        #expect(text.contains("acme.Gate"), "\(file)")
      }
      #expect(run.output.contains(file))
    }
  }

  @Test func theHeaderIsThatOfTheToolkit() throws {
    let folder = try TemporaryFolder()
    _ = try CommandRun("new-layer", "Gate", "--language", "c", "--directory", folder("new"))
    let sources = #filePath.components(separatedBy: "/Tests/")[0]
    let header = try String(
      contentsOfFile: sources + "/Sources/CLayerABI/include/cnn_layer.h", encoding: .utf8)
    #expect(try String(contentsOfFile: folder("new/cnn_layer.h"), encoding: .utf8) == header)
  }

  @Test func nothingIsOverwritten() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder("new"), withIntermediateDirectories: false)
    let run = try CommandRun(
      "new-layer", "Gate", "--language", "c", "--directory", folder("new"))
    #expect(run.status == 2 && run.output.isEmpty, "\(run)")
    #expect(run.errors.contains("exists already"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder("new")).isEmpty)
  }

  @Test func aPathThatIsNoToolkitIsRefused() throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "new-layer", "Gate", "--toolkit", folder.path, "--directory", folder("new"))
    #expect(run.status == 2 && run.errors.contains("--toolkit"), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: folder("new")))
  }

  @Test(
    arguments: [
      "gate", "Gate-2", "acme.", ".Gate", "Acme.Gate", "acme.gated.Gate", "Gäte", "../Gate", "",
      "G" + String(repeating: "a", count: 64),
    ])
  func whatIsNoNameIsRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "new-layer", name, "--language", "c", "--directory", folder("new"))
    #expect(run.status == 64 && run.output.isEmpty, "\(run)")
    #expect(!FileManager.default.fileExists(atPath: folder("new")))
  }
}

extension FileManager {
  fileprivate func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
