// swift-tools-version: 6.2
// The order of the targets is the way of the data; every arrow between modules is declared here
// and `swift build --explicit-target-dependency-import-check error` refuses any other.
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error),
]

/// Optimised in debug builds too: the tests' time goes there.
let fast: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Of the evaluator: its state is one object's, and every access to it would be checked while it runs.
let unchecked: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]

func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")

let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "ovsight",
  products: [.executable(name: "ovsight", targets: ["ovsight"])],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CLibPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CLzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    module("Interruption"),
    module("Workers"),
    module("NetworkTypes", [], fast),
    module("Facts", ["NetworkTypes"], fast),
    module(
      "Formats", ["Facts", "NetworkTypes", "Workers", "CLibXML2", "CLzma", "CZlib"], fast),
    module("Collector", ["Facts", "Formats", "Interruption", "NetworkTypes", subprocess, yams]),
    module(
      "Snapshot",
      ["Facts", "Formats", "Interruption", "NetworkTypes", "Workers", grdb, sqlite], fast),
    module("Conntrack", ["NetworkTypes"], fast),
    module("OpenFlow", ["Conntrack", "Facts", "NetworkTypes"], fast + unchecked),
    module("Netfilter", ["Conntrack", "Facts", "NetworkTypes"], fast),
    module("DataPlane", ["Conntrack", "Facts", "Netfilter", "NetworkTypes", "OpenFlow"], fast),
    module("LogicalModel", ["Facts", "NetworkTypes", "Workers"]),
    module(
      "Trace", ["Conntrack", "DataPlane", "Facts", "Netfilter", "NetworkTypes", "OpenFlow"], fast),
    module("PacketSets", [], fast),
    module(
      "Reachability",
      [
        "Conntrack", "DataPlane", "Facts", "Netfilter", "NetworkTypes", "OpenFlow", "PacketSets",
      ], fast),
    module(
      "Isolation",
      [
        "DataPlane", "Facts", "NetworkTypes", "OpenFlow", "PacketSets", "Reachability", "Trace",
        "Workers",
      ]),
    module(
      "Diagnosis",
      [
        "DataPlane", "Facts", "Formats", "LogicalModel", "Netfilter", "NetworkTypes", "OpenFlow",
        "Trace",
      ]),
    module("Namespaces", ["CLinux"]),
    module(
      "Replay", ["DataPlane", "Facts", "Namespaces", "NetworkTypes", "OpenFlow", "CLinux"]),
    module(
      "Confirm",
      [
        "DataPlane", "Facts", "Formats", "Namespaces", "NetworkTypes", "OpenFlow", "Replay",
        "Trace",
        "CLibPcap", "CLinux",
      ]),
    module(
      "Audit",
      [
        "DataPlane", "Facts", "Isolation", "LogicalModel", "NetworkTypes", "OpenFlow",
        "PacketSets", "Reachability", "Snapshot", "Trace", "Workers", grdb,
      ]),
    module(
      "Report",
      [
        "Audit", "Facts", "LogicalModel", "NetworkTypes", "OpenFlow", "Trace", "Workers", mustache,
      ]),
    .executableTarget(
      name: "ovsight",
      dependencies: [
        "Audit", "CLinux", "Collector", "Confirm", "DataPlane", "Diagnosis", "Facts", "Formats",
        "Interruption", "Isolation", "LogicalModel", "Namespaces", "NetworkTypes", "OpenFlow",
        "PacketSets", "Reachability", "Replay", "Report", "Snapshot", "Trace", "Workers", arguments,
      ],
      swiftSettings: strict),

    // Network namespaces of a test's own, to compare the model with the kernel.
    .target(
      name: "KernelLab", dependencies: ["NetworkTypes"], path: "Tests/KernelLab",
      exclude: ["agent.py"], swiftSettings: strict),
    // A real ovs-vswitchd of a test's own, to compare the evaluator with.
    .target(
      name: "SwitchLab", dependencies: ["Facts", "Formats", "NetworkTypes", "OpenFlow"],
      path: "Tests/SwitchLab", swiftSettings: strict + fast),
    .target(name: "ProcessorTime", path: "Tests/ProcessorTime", swiftSettings: strict),
    // The captured clouds with a fault each, as edits of the healthy one.
    .target(
      name: "FaultCaptures", dependencies: ["Facts", "Formats", "NetworkTypes"],
      path: "Tests/FaultCaptures", swiftSettings: strict),
    .executableTarget(
      name: "synthetic-cloud", path: "Tests/Benchmarks/SyntheticCloud",
      swiftSettings: strict + fast),
    .executableTarget(
      name: "ovsight-benchmark",
      dependencies: [
        "Conntrack", "Facts", "Formats", "NetworkTypes", "OpenFlow", "ProcessorTime",
        "SwitchLab",
      ],
      path: "Tests/Benchmarks/Benchmark", swiftSettings: strict + fast),
    tests("NetworkTypesTests", ["NetworkTypes", "Conntrack"]),
    tests("PacketSetsTests", ["PacketSets"]),
    tests(
      "IsolationTests",
      [
        "DataPlane", "Facts", "FaultCaptures", "Formats", "Isolation", "NetworkTypes",
        "PacketSets", "Reachability", "Trace",
      ]),
    tests("FormatsTests", ["Facts", "Formats", "Namespaces", "NetworkTypes", "ProcessorTime"]),
    tests(
      "OpenFlowTests",
      ["Conntrack", "Facts", "Formats", "NetworkTypes", "OpenFlow", "SwitchLab"]),
    tests(
      "NetfilterTests",
      ["Conntrack", "Facts", "Formats", "KernelLab", "Netfilter", "NetworkTypes"]),
    tests(
      "SnapshotTests",
      [
        "Audit", "FaultCaptures", "Facts", "Formats", "LogicalModel", "NetworkTypes", "Snapshot",
        grdb,
      ]),
    tests(
      "LogicalModelTests",
      ["FaultCaptures", "Facts", "Formats", "LogicalModel", "NetworkTypes", "Snapshot"]),
    tests("DriftTests", ["FaultCaptures", "Facts", "Formats", "LogicalModel", "NetworkTypes"]),
    tests(
      "DiagnosisTests",
      [
        "Confirm", "DataPlane", "Diagnosis", "FaultCaptures", "Facts", "Formats", "LogicalModel",
        "Namespaces", "NetworkTypes", "Replay", "Trace",
      ]),
    tests(
      "TraceTests",
      [
        "Confirm", "Conntrack", "DataPlane", "Facts", "FaultCaptures", "Formats", "KernelLab",
        "Netfilter", "NetworkTypes", "OpenFlow", "Snapshot", "Trace",
      ]),
    tests(
      "ReportTests",
      [
        "Audit", "DataPlane", "Facts", "FaultCaptures", "Formats", "LogicalModel", "NetworkTypes",
        "ProcessorTime", "Report", "Trace",
      ]),
    tests(
      "CollectorTests", ["Collector", "Facts", "Formats", "NetworkTypes", "ProcessorTime"],
      exclude: ["openstack.py"]),
    tests(
      "ReplayTests",
      ["DataPlane", "Facts", "Formats", "Namespaces", "NetworkTypes", "OpenFlow", "Replay"]),
    tests(
      "ConfirmTests",
      [
        "Confirm", "DataPlane", "Facts", "Formats", "Namespaces", "NetworkTypes", "Replay", "Trace",
      ]),
    tests(
      "CommandLineTests", ["FaultCaptures", "Formats", "Namespaces", "NetworkTypes", "Replay"]),
  ]
)

// The fuzzer of `Tests/Fuzz/run`, which builds everything with sanitizers in a folder of its own.
if Context.environment["OVSIGHT_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Audit", "Collector", "Confirm", "DataPlane", "Facts", "FaultCaptures", "Formats",
        "LogicalModel", "NetworkTypes", "OpenFlow", "Snapshot", "Trace",
      ],
      path: "Tests/Fuzz", exclude: ["run", "ledger.tsv", "corpus"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
