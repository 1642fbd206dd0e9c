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

let package = Package(
  name: "moe-pack",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
  ],
  targets: [
    // floor 1
    .target(
      name: "MoEBase", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift),
  ],
  swiftLanguageModes: [.v6]
)
