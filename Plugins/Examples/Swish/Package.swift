// swift-tools-version: 6.2
// A package as a stranger would write it: one kind of layer, its test, a command of its own, and the
// same kind once more as a library for `--plugin`.
import PackageDescription

let toolkit = "cnn-verify"

let package = Package(
  name: "Swish",
  products: [.library(name: "acme", type: .dynamic, targets: ["AcmePlugin"])],
  // Elsewhere: .package(url: "https://…", from: "…"), or the path of your own checkout.
  dependencies: [.package(name: toolkit, path: "../../..")],
  targets: [
    .target(
      name: "AcmeLayers",
      dependencies: [
        .product(name: "CNNKit", package: toolkit),
        .product(name: "StandardLayers", package: toolkit),
      ]),
    .executableTarget(
      name: "acme-verify",
      dependencies: [
        "AcmeLayers", .product(name: "CNNKit", package: toolkit),
        .product(name: "StandardLayers", package: toolkit),
      ]),
    .target(
      name: "AcmePlugin",
      dependencies: ["AcmeLayers", .product(name: "CNNPluginSupport", package: toolkit)]),
    .testTarget(
      name: "AcmeLayersTests",
      dependencies: ["AcmeLayers", .product(name: "CNNKit", package: toolkit)]),
  ]
)
