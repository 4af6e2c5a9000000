// swift-tools-version: 6.2
import PackageDescription

/// The queue with its embedded store, as most of the programs use it.
let queue: [Target.Dependency] = [
    .product(name: "XQueue", package: "xqueue"),
    .product(name: "XQueueSQLite", package: "xqueue"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]

let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "xqueue", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(name: "EmbeddedWorker", dependencies: queue, path: "EmbeddedWorker"),
        .executableTarget(
            name: "WebService",
            dependencies: queue + [.product(name: "Hummingbird", package: "hummingbird")],
            path: "WebService"),
        .executableTarget(
            name: "Middleware",
            dependencies: queue + [.product(name: "Crypto", package: "swift-crypto")],
            path: "Middleware"),
        .executableTarget(name: "CustomSink", dependencies: queue, path: "CustomSink"),
        .executableTarget(
            name: "RedisCluster",
            dependencies: [
                .product(name: "XQueue", package: "xqueue"),
                .product(name: "XQueueRedis", package: "xqueue"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "RedisCluster",
            swiftSettings: [.define("Redis")]),
        .testTarget(
            name: "HandlerTests",
            dependencies: [
                .product(name: "XQueue", package: "xqueue"),
                .product(name: "XQueueTesting", package: "xqueue"),
            ],
            path: "HandlerTests"),
    ]
)
