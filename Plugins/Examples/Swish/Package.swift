// swift-tools-version: 6.2
// A package as a stranger would write it: one kind of layer, its test, and a command of its own.
import PackageDescription

let toolkit = "cnn-verify"

let package = Package(
  name: "Swish",
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
    .testTarget(
      name: "AcmeLayersTests",
      dependencies: ["AcmeLayers", .product(name: "CNNKit", package: toolkit)]),
  ]
)
