public import ArgumentParser
import Synchronization
public import Weights

/// What a user says about a weight file that the file does not say.
struct WeightSourceOptions: ParsableArguments {
  @Option(
    name: .customLong("format"),
    help: ArgumentHelp("Read as this format, whatever it looks like.", valueName: "name"))
  var weightFormat: String?

  @Option(
    help: ArgumentHelp(
      "Name and convert the tensors as this mapping file says.", valueName: "file"))
  var map: String?

  @Option(name: .customLong("keras1-ordering"), help: "Axes of images in a Keras 1 file: th, tf.")
  var keras1Ordering: WeightReadOptions.Keras1Ordering?

  @Option(
    name: .customLong("keras1-backend"), help: "Backend of a Keras 1 file: theano, tensorflow.")
  var keras1Backend: WeightReadOptions.Keras1Backend?

  private static var formats: WeightFormats { VerifyCommand.weightFormats.withLock { $0 } }

  /// Whether the user said anything.
  var isGiven: Bool {
    weightFormat != nil || map != nil || keras1Ordering != nil || keras1Backend != nil
  }

  mutating func validate() throws {
    if map != nil, weightFormat != nil {
      throw ValidationError("--map and --format exclude each other")
    }
    if let weightFormat {
      do throws(WeightError) {
        _ = try Self.formats.format(named: weightFormat)
      } catch {
        throw ValidationError("\(error)")
      }
    }
  }

  /// The tensors of a file, for a network where one is named.
  func listing(
    of file: WeightFile, for target: WeightTarget? = nil
  ) throws(WeightError) -> WeightListing {
    let options = WeightReadOptions(
      target: target, keras1Ordering: keras1Ordering, keras1Backend: keras1Backend)
    if let map {
      return try WeightFormats.listing(of: file, by: WeightMap(path: map), options: options)
    }
    return try Self.formats.listing(of: file, format: weightFormat, options: options)
  }
}

extension WeightReadOptions.Keras1Ordering: ExpressibleByArgument {}
extension WeightReadOptions.Keras1Backend: ExpressibleByArgument {}
