/// A tensor of a weight file with the name and the axes that it gets here; not read yet.
public struct WeightTensor: Sendable {
  /// What it is to its layer.
  public enum Role: String, Hashable, Sendable {
    /// Trained.
    case parameter
    /// State: running statistics, counters.
    case buffer
  }

  /// How it stands in the file.
  public let stored: StoredWeight
  /// The name of its layer, `features.0`: untrusted text, empty for the root of a model.
  public var layer: String
  /// The name it has in its layer, `weight`.
  public var parameter: String
  /// What it is to its layer.
  public var role: Role
  /// What is done to its elements.
  public var conversion: Conversion
  /// What else was done to it, in words: "prefix `module.` removed".
  public var notes: [String]
  /// The shape that a network needs, where one was named.
  public var targetShape: [Int]?

  /// Gives a stored tensor its place.
  public init(
    _ stored: StoredWeight, layer: String, parameter: String, role: Role = .parameter,
    conversion: Conversion = .none, notes: [String] = []
  ) {
    self.stored = stored
    self.layer = layer
    self.parameter = parameter
    self.role = role
    self.conversion = conversion
    self.notes = notes
  }

  /// Its path or name in the file: untrusted text.
  public var source: String { stored.source }

  /// `layer.parameter`: untrusted text.
  public var name: String { layer.isEmpty ? parameter : "\(layer).\(parameter)" }

  /// Why it cannot be used, if so: it cannot be read, or its conversion does not fit its shape.
  public var problem: WeightProblem? {
    if let problem = stored.problem { return problem }
    do throws(WeightProblem) {
      _ = try canonicalShape()
      return nil
    } catch {
      return error
    }
  }

  /// Its extents after the conversion.
  public func canonicalShape() throws(WeightProblem) -> [Int] {
    do throws(ConversionFault) {
      return try conversion.shape(of: stored.shape, target: targetShape)
    } catch {
      throw WeightProblem(source: source, .conversion(error, stored: stored.shape))
    }
  }

  /// Reads the elements and converts them: canonical axes, stored precision.
  public func values() throws(WeightProblem) -> WeightValues {
    if let problem { throw problem }
    let values = try stored.values()
    do throws(ConversionFault) {
      return try values.converted(conversion, shape: stored.shape)
    } catch {
      throw WeightProblem(source: source, .conversion(error, stored: stored.shape))
    }
  }
}
