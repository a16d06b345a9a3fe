import ArgumentParser
import Glibc
import LayerKit
import PluginHost
import Reports
import Text

/// The options that name shared libraries with kinds of layers.
struct PluginSelection: ParsableArguments {
  @Option(
    name: .customLong("plugin"),
    help: ArgumentHelp(
      "Also use the kinds of layers of this shared library; may be repeated.",
      discussion: """
        The path of a file that others cannot write; nothing is searched for. The library runs \
        in a process of its own, without a network and without your files.
        """, valueName: "library"),
    completion: .file(extensions: ["so"]))
  var paths: [String] = []

  @Option(
    name: .customLong("plugin-timeout"),
    help: ArgumentHelp(
      "End a function of a plug-in that takes more seconds than this (default: 120).",
      valueName: "seconds"))
  var seconds: Int?

  func validate() throws {
    if let seconds, seconds < 1 { throw ValidationError("--plugin-timeout takes 1 or more") }
    let whole = paths.map(Self.absolute)
    for (index, path) in whole.enumerated() where whole[..<index].contains(path) {
      throw ValidationError("--plugin \(paths[index]) is named twice")
    }
  }

  /// The path from the root: a relative one is meant from the current folder, never from where the
  /// dynamic linker looks for libraries.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    if let found = realpath(path, nil) {
      defer { free(found) }
      return String(cString: found)
    }
    // What is not there is told as what was looked for.
    guard let folder = realpath(".", nil) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  /// Loads the libraries and adds their kinds to those that are known already.
  ///
  /// A library that cannot be used is a problem, and so are two that offer one kind: then the kinds
  /// of neither are known.
  func load(into registry: LayerRegistry) -> LoadedPlugins {
    var options = PluginOptions()
    if let seconds { options.seconds = seconds }
    var loaded = LoadedPlugins(registry: registry)
    for path in paths.map(Self.absolute) {
      do throws(PluginProblem) {
        loaded.add(try PluginLibrary(path: path, options: options))
      } catch {
        loaded.problems.append((path, "\(error)"))
      }
    }
    return loaded
  }
}

/// The kinds of layers of a run, and what came of the libraries that were asked for.
struct LoadedPlugins {
  /// All kinds that can be used.
  private(set) var registry: LayerRegistry
  /// The libraries whose kinds are among them, or were before another one took them.
  private(set) var libraries: [PluginLibrary] = []
  /// The files that cannot be used, and why.
  fileprivate(set) var problems: [(path: String, problem: String)] = []

  /// The kinds of a registry, and no libraries yet.
  init(registry: LayerRegistry) { self.registry = registry }

  fileprivate mutating func add(_ library: PluginLibrary) {
    let collection = library.collection
    do throws(RegistryError) {
      try registry.add(collection)
      libraries.append(library)
    } catch {
      problems.append((library.path, "\(error)"))
      guard case .duplicate(_, let owners) = error else { return }
      for other in libraries where owners.contains(other.collection.owner) {
        registry.remove(owner: other.collection.owner)
      }
    }
  }

  /// Tells on standard error what happened in the libraries since it was asked last.
  func showWarnings() {
    for warning in takeWarnings() { Self.show("warning: \(warning.text)\n") }
  }

  /// Tells on standard error what cannot be used, and what happened in the other libraries.
  func showProblems() {
    showWarnings()
    for (path, problem) in problems {
      Self.show("error: \(UntrustedText(path).terminal): \(problem)\n")
    }
  }

  private static func show(_ line: String) {
    var line = line
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// What has happened in the libraries that is no failure, since it was asked last.
  func takeWarnings() -> [Warning] {
    libraries.flatMap { $0.takeWarnings() }.map { Warning(id: $0.id, text: $0.text) }
  }
}
