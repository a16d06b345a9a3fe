internal import CLayerABI
import LayerKit
import Tensors

/// The functions of the host during one call.
struct Host {
  private let host: UnsafePointer<cnn_host>

  init(_ host: UnsafePointer<cnn_host>) { self.host = host }

  /// Gives the reason for a failure.
  @discardableResult
  func fail(_ error: any Error) -> Int32 {
    if case .wrongShape(let tensor, let expected, _)? = error as? LayerProblem {
      return host.pointee.wrong_shape(host, tensor, expected)
    }
    return host.pointee.fail(host, "\(error)")
  }

  /// Makes a layer of the hyper-parameters that the user states; nil where they are refused.
  func layer(of definition: LayerDefinition) -> AnyLayer? {
    var stated: [String: HyperparameterValue] = [:]
    var position: UInt32 = 0
    while let name = host.pointee.name_at(host, position) {
      stated[String(cString: name)] = host.pointee.value_at(host, position).map {
        HyperparameterValue($0.pointee)
      }
      position += 1
    }
    do throws(InvalidHyperparameters) {
      let layer = try definition.layer(stated)
      for name in stated.keys { host.pointee.ignore(host, name) }
      for setting in layer.settings { host.pointee.explain(host, setting.name, setting.value) }
      return layer
    } catch {
      tell(error.problems, stated)
      return nil
    }
  }

  /// Unknown names the host reports itself, as the names that nobody read.
  private func tell(_ problems: [LayerProblem], _ stated: [String: HyperparameterValue]) {
    var unknown: Set<String> = []
    for problem in problems {
      if case .unknownHyperparameter(let name, _) = problem {
        unknown.insert(name)
      } else {
        fail(problem)
      }
    }
    for name in stated.keys where !unknown.contains(name) { host.pointee.ignore(host, name) }
  }

  func addOutput(_ shape: Shape) throws {
    let extents = shape.extents.map { Int64($0) }
    guard host.pointee.add_output(host, UInt32(extents.count), extents) == CNN_OK else {
      throw LayerProblem.other(
        "has an output of more than \(CNN_MAX_RANK) axes, or too many outputs")
    }
  }

  func add(_ kink: Kink) {
    switch kink {
    case .point(let input, let slope):
      _ = host.pointee.add_kink(host, UInt32(CNN_KINK_POINT), input, slope)
    case .difference(let difference, let slope):
      _ = host.pointee.add_kink(host, UInt32(CNN_KINK_DIFFERENCE), difference, slope)
    case .firstOfTies:
      _ = host.pointee.add_kink(host, UInt32(CNN_KINK_FIRST_OF_TIES), 0, 0)
    }
  }
}

extension HyperparameterValue {
  /// A value of the host.
  init(_ value: cnn_value) {
    switch Int(value.type) {
    case Int(CNN_VALUE_BOOLEAN): self = .boolean(value.integer != 0)
    case Int(CNN_VALUE_INTEGER): self = .integer(Int(value.integer))
    case Int(CNN_VALUE_REAL): self = .real(value.real)
    case Int(CNN_VALUE_TEXT): self = .text(value.text.map { String(cString: $0) } ?? "")
    default:
      self = .list(
        (0..<Int(value.count)).compactMap { index in
          value.items?[index].map { HyperparameterValue($0.pointee) }
        })
    }
  }
}
