// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// What only the Redis store needs.
let redis = TargetDependencyCondition.when(traits: ["Redis"])
/// What only the durable log of Kafka needs.
let kafka = TargetDependencyCondition.when(traits: ["Kafka"])
/// What only the MQTT notifier needs.
let mqtt = TargetDependencyCondition.when(traits: ["MQTT"])

let package = Package(
    name: "xqueue",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "xqueue", targets: ["XQueueCLI"]),
        .library(name: "XQueueCore", targets: ["XQueueCore"]),
        .library(name: "XQueue", targets: ["XQueue"]),
        .library(name: "XQueueSQLite", targets: ["XQueueSQLite"]),
        .library(name: "XQueueRedis", targets: ["XQueueRedis"]),
        .library(name: "XQueueKafka", targets: ["XQueueKafka"]),
        .library(name: "XQueueMQTT", targets: ["XQueueMQTT"]),
        .library(name: "XQueueServer", targets: ["XQueueServer"]),
        .library(name: "XQueueTesting", targets: ["XQueueTesting"]),
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
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML", "CommandLineArguments"]),
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
            swiftSettings: swiftSettings),
        .target(
            name: "XQueue",
            dependencies: [
                "XQueueCore",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueSQLite",
            dependencies: [
                "XQueueCore",
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
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Console/Web")],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueTesting",
            dependencies: ["XQueueCore"],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "XQueueCLI",
            dependencies: [
                "XQueue",
                "XQueueCore",
                .target(name: "CMosquitto", condition: mqtt),
                "XQueueKafka",
                "XQueueMQTT",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueServerTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueServer",
                "XQueueSQLite",
                "XQueueTesting",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueTests",
            dependencies: [
                "XQueue",
                "XQueueCore",
                "XQueueSQLite",
                "XQueueTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueCoreTests",
            dependencies: ["XQueueCore", "XQueueTesting"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueStoreTests",
            dependencies: [
                "XQueueCore",
                "XQueueSQLite",
                "XQueueTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings),
        .target(
            name: "XQueueTestServers",
            dependencies: [
                "XQueueTesting",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/XQueueTestServers",
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueRedisTests",
            dependencies: [
                "XQueueCore",
                "XQueueRedis",
                "XQueueTestServers",
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
                "XQueueTesting",
                .product(name: "Logging", package: "swift-log"),
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
                "XQueueTesting",
                .target(name: "CRdKafka", condition: kafka),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueCLITests",
            dependencies: [
                "XQueue",
                "XQueueCLI",
                "XQueueCore",
                "XQueueRedis",
                "XQueueSQLite",
                "XQueueServer",
                "XQueueTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "XQueueEndToEndTests",
            dependencies: ["XQueueCLI", "XQueueServer", "XQueueTestServers", "XQueueTesting"],
            swiftSettings: swiftSettings),
    ]
)
