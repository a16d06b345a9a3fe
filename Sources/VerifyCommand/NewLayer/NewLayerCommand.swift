import ArgumentParser
import Glibc
import Text

/// `cnn-verify new-layer`: a package with a layer of one's own, ready to be built and checked.
struct NewLayerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new-layer",
    abstract: "Write a package with a layer of your own.",
    discussion: """
      The package holds a small layer that works: its formula, its gradients, a build file, a \
      script that exports the same layer from PyTorch, and a README that says what to change. \
      It builds and passes as it is.

      In c, cpp and rust the layer becomes a library for --plugin, and needs nothing but a \
      compiler. In swift it becomes a package that is built with the toolkit's sources, with a \
      command of its own.
      """)

  @Argument(
    help: ArgumentHelp(
      "The new kind, Gate or acme.Gate: a capital letter, then letters and digits.",
      valueName: "name"))
  var name: String

  @Option(help: "The language.")
  var language = LayerPackage.Language.swift

  @Option(
    help: ArgumentHelp(
      "The folder to make; default the name in small letters, here.", valueName: "path"))
  var directory: String?

  @Option(
    help: ArgumentHelp(
      "For swift: the toolkit's sources; default those of this command.", valueName: "path"))
  var toolkit: String?

  func validate() throws {
    guard LayerName(name) != nil else {
      throw ValidationError(
        "`\(UntrustedText(name).terminal)` cannot be the name of a kind: write Gate, or acme.Gate "
          + "with a prefix of small letters, digits and _; at most 64 letters and digits from A to "
          + "Z, the first a capital one")
    }
    if toolkit != nil, language != .swift {
      throw ValidationError("--toolkit is for --language swift: others need no sources")
    }
  }

  func run() throws {
    guard let name = LayerName(name) else { return }
    let package = LayerPackage(
      name: name, language: language, toolkit: language == .swift ? try sources() : "")
    let directory = directory ?? name.lowercase
    let folder = try NewFolder(directory)
    for file in package.files { try folder.write(file.text, to: file.path) }
    let shown = UntrustedText(directory).terminal
    print("\(shown): \(package.files.map(\.path).joined(separator: ", "))")
    print("next:")
    for step in package.nextSteps(in: shown, command: "cnn-verify") { print("  " + step) }
  }

  /// The absolute path of the toolkit's sources, as stated or those that this command was built
  /// from.
  private func sources() throws -> String {
    let built = #filePath.split(separator: "/", omittingEmptySubsequences: false)
      .dropLast("Sources/VerifyCommand/NewLayer/NewLayerCommand.swift".split(separator: "/").count)
      .joined(separator: "/")
    guard let path = realpath(toolkit ?? built, nil) else {
      throw MissingSources(path: toolkit)
    }
    defer { free(path) }
    let absolute = String(cString: path)
    guard access(absolute + "/Sources/LayerKit/Layer.swift", R_OK) == 0 else {
      throw MissingSources(path: toolkit)
    }
    return absolute
  }

  /// There is no toolkit to build a Swift package with.
  struct MissingSources: Error, CustomStringConvertible {
    let path: String?

    var description: String {
      let found =
        path.map { "\(UntrustedText($0).terminal) does not hold" }
        ?? "this command stands without"
      return "\(found) the sources of cnn-verify, which a Swift layer is built with: state where "
        + "they are with --toolkit, or choose --language c, cpp or rust"
    }
  }
}
