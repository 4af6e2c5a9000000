// swift-tools-version: 6.2
import PackageDescription

/// The readers that `scripts/fuzz` builds into a program of libFuzzer: a folder of Tests/Fuzz. Unset in all other builds,
/// in which the same readers are a test target.
let fuzzing = Context.environment["XQUEUE_FUZZ"]

/// Reports coverage to libFuzzer, and lets the readers under test be reached in an optimized build.
let instrumentation: [SwiftSetting] = [
    .define("LIBFUZZER"), .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library", "-enable-testing"]),
]

let swiftSettings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ] + (fuzzing == nil ? [] : instrumentation)

/// What only the Redis store needs.
let redis = TargetDependencyCondition.when(traits: ["Redis"])
/// What only the durable log of Kafka needs.
let kafka = TargetDependencyCondition.when(traits: ["Kafka"])
/// What only the MQTT notifier needs.
let mqtt = TargetDependencyCondition.when(traits: ["MQTT"])

/// What the examples that embed the queue depend on.
let embeddedQueue: [Target.Dependency] = [
    "XQueue",
    "XQueueSQLite",
    .product(name: "Logging", package: "swift-log"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "xqueue",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "xqueue", targets: ["XQueueCLI"]),
        .executable(name: "xqueue-bench", targets: ["XQueueBench"]),
        .library(name: "XQueueCore", targets: ["XQueueCore"]),
        .library(name: "XQueue", targets: ["XQueue"]),
        .library(name: "XQueueStoreKit", targets: ["XQueueStoreKit"]),
        .library(name: "XQueueSQLite", targets: ["XQueueSQLite"]),
        .library(name: "XQueueRedis", targets: ["XQueueRedis"]),
        .library(name: "XQueueKafka", targets: ["XQueueKafka"]),
        .library(name: "XQueueMQTT", targets: ["XQueueMQTT"]),
        .library(name: "XQueueServer", targets: ["XQueueServer"]),
        .library(name: "XQueueClient", targets: ["XQueueClient"]),
        .library(name: "XQueueHandlers", targets: ["XQueueHandlers"]),
        .library(name: "XQueueTesting", targets: ["XQueueTesting"]),
        .library(name: "XQueueStoreTesting", targets: ["XQueueStoreTesting"]),
    ],
    traits: [
        .trait(name: "Redis", description: "The store for several machines; needs hiredis."),
        .trait(name: "MQTT", description: "Pushes events to an MQTT broker; needs libmosquitto."),
        .trait(name: "Kafka", description: "Keeps tasks in Kafka before the store; needs librdkafka."),
        .default(enabledTraits: ["Redis", "MQTT", "Kafka"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        .target(
            name: "XQueueCore",
            dependencies: [.product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueue",
            dependencies: [
                "XQueueCore",
                "XQueueCron",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueCron",
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueStoreKit",
            dependencies: [
                "XQueueCore",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueSQLite",
            dependencies: [
                "XQueueCore",
                "XQueueStoreKit",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings),
        .systemLibrary(
            name: "CHiredis", pkgConfig: "hiredis",
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .target(
            name: "XQueueRedis",
            dependencies: [
                "XQueueCore",
                "XQueueStoreKit",
                .target(name: "CHiredis", condition: redis),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: redis),
            ],
            resources: [.embedInCode("Scripts")],
            swiftSettings: swiftSettings),
        .systemLibrary(
            name: "CRdKafka", pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
        .target(
            name: "XQueueKafka",
            dependencies: [
                "XQueueCore",
                .target(name: "CRdKafka", condition: kafka),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .systemLibrary(
            name: "CMosquitto", pkgConfig: "libmosquitto",
            providers: [.apt(["libmosquitto-dev"]), .brew(["mosquitto"])]),
        .target(
            name: "XQueueMQTT",
            dependencies: [
                "XQueueCore",
                .target(name: "CMosquitto", condition: mqtt),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: mqtt),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueServer",
            dependencies: [
                "XQueue",
                "XQueueCore",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Console/Web"), .embedInCode("OpenAPI/Parts")],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueTesting",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueSQLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueStoreTesting",
            dependencies: ["XQueueCore", "XQueueTesting"],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueHandlers",
            dependencies: [
                "XQueue",
                "XQueueCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueClient",
            dependencies: [
                "XQueueCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "XQueueCLI",
            dependencies: [
                "XQueue",
                "XQueueClient",
                "XQueueCore",
                "XQueueHandlers",
                "XQueueKafka",
                "XQueueMQTT",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "XQueueBench",
            dependencies: [
                "XQueue",
                "XQueueCore",
                .target(name: "CMosquitto", condition: mqtt),
                "XQueueKafka",
                "XQueueMQTT",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                "XQueueTestServers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: swiftSettings),
        // The example is a package of its own; as a target of this one, too, it is built with everything else. It sees
        // no more of the library than a package that depends on it.
        .executableTarget(
            name: "EmbeddedWorker",
            dependencies: embeddedQueue,
            path: "Examples/EmbeddedWorker",
            packageAccess: false),
        .executableTarget(
            name: "WebService",
            dependencies: embeddedQueue + [.product(name: "Hummingbird", package: "hummingbird")],
            path: "Examples/WebService",
            packageAccess: false),
        .executableTarget(
            name: "Middleware",
            dependencies: embeddedQueue + [.product(name: "Crypto", package: "swift-crypto")],
            path: "Examples/Middleware",
            packageAccess: false),
        .executableTarget(
            name: "CustomSink",
            dependencies: embeddedQueue,
            path: "Examples/CustomSink",
            packageAccess: false),
        .executableTarget(
            name: "RedisCluster",
            dependencies: [
                "XQueue",
                "XQueueRedis",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Examples/RedisCluster",
            packageAccess: false),
        // The node with handlers in Swift that `scripts/chaos` starts. It sees no more of the library than its users do.
        .executableTarget(
            name: "XQueueChaosNode",
            dependencies: [
                "XQueue",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Chaos/Node",
            packageAccess: false,
            swiftSettings: swiftSettings),
        .testTarget(
            name: "HandlerTests",
            dependencies: ["XQueue", "XQueueTesting"],
            path: "Examples/HandlerTests",
            packageAccess: false),
        .testTarget(
            name: "XQueueServerTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueServer",
                "XQueueSQLite",
                "XQueueStoreTesting",
                "XQueueTesting",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueSQLite",
                "XQueueStoreTesting",
                "XQueueTesting",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueCronTests",
            dependencies: ["XQueueCron"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueCoreTests",
            dependencies: ["XQueueCore", "XQueueTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueStoreKitTests",
            dependencies: ["XQueueCore", "XQueueStoreKit", "XQueueTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueStoreTests",
            dependencies: [
                "XQueueCore",
                "XQueueSQLite",
                "XQueueTestServers",
                "XQueueStoreTesting",
                "XQueueTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueTestServers",
            dependencies: [
                "XQueueCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/XQueueTestServers",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueRedisTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueStoreKit",
                "XQueueTestServers",
                "XQueueStoreTesting",
                "XQueueTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueMQTTTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueMQTT",
                "XQueueSQLite",
                "XQueueTestServers",
                "XQueueStoreTesting",
                "XQueueTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueKafkaTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueKafka",
                "XQueueSQLite",
                "XQueueTestServers",
                "XQueueStoreTesting",
                "XQueueTesting",
                .target(name: "CRdKafka", condition: kafka),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueHandlersTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueHandlers",
                "XQueueSQLite",
                "XQueueTestServers",
                "XQueueTesting",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueClientTests",
            dependencies: [
                "XQueue",
                "XQueueClient",
                "XQueueCore",
                "XQueueSQLite",
                "XQueueServer",
                "XQueueTestServers",
                "XQueueTesting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueBenchTests",
            dependencies: [
                "XQueueBench",
                "XQueueRedis",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueCLITests",
            dependencies: [
                "XQueue",
                "XQueueCLI",
                "XQueueClient",
                "XQueueCore",
                "XQueueHandlers",
                "XQueueKafka",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                "XQueueTestServers",
                "XQueueTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueEndToEndTests",
            dependencies: [
                "XQueueCLI",
                "XQueueClient",
                "XQueueCore",
                "XQueueServer",
                "XQueueTestServers",
                "XQueueTesting",
            ],
            swiftSettings: swiftSettings),
    ]
)

#if os(Linux)
// The simulated cluster takes over jobs of the Swift runtime, which was tried on Linux only.
package.products.append(.executable(name: "xqueue-simulate", targets: ["XQueueSimulate"]))
package.targets += [
    .target(name: "CSimulationHooks"),
    .target(
        name: "XQueueSimulation",
        dependencies: [
            "CSimulationHooks",
            "XQueue",
            "XQueueCore",
            "XQueueStoreKit",
            .product(name: "HeapModule", package: "swift-collections"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        swiftSettings: swiftSettings),
    .executableTarget(
        name: "XQueueSimulate",
        dependencies: [
            "CSimulationHooks",
            "XQueueSimulation",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: swiftSettings),
    .testTarget(
        name: "XQueueSimulationTests",
        dependencies: [
            "XQueueSimulate",
            "XQueueSimulation",
            "XQueueStoreTesting",
            "XQueueTestServers",
        ],
        swiftSettings: swiftSettings),
]
#endif

// MARK: - Fuzzing

/// What the readers in each folder of Tests/Fuzz are made of.
let fuzzed: [String: (modules: [String], products: [Target.Dependency])] = [
    "Model": (["XQueue", "XQueueCore", "XQueueCron"], []),
    "Stores": (["XQueueCore", "XQueueRedis", "XQueueSQLite", "XQueueStoreKit"], []),
    "Brokers": (["XQueueKafka", "XQueueMQTT"], [.product(name: "NIOCore", package: "swift-nio")]),
    "Clients": (["XQueue", "XQueueClient", "XQueueCore", "XQueueHandlers"], []),
    "Server": (
        ["XQueue", "XQueueCore", "XQueueServer"],
        [
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOWebSocket", package: "swift-nio"),
        ]
    ),
    "CLI": (["XQueueCLI", "XQueueCore"], []),
]

func dependencies(of folders: some Sequence<String>) -> [Target.Dependency] {
    let content = folders.compactMap { fuzzed[$0] }
    return Set(content.flatMap(\.modules)).sorted().map { .target(name: $0) } + content.flatMap(\.products)
}

if let fuzzing {
    // One program per folder, which compiles only what that folder needs. No test is built: their sources are the same.
    package.targets.removeAll { $0.type == .test }
    package.targets.append(
        .executableTarget(
            name: "Fuzz\(fuzzing)",
            dependencies: dependencies(of: [fuzzing]),
            path: "Tests/Fuzz",
            exclude: ["Corpus", "Replay"] + fuzzed.keys.filter { $0 != fuzzing },
            swiftSettings: swiftSettings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    // A program cannot be linked into another one, but a library with its main function under another name can.
    if let index = package.targets.firstIndex(where: { $0.name == "XQueueCLI" }) {
        let renaming: SwiftSetting = .unsafeFlags(
            ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "XQueueCLI_main"])
        package.targets[index] = .target(
            name: "XQueueCLI",
            dependencies: package.targets[index].dependencies,
            swiftSettings: swiftSettings + [renaming])
        package.products.removeAll { $0.name == "xqueue" }
    }
} else {
    package.targets.append(
        .testTarget(
            name: "XQueueFuzzTests",
            dependencies: dependencies(of: fuzzed.keys.sorted()) + ["XQueueTesting"],
            path: "Tests/Fuzz",
            exclude: ["Corpus"],
            swiftSettings: swiftSettings))
}
