// swift-tools-version: 6.2
import PackageDescription

let kit = Target.Dependency.product(name: "CNNKit", package: "cnn-verify")
let standardLayers = Target.Dependency.product(name: "StandardLayers", package: "cnn-verify")

let package = Package(
  name: "XNAME",
  dependencies: [.package(name: "cnn-verify", path: "XTOOLKIT")],
  targets: [
    .target(name: "XNAMELayers", dependencies: [kit]),
    .executableTarget(
      name: "verify-XLOWER", dependencies: ["XNAMELayers", kit, standardLayers]),
    .testTarget(name: "XNAMELayersTests", dependencies: ["XNAMELayers", kit]),
  ]
)
