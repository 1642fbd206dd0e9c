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
func floor(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: swift)
}

/// A test target.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swift)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

/// HTTP, and what its interfaces are made of.
let http: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"),
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
  .product(name: "UnixSignals", package: "swift-service-lifecycle"),
  .product(name: "Logging", package: "swift-log"),
  .product(name: "CoreMetrics", package: "swift-metrics"),
]

let package = Package(
  name: "moe-pack",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "moe-pack", targets: ["moe-pack"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
  ],
  targets: [
    // Floor 0: system libraries, the kernels in C, and what runs before anything of Swift.
    .systemLibrary(name: "CArchive", pkgConfig: nil, providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CBLAS", pkgConfig: nil, providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CGivingWay"),
    .target(name: "CKernels"),
    // Floor 1
    floor("MoEBase", [crypto]),
    // Floor 2
    floor("SafeTensors", ["MoEBase"]),
    floor("MoETensor", ["MoEBase", "CBLAS", "CKernels"], exclude: ["README.md"]),
    // Floor 3
    floor("MoEModel", ["MoEBase", "SafeTensors", "MoETensor"]),
    floor("MoEPackFormat", ["MoEBase", "SafeTensors", "CArchive", crypto]),
    // Floor 4
    floor("MoETraining", ["MoEBase", "MoETensor", "MoEModel"]),
    floor("MoEEval", ["MoEBase", "MoETensor", "MoEModel"]),
    floor("MoEStore", ["MoEBase", "MoEPackFormat", grdb]),
    // Floor 5
    floor(
      "MoERuntime",
      ["MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat", "MoEEval", "MoEStore"]),
    floor(
      "MoEAuthoring",
      [
        "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat", "MoETraining",
        "MoEEval", yams,
      ]),
    // Floor 6
    floor(
      "MoEServer",
      [
        "MoEBase", "MoETensor", "MoEModel", "MoEPackFormat", "MoEEval", "MoEStore", "MoERuntime",
      ] + http,
      resources: ["page.html", "page.css", "page.js", "history.js", "document.js", "start.js"].map {
        .embedInCode("Page/\($0)")
      }),
    // Floor 7
    floor(
      "MoECommands",
      [
        "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat", "MoEEval", "MoEStore",
        "MoERuntime", "MoEAuthoring", "MoEServer", arguments,
      ]),
    // Floor 8. The Swift libraries are linked in: it starts with less work, and runs where no Swift is. It lends no
    // symbols to the libraries that it loads: there would be thousands to look through at every start.
    .executableTarget(
      name: "moe-pack", dependencies: ["MoECommands", "CGivingWay"], swiftSettings: swift,
      linkerSettings: [
        .unsafeFlags(
          ["-static-stdlib", "-Xlinker", "--no-export-dynamic"], .when(platforms: [.linux])),
        .linkedLibrary("CoreFoundation", .when(platforms: [.linux])),
        .linkedLibrary("_FoundationICU", .when(platforms: [.linux])),
        .linkedLibrary("_FoundationCShims", .when(platforms: [.linux])),
        .linkedLibrary("_FoundationCollections", .when(platforms: [.linux])),
        .linkedLibrary("stdc++", .when(platforms: [.linux])),
      ]),

    tests("ArchitectureTests", ["MoEBase", "MoEModel"]),
    tests("MoEBaseTests", ["MoEBase"], exclude: ["Reference"]),
    tests("SafeTensorsTests", ["MoEBase", "SafeTensors"], exclude: ["Reference"]),
    tests("MoETensorTests", ["MoEBase", "MoETensor"], exclude: ["Reference"]),
    tests(
      "MoEModelTests", ["MoETestSupport", "MoEBase", "SafeTensors", "MoETensor", "MoEModel"],
      exclude: ["Golden", "Tokenizer/Golden", "Decoder/Golden", "Interchange/Golden"]),
    tests("MoEPackFormatTests", ["MoEBase", "SafeTensors", "MoEPackFormat"]),
    tests(
      "MoETrainingTests",
      ["MoETestSupport", "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoETraining"],
      exclude: ["Reference"]),
    tests(
      "MoEEvalTests",
      ["MoETestSupport", "MoEBase", "MoETensor", "MoEModel", "MoEEval", "MoERuntime"]),
    tests(
      "MoEStoreTests",
      ["StoreTestSupport", "MoEBase", "SafeTensors", "MoEPackFormat", "MoEStore", grdb]),
    tests(
      "MoERuntimeTests",
      [
        "MoETestSupport", "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat",
        "MoETraining", "MoEEval", "MoEStore", "MoERuntime",
      ]),
    tests(
      "MoEAuthoringTests",
      [
        "MoETestSupport", "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat",
        "MoETraining", "MoEEval", "MoEAuthoring", yams,
      ]),
    tests(
      "MoECommandsTests",
      [
        "MoETestSupport", "MoEBase", "MoETensor", "MoEModel", "MoEPackFormat", "MoEEval",
        "MoEStore", "MoERuntime", "MoEAuthoring", "MoECommands", "SafeTensors", "CGivingWay",
        arguments,
      ], exclude: ["Golden"]),
    tests(
      "MoEServerTests",
      [
        "MoETestSupport", "MoEBase", "MoETensor", "MoEModel", "MoEPackFormat", "MoEStore",
        "MoERuntime", "MoEServer",
      ]),
    .target(
      name: "StoreTestSupport",
      dependencies: ["MoEBase", "SafeTensors", "MoEPackFormat", "MoEStore"],
      path: "Tests/StoreTestSupport", swiftSettings: swift),
    // What the fuzzers try; the fuzzers themselves stand below.
    .target(
      name: "FuzzBodies",
      dependencies: [
        "MoEBase", "SafeTensors", "MoEPackFormat", "MoEModel", "MoEStore", "StoreTestSupport",
      ], path: "tools/fuzz/Bodies", swiftSettings: swift),
    tests("FuzzTests", ["FuzzBodies", "MoEBase"]),
    // Makes, breaks and judges stores for tools/crash; not a product.
    .executableTarget(
      name: "store-probe",
      dependencies: ["MoEBase", "MoEPackFormat", "MoEStore", "StoreTestSupport"],
      path: "Tests/StoreProbe", swiftSettings: swift),
    // The half of tools/bench/peers that is moe-pack; not a product.
    .executableTarget(
      name: "encoder-bench",
      dependencies: ["MoEBase", "MoETensor", "MoEModel"], path: "tools/bench/EncoderBench",
      swiftSettings: swift),
    .target(
      name: "MoETestSupport",
      dependencies: [
        "MoEBase", "SafeTensors", "MoETensor", "MoEModel", "MoEPackFormat", "MoEStore",
        "MoERuntime",
      ], path: "Tests/MoETestSupport", swiftSettings: swift),
  ],
  swiftLanguageModes: [.v6]
)

// Built by tools/fuzz/run alone: it needs libFuzzer's own `main`.
if Context.environment["MOEPACK_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzzer", dependencies: ["FuzzBodies"], path: "tools/fuzz/Fuzzer",
      swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])]))
}
