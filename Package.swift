// swift-tools-version: 6.2
import PackageDescription

// One place for the language settings of every Swift target.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A Swift target of the toolkit, in `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module, in `Tests/<name>Tests`.
func tests(
  of name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
    exclude: exclude, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let realModule = Target.Dependency.product(name: "RealModule", package: "swift-numerics")

let package = Package(
  name: "cnn-verify",
  products: [
    .executable(name: "cnn-verify", targets: ["cnn-verify"]),
    .library(
      name: "CNNKit",
      targets: ["Conformance", "Interchange", "LayerKit", "Network", "VerifyCommand", "Weights"]),
    .library(name: "StandardLayers", targets: ["StandardLayers"]),
    .library(name: "CLayerABI", targets: ["CLayerABI"]),
    .library(name: "CNNPluginSupport", targets: ["CLayerABI", "CNNPluginSupport", "LayerKit"]),
    .executable(name: "train-lenet", targets: ["TrainLeNet"]),
    // For the tests of the host of plug-ins.
    .library(name: "swift-plugin-for-tests", type: .dynamic, targets: ["SwiftPlugin"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    // C: libraries, confinement, micro-kernels.
    .target(name: "CHDF5"),
    .systemLibrary(
      name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CSandbox", dependencies: ["CHDF5"]),
    .target(name: "CKernels"),
    .target(name: "CDiscrepancy"),
    .target(name: "CLayerABI"),
    // The packages that `new-layer` writes, as text.
    .target(name: "CTemplates", exclude: ["files", "ruff.toml"]),

    // Text from strangers, and how it is shown.
    module("Text", []),

    // Numbers, arithmetic, and the plug-in author's whole world.
    module("Tensors", [realModule]),
    module("Kernels", ["CKernels", "Tensors"]),
    module("LayerKit", ["Kernels", "Tensors", "Text"]),
    module("Network", ["Kernels", "LayerKit", "Tensors", realModule]),

    // Layers of shared libraries, in processes of their own.
    module("PluginHost", ["CLayerABI", "CSandbox", "Kernels", "LayerKit", "Tensors", "Text"]),

    module("CNNPluginSupport", ["CLayerABI", "Kernels", "LayerKit", "Tensors"]),

    // Files.
    module("HDF5File", ["CCrypto", "CHDF5", "CDeflate", "CSandbox", "Text"]),
    module("Interchange", ["HDF5File", "LayerKit", "Network", "Tensors", "Text"]),
    module("Weights", ["CDeflate", "HDF5File", "Tensors", "Text"]),

    // Judging and telling.
    module("Discrepancy", ["CDiscrepancy", "Tensors"]),
    module("Diagnosis", ["Discrepancy", "LayerKit", "Tensors"]),
    module("Conformance", ["Discrepancy", "LayerKit", "Tensors"]),
    module("Reports", ["Diagnosis", "Discrepancy", "LayerKit", "Tensors", "Text"]),
    module(
      "Verification",
      [
        "Diagnosis", "Discrepancy", "HDF5File", "Interchange", "LayerKit", "Network", "Reports",
        "Tensors", "Text",
      ]),
    module(
      "FileComparison",
      ["Discrepancy", "HDF5File", "Interchange", "Reports", "Tensors", "Text"]),
    module(
      "VerifyCommand",
      [
        "CMalloc", "CTemplates", "Conformance", "Diagnosis", "Discrepancy", "FileComparison",
        "HDF5File", "Interchange", "LayerKit", "Network", "PluginHost", "Reports", "Tensors",
        "Text",
        "Verification", "Weights",
        argumentParser,
      ]),

    // Only the executable names the plug-ins.
    .executableTarget(
      name: "cnn-verify", dependencies: ["StandardLayers", "VerifyCommand"],
      swiftSettings: settings),

    // Plug-ins see what a stranger's package sees: no `package` symbol of the toolkit.
    .target(
      name: "StandardLayers", dependencies: ["Kernels", "LayerKit", "Tensors", realModule],
      path: "Plugins/StandardLayers", packageAccess: false, swiftSettings: settings),

    // A program that trains a network through the public modules.
    .executableTarget(
      name: "TrainLeNet",
      dependencies: [
        "Conformance", "HDF5File", "Interchange", "LayerKit", "Network", "StandardLayers",
        "Tensors",
      ], path: "Plugins/Examples/TrainLeNet", packageAccess: false, swiftSettings: settings),

    // Time kernels, steps of training, checks of derivatives and calls of plug-ins for `tools/bench`.
    .target(
      name: "Stopwatch", dependencies: ["Tensors"], path: "tools/bench/stopwatch",
      swiftSettings: settings),
    .executableTarget(
      name: "bench-kernels", dependencies: ["CKernels", "Kernels", "Stopwatch", "Tensors"],
      path: "tools/bench/kernels", swiftSettings: settings),
    .executableTarget(
      name: "bench-networks",
      dependencies: ["LayerKit", "Network", "StandardLayers", "Stopwatch", "Tensors"],
      path: "tools/bench/networks", packageAccess: false, swiftSettings: settings),
    .executableTarget(
      name: "bench-jacobian",
      dependencies: ["Conformance", "LayerKit", "StandardLayers", "Stopwatch", "Tensors"],
      path: "tools/bench/derivatives", swiftSettings: settings),
    .executableTarget(
      name: "bench-plugin-calls", dependencies: ["CLayerABI", "LayerKit", "PluginHost", "Tensors"],
      path: "tools/bench/plugin-calls", exclude: ["layers.c"], swiftSettings: settings),

    // Holds the kernels against their definitions for `tools/prove-kernels`.
    .executableTarget(
      name: "prove-kernels", dependencies: ["CKernels", "Kernels", "Tensors"],
      path: "tools/proofs/kernels", swiftSettings: settings),

    // Tests mirror the sources.
    tests(of: "Text", []),
    tests(of: "Tensors", []),
    tests(of: "LayerKit", ["Conformance", "Kernels", "Tensors"]),
    tests(of: "Conformance", ["LayerKit", "Tensors"]),
    tests(of: "StandardLayers", ["Conformance", "Kernels", "LayerKit", "Tensors"]),
    tests(of: "Network", ["Kernels", "LayerKit", "Tensors"]),
    tests(of: "Discrepancy", ["Tensors"]),
    tests(
      of: "Diagnosis",
      [
        "Conformance", "Discrepancy", "Kernels", "LayerKit", "Network", "StandardLayers", "Tensors",
      ]),
    tests(of: "Reports", ["Diagnosis", "Discrepancy", "LayerKit", "Tensors"]),
    // Fixtures that tests write, and where the built command is.
    .target(
      name: "FixtureDrafts", dependencies: ["HDF5File", "Text"], path: "Tests/FixtureDrafts",
      swiftSettings: settings),
    tests(
      of: "Verification",
      [
        "Discrepancy", "FixtureDrafts", "HDF5File", "Interchange", "LayerKit", "Reports",
        "StandardLayers", "Tensors", .target(name: "cnn-verify"),
      ], exclude: ["Fixtures", "fixtures.py"]),
    tests(
      of: "VerifyCommand",
      ["FixtureDrafts", .target(name: "TrainLeNet"), .target(name: "cnn-verify")],
      exclude: ["Comparison", "Reproduction", "make-reproduction.py"]),
    tests(of: "Kernels", ["Tensors"]),
    // A plug-in in Swift, as a stranger would write it, for the tests of the host.
    .target(
      name: "SwiftPlugin",
      dependencies: ["CLayerABI", "CNNPluginSupport", "LayerKit", "StandardLayers", "Tensors"],
      path: "Tests/PluginHostTests/SwiftPlugin", packageAccess: false, swiftSettings: settings),
    tests(
      of: "PluginHost",
      [
        "CLayerABI", "Conformance", "FixtureDrafts", "LayerKit", "StandardLayers",
        "Tensors", .target(name: "cnn-verify"),
      ], exclude: ["Plugins", "SwiftPlugin", "Header-1.0"]),
    // Tests of files start the built `cnn-verify` as the confined process.
    tests(
      of: "HDF5File", ["FixtureDrafts", "Text", .target(name: "cnn-verify")],
      exclude: ["Corpus", "good-corpus.py", "hostile-corpus.py", "partial-chunks.py"]),
    tests(
      of: "Interchange",
      [
        "FixtureDrafts", "HDF5File", "Kernels", "LayerKit", "Network", "Tensors", "Text",
        .target(name: "cnn-verify"),
      ],
      exclude: ["Fixtures", "MakeFixtures"]),
    tests(
      of: "Weights", ["FixtureDrafts", "HDF5File", "Tensors", "Text", .target(name: "cnn-verify")],
      exclude: ["Fixtures", "make-keras-weights.py", "make-matlab.py", "make-weights.py"]),
  ],
  swiftLanguageModes: [.v6]
)
