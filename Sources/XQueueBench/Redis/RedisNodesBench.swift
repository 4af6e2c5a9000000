#if Redis

import ArgumentParser
import Foundation
import Logging
import Subprocess
import SystemPackage
import XQueue
import XQueueCore
import XQueueRedis

/// Drains a queue with one worker node and with two, each in its own process.
struct RedisNodesBench {
    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        let one = try await measure(nodes: 1)
        let two = try await measure(nodes: 2)
        return [one, two.compared(with: one, aim: 1)]
    }

    private func measure(nodes: Int) async throws -> BenchResult {
        try await server.clear()
        let prefix = server.newPrefix()
        let store = try await server.store(prefix)
        // The backlog and all nodes are ready before the first task is claimed.
        try await store.setPaused(true, type: BenchQueue.type)
        let load = try StoreLoad(store, batch: 1000, payloadBytes: options.payload)
        try await load.insert(options.tasks) { bar.show("filling", $0, of: options.tasks) }
        let result = try await withThrowingTaskGroup(of: BenchResult?.self) { group in
            for _ in 0..<nodes {
                group.addTask {
                    try await runNode(prefix)
                    return nil
                }
            }
            group.addTask { try await drain(store, nodes) }
            defer { group.cancelAll() }
            guard let result = try await group.first(where: { $0 != nil }) ?? nil else {
                throw BenchFailure(description: "the nodes exited too early")
            }
            return result
        }
        await store.close()
        return result
    }

    private func drain(_ store: RedisStore, _ nodes: Int) async throws -> BenchResult {
        try await wait { try await store.nodes().count == nodes }
        let name = nodes == 1 ? "one-node" : "two-nodes"
        let meter = try await Meter(server)
        try await store.setPaused(false, type: BenchQueue.type)
        try await wait {
            let type = try await store.types().first { $0.type == BenchQueue.type }
            let done = type?.counts[.success] ?? 0
            bar.show(name, done, of: options.tasks)
            return done >= options.tasks
        }
        var result = try await meter.fullResult(name, options.tasks)
        // The work is done by other processes.
        result.cpuSeconds = 0
        return result
    }

    private func wait(until isDone: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while try await !isDone() {
            guard ContinuousClock.now < deadline else {
                throw BenchFailure(description: "the nodes are too slow")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func runNode(_ prefix: String) async throws {
        guard let program = Bundle.main.executablePath else {
            throw BenchFailure(description: "cannot determine the path of this program")
        }
        let ended = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [
                BenchWorkerCommand.name, "--prefix", prefix, "--concurrency",
                "\(options.concurrency)",
            ],
            environment: .inherit.updating([BenchWorkerCommand.addressVariable: address]),
            output: .discarded, error: .string(limit: 65_536))
        if !Task.isCancelled, !ended.standardError.isEmpty {
            throw BenchFailure(description: "a node exited: \(ended.standardError)")
        }
    }

    /// Passed in the environment, not as an argument, since it may contain a password.
    private var address: String { options.redisAddr ?? server.configuration.address.description }
}

/// A worker node of `xqueue-bench nodes`, which runs until it is stopped.
struct BenchWorkerCommand: AsyncParsableCommand {
    static let name = "bench-worker"
    /// The environment variable with the server's address, which may contain a password.
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
        try manager.register(BenchQueue.type) { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try await manager.run()
    }
}

#endif
