import ArgumentParser
import Glibc
import LayerKit

/// `cnn-verify layers`: the kinds of layers that are known, or one of them in full.
struct LayersCommand: LayerCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers", abstract: "List the kinds of layers, or what one kind takes.")

  @Argument(help: "A kind of layer, Conv2d.")
  var kind: String?

  @OptionGroup(title: "Plug-ins") var plugins: PluginSelection

  func run(with registry: LayerRegistry) throws -> Int32 {
    let loaded = plugins.load(into: registry)
    let status = try list(loaded.registry)
    loaded.showProblems()
    return loaded.problems.isEmpty ? status : 2
  }

  private func list(_ registry: LayerRegistry) throws -> Int32 {
    guard let kind else {
      for kind in registry.kinds { print(line(kind, registry)) }
      return 0
    }
    guard let definition = registry[kind] else {
      let hint = registry.closestKind(to: kind).map { "; did you mean `\($0)`?" }
      throw ValidationError("nobody registered the kind `\(kind)`\(hint ?? "")")
    }
    show(definition.signature, owner: registry.owner(of: kind) ?? "")
    return 0
  }

  private func line(_ kind: String, _ registry: LayerRegistry) -> String {
    let name = kind + String(repeating: " ", count: max(1, 26 - kind.count))
    return name + (registry.owner(of: kind) ?? "")
  }

  private func show(_ signature: Signature, owner: String) {
    print("\(signature.kind)  (\(owner))")
    let repeats = signature.maximumInputs == .max ? " …" : ""
    print("  inputs      " + names(signature.inputs) + repeats)
    if !signature.parameters.isEmpty { print("  parameters  " + names(signature.parameters)) }
    if !signature.buffers.isEmpty { print("  buffers     " + names(signature.buffers)) }
    if !signature.auxiliary.isEmpty { print("  auxiliary   " + names(signature.auxiliary)) }
  }

  private func names(_ slots: [Signature.Slot]) -> String {
    slots.map { $0.isOptional ? "[\($0.name)]" : $0.name }.joined(separator: ", ")
  }
}
