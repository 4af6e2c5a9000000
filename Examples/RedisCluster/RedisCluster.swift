#if Redis

import Logging
import ServiceLifecycle
import Synchronization
import XQueue
import XQueueRedis

/// Two nodes on one Redis, here in one process: whoever is free takes the next task, and a limit holds across both.
///
/// Usage: RedisCluster [ADDRESS]     localhost:6379 by default
@main
struct RedisCluster {
    static func main() async throws {
        let address = CommandLine.arguments.dropFirst().first ?? "localhost:6379"
        var redis = try RedisConfiguration(address: address)
        redis.keyPrefix = "xqueue-example"
        let logger = Logger(label: "redis-cluster")
        let meter = Meter()
        let nodes = try await [node("one", redis, meter), node("two", redis, meter)]

        let group = ServiceGroup(services: nodes, logger: logger)
        async let running: Void = group.run()
        let payloads = (1...40).map { $0 }
        let tasks = try await nodes[0].submit(Work.self, each: payloads)
        var done: [String: Int] = [:]
        for task in tasks {
            // Any node can be asked about any task.
            let ended = try await nodes[1].wait(for: task.id)
            done[ended.workerID ?? "-", default: 0] += 1
        }
        for (node, count) in done.sorted(by: { $0.key < $1.key }) { print("node \(node) ran \(count) tasks") }
        print("at most \(meter.most) ran at once; the limit is 3")
        await group.triggerGracefulShutdown()
        try await running
    }

    static func node(_ name: String, _ redis: RedisConfiguration, _ meter: Meter) async throws -> TaskManager
    {
        var configuration = QueueConfiguration()
        configuration.workerID = name
        configuration.maxConcurrency = 10
        let manager = TaskManager(
            store: try await RedisStore(configuration: redis), configuration: configuration)
        try manager.register(Work(meter: meter), maxConcurrency: 3)
        return manager
    }
}

struct Work: TaskHandler {
    static let type = "work"

    let meter: Meter

    func handle(_ task: TaskContext<Int>) async throws {
        meter.enter()
        defer { meter.leave() }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// How many handlers run at once.
final class Meter: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() {
        state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func leave() {
        state.withLock { $0.now -= 1 }
    }
}

#else

@main
struct RedisCluster {
    static func main() {
        print("XQueue was built without its trait Redis")
    }
}

#endif
