// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "EmbeddedWorker",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "xqueue", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "EmbeddedWorker",
            dependencies: [
                .product(name: "XQueue", package: "xqueue"),
                .product(name: "XQueueCore", package: "xqueue"),
                .product(name: "XQueueSQLite", package: "xqueue"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ])
    ]
)
