import ArgumentParser
import Glibc
import HDF5File
public import LayerKit
import PluginHost
import Synchronization
public import Weights

/// The command `cnn-verify` with the layers of some plug-ins.
///
/// A package that adds layers of its own gets its own complete command with
///
///     VerifyCommand.main(plugins: StandardLayers.self, MyLayers.self)
public enum VerifyCommand {
  /// The formats of weight files; the arguments are checked before a command is there to hold them.
  static let weightFormats = Mutex(WeightFormats.standard)

  /// The version of the toolkit.
  public static let version = "0.1.0"

  /// Runs the command with the arguments of the process, and exits with its status.
  ///
  /// `weightFormats` are formats of weight files that are asked before the toolkit's own.
  public static func main(
    plugins: any Plugin.Type..., weightFormats: [any WeightFormat] = []
  ) -> Never {
    CatalogueWorker.runIfRequested()
    PluginWorker.runIfRequested()
    // Two, for `compare`. One that comes later is as well started when it is needed.
    for _ in 0..<min(2, NamedFiles.count(in: CommandLine.arguments)) {
      CatalogueWorker.startAhead()
    }
    KeptPages.keep()
    self.weightFormats.withLock { $0 = WeightFormats(weightFormats + $0.formats) }
    do {
      let registry = try LayerRegistry(plugins)
      var command = try RootCommand.parseAsRoot()
      guard let subcommand = command as? any LayerCommand else {
        try command.run()
        Glibc.exit(0)
      }
      Glibc.exit(try subcommand.run(with: registry))
    } catch {
      exit(with: error)
    }
  }
}

extension VerifyCommand {
  /// Ends the process: wrong usage and requests for help as the argument parser says, anything
  /// else with one line and status 2, since 1 is kept for differences.
  private static func exit(with error: any Error) -> Never {
    guard RootCommand.exitCode(for: error) == .failure else { RootCommand.exit(withError: error) }
    var line = "error: \(error)\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    Glibc.exit(2)
  }
}

/// A subcommand that needs to know the kinds of layers.
protocol LayerCommand: ParsableCommand {
  /// Does the work and returns the exit status.
  func run(with registry: LayerRegistry) throws -> Int32
}

/// The root of the command line: `cnn-verify FIXTURE…` is short for `cnn-verify check FIXTURE…`.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cnn-verify",
    abstract: "Proves backward passes right, or tells which layer is wrong.",
    usage: "cnn-verify FIXTURE… [options], short for: cnn-verify check FIXTURE… [options]",
    discussion: """
      A fixture is an HDF5 file that carries a network together with what another \
      framework computed for it. Each layer is computed again from the reference's own \
      inputs and upstream gradients, and each element is held against a bound derived \
      from the sums behind it.

        cnn-verify demo                  a planted mistake, found and named
        cnn-verify lenet5-torch.h5       every layer of a fixture
        cnn-verify net.h5 --layer conv2  one layer
        cnn-verify net.h5 --verbose      every tensor
        cnn-verify net.h5 --json -       for programs, one JSON object a line
        cnn-verify compare a.h5 b.h5     any two HDF5 files, or fixtures
        cnn-verify layers Conv2d         what a kind of layer takes
        cnn-verify weights model.h5      the weights of another tool's file
        cnn-verify net.h5 --plugin /home/me/libacme.so
                                         with layers of a shared library
        cnn-verify new-layer Gate        a package with a layer of your own
        cnn-verify help check            all options

      VERDICTS
        agree         every difference is what rounding usually leaves
        warn          within the proven bound, beyond what is usual
        differ        beyond the bound, or of another shape
        invalid       NaN or infinity without a cause in the input
        vacuous       zero on both sides, so that no error could show
        not-compared  no reference, or it cannot be computed
        inherited     follows from what differs before, in a comparison of fixtures
        expected      differs, as the fixture expects
        surprise      agrees although the fixture expects it to differ

      EXIT STATUS
        0   everything compared agrees, and something was compared
        1   something differs, is invalid or a surprise
        2   something could not be compared
        64  wrong usage
      """,
    version: VerifyCommand.version,
    subcommands: [
      CheckCommand.self, CompareCommand.self, ConformCommand.self, DemoCommand.self,
      LayersCommand.self, NewLayerCommand.self, WeightsCommand.self,
    ],
    defaultSubcommand: CheckCommand.self)
}
