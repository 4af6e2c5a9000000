#if Redis

import ArgumentParser
import Foundation
import Logging
import Subprocess
import XQueue
import XQueueCore
import XQueueRedis

/// A worker node of `xqueue bench nodes`; it runs until it is stopped.
struct BenchWorkerCommand: AsyncParsableCommand {
    static let name = "bench-worker"
    /// The environment variable with the server's address, which may hold a password.
    static let addressVariable: Environment.Key = "XQUEUE_BENCH_REDIS"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "A node of the benchmark's phase \"nodes\".", shouldDisplay: false)

    @Option var prefix: String
    @Option var concurrency: Int

    func run() async throws {
        let address = ProcessInfo.processInfo.environment[Self.addressVariable.rawValue] ?? "localhost:6379"
        var redis = try RedisConfiguration(address: address)
        redis.keyPrefix = prefix
        var configuration = QueueConfiguration()
        configuration.maxConcurrency = concurrency
        let store = try await RedisStore(configuration: redis, logger: .silent)
        let manager = TaskManager(store: store, configuration: configuration, logger: .silent)
        manager.register(BenchQueue.type) { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try await manager.run()
    }
}

#endif
