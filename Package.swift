// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: language mode 6, explicit `any`, imports that say who sees them,
/// no warning left standing.
let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// A target of one of the floors; what it may import stands in `Tests/ArchitectureTests`.
func floor(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

let package = Package(
  name: "moe-pack",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    // Floor 0: system libraries and the kernels in C.
    .systemLibrary(name: "CBLAS", pkgConfig: nil, providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .target(name: "CKernels"),
    // Floor 1
    floor("MoEBase", [crypto]),
    // Floor 2
    floor("SafeTensors", ["MoEBase"]),
    floor("MoETensor", ["MoEBase", "CBLAS", "CKernels"]),
    // Floor 3
    floor("MoEModel", ["MoEBase", "SafeTensors", "MoETensor"]),
    floor("MoEPackFormat", ["MoEBase", "SafeTensors", "CArchive", crypto]),
    // Floor 4
    floor("MoETraining", ["MoEBase", "SafeTensors", "MoETensor", "MoEModel"]),
    floor("MoEEval", ["MoEBase", "MoEModel", "MoETensor"]),
    // Floor 5
    floor(
      "MoEAuthoring",
      [
        "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat", "MoETraining",
        "MoEEval", .product(name: "Yams", package: "Yams"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
