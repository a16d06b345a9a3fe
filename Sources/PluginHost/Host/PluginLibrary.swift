internal import CLayerABI
internal import Glibc
import Kernels
public import LayerKit
import Tensors
import Text

/// A shared library with kinds of layers, which run in a process of their own.
public struct PluginLibrary: Sendable {
  /// The file, as it was given.
  public let path: String
  /// The name of the plug-in, with which the names of its kinds begin.
  public let name: String
  /// What it was built with, in its own words, safe for a terminal.
  public let builtWith: String
  /// Its kinds.
  public let layers: [LayerDefinition]

  private let session: PluginSession

  /// Loads a library in a process of its own and checks its table.
  ///
  /// The path must be absolute, and nobody but the user and the system may be able to write the file.
  public init(path: String, options: PluginOptions = PluginOptions()) throws(PluginProblem) {
    self.path = path
    let fileName = path.split(separator: "/").last.map(String.init) ?? path
    do {
      try Self.checkFile(path)
      let session = try PluginSession(path: path, options: options)
      let table = try session.load()
      self.session = session
      name = table.name
      builtWith = UntrustedText(bytes: table.builtWith).terminal
      layers = table.kinds.enumerated().map { session.definition(of: $1, at: $0) }
    } catch let refusal as LibraryRefusal {
      throw PluginProblem(path, refusal)
    } catch {
      let reason = (error as? PluginFault.Reason) ?? .malformed
      throw PluginProblem(
        path, PluginFault(library: fileName, kind: nil, operation: .load, reason: reason))
    }
  }

  /// What has happened that is no failure, since it was asked last.
  public func takeWarnings() -> [PluginWarning] { session.takeWarnings() }

  /// The kinds as a registry takes them.
  public var collection: LayerCollection {
    LayerCollection(prefix: name, owner: UntrustedText(path).terminal, layers: layers)
  }

  private static func checkFile(_ path: String) throws(LibraryRefusal) {
    guard path.hasPrefix("/") else { throw LibraryRefusal(.relativePath) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw LibraryRefusal(.notThere, detail: Array(String(cString: strerror(errno)).utf8))
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw LibraryRefusal(.notRegular) }
    let isOwn = status.st_uid == 0 || status.st_uid == geteuid()
    guard isOwn, status.st_mode & (S_IWGRP | S_IWOTH) == 0 else { throw LibraryRefusal(.writable) }
  }
}

extension PluginSession {
  /// What is thrown where a layer broke down.
  func failure(
    _ signature: Signature, _ operation: Operation, _ reason: PluginFault.Reason
  ) -> LayerFailure {
    LayerFailure(
      kind: signature.kind,
      cause: PluginFault(
        library: fileName, kind: signature.kind, operation: operation, reason: reason))
  }

  /// The definition of one kind.
  func definition(of kind: PluginTable.Kind, at index: Int) -> LayerDefinition {
    LayerDefinition(
      signature: kind.signature, examples: kind.examples, formula: kind.shownFormula
    ) {
      hyperparameters throws(InvalidHyperparameters) in
      let creation: Creation
      do throws(PluginFault.Reason) {
        creation = try self.create(index, hyperparameters, kind.signature)
      } catch {
        return AnyLayer(broken: kind, self.failure(kind.signature, .create, error))
      }
      let refusal = ReplyMessage(code: creation.code, reasons: creation.reasons)
      let own = creation.reasons.isEmpty && creation.code == CNN_OK ? [] : [refusal.problem]
      // What the host found wrong with values needs no second word from the plug-in.
      let isTold = !creation.problems.isEmpty && creation.reasons.isEmpty
      let problems = creation.problems + (isTold ? [] : own)
      guard problems.isEmpty else {
        self.release(creation.key)
        throw InvalidHyperparameters(problems: problems)
      }
      let layer = PluginLayer(self, kind, creation.key)
      do throws(LayerFailure) {
        var erased = AnyLayer(layer, kind, kinks: try layer.kinks())
        erased.settings = creation.settings
        return erased
      } catch {
        return AnyLayer(broken: kind, error)
      }
    }
  }
}

extension AnyLayer {
  /// A layer whose code runs in the process of its plug-in.
  fileprivate init(_ layer: PluginLayer, _ kind: PluginTable.Kind, kinks: [Kink]) {
    func program<S: KernelScalar>(_ scalar: S.Type) -> LayerProgram<S> {
      let definition: LayerProgram<S>.Forward = { operands throws(LayerFailure) in
        try layer.results(.define, operands)
      }
      return LayerProgram(
        define: kind.functions.contains(.definition) ? definition : nil,
        forward: { operands throws(LayerFailure) in try layer.results(.forward, operands) },
        backward: { operands, upstream, wanted throws(LayerFailure) in
          try layer.gradients(operands, upstream, wanted)
        },
        checkValues: { try layer.checkValues($0) })
    }
    self.init(
      signature: kind.signature, kinks: kinks, formula: kind.shownFormula,
      single: program(Float.self), double: program(Double.self),
      shapeRule: { try layer.outputShapes($0) },
      boundRule: { question throws(LayerFailure) in try layer.bound(question) })
  }

  /// A layer that broke down before it was there.
  fileprivate init(broken kind: PluginTable.Kind, _ failure: LayerFailure) {
    func program<S: KernelScalar>(_ scalar: S.Type) -> LayerProgram<S> {
      LayerProgram(
        define: nil, forward: { _ throws(LayerFailure) in throw failure },
        backward: { _, _, _ throws(LayerFailure) in throw failure },
        checkValues: { _ in throw failure })
    }
    self.init(
      signature: kind.signature, kinks: [], formula: kind.shownFormula,
      single: program(Float.self), double: program(Double.self),
      shapeRule: { _ in throw failure },
      boundRule: { _ throws(LayerFailure) in throw failure })
  }
}

extension PluginTable.Kind {
  /// The formula, line by line safe for a terminal.
  fileprivate var shownFormula: String {
    formula.split(separator: UInt8(ascii: "\n")).map { UntrustedText(bytes: Array($0)).terminal }
      .joined(separator: "\n")
  }
}
