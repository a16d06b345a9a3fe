import ArgumentParser
import CTemplates

/// The files of a package with one layer, in a language of choice.
struct LayerPackage {
  /// A language in which layers are written.
  enum Language: String, CaseIterable, ExpressibleByArgument {
    case swift, c, cpp, rust
  }

  let name: LayerName
  let language: Language
  /// The toolkit's sources, with which Swift packages are built; empty for other languages.
  let toolkit: String

  /// Path and text of each file, sorted by path.
  var files: [(path: String, text: String)] {
    (0..<ct_file_count).compactMap { position in
      let file = ct_file_at(position).pointee
      let languages = String(cString: file.language)
      guard languages == "all" || languages == language.rawValue else { return nil }
      return (filled(String(cString: file.path)), filled(String(cString: file.text)))
    }
    .sorted { $0.0 < $1.0 }
  }

  /// A text with the words that stand for what differs from package to package filled in.
  private func filled(_ text: String) -> String {
    let path = toolkit.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return
      text
      .replacing("XPREFIX", with: name.prefix).replacing("XNAME", with: name.name)
      .replacing("XLOWER", with: name.lowercase).replacing("XVERSION", with: VerifyCommand.version)
      .replacing("XTOOLKIT", with: path)
  }

  /// What to do next in a shell, with the package in `folder` and the command called `command`.
  func nextSteps(in folder: String, command: String) -> [String] {
    let fixture = "\(folder)/\(name.lowercase).h5"
    let library: String
    let build: String
    switch language {
    case .swift:
      let run = "swift run --package-path \(folder) verify-\(name.lowercase)"
      return [
        "swift test --package-path \(folder)", "python3 \(folder)/fixture.py \(fixture)",
        "\(run) \(fixture)",
      ]
    case .c, .cpp:
      (build, library) = ("make -C \(folder)", "\(folder)/lib\(name.lowercase).so")
    case .rust:
      build = "cargo build --release --manifest-path \(folder)/Cargo.toml"
      library = "\(folder)/target/release/lib\(name.lowercase).so"
    }
    return [
      build, "\(command) conform \(name.kind) --plugin \(library)",
      "python3 \(folder)/fixture.py \(fixture)", "\(command) \(fixture) --plugin \(library)",
    ]
  }
}
