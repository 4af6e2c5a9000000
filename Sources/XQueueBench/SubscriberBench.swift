import Foundation
import NIOCore
import NIOPosix
import XQueue
import XQueueCore
import XQueueTestServers

/// Opens many event streams to a server started for it, lets them idle, then runs one task, of which all must be notified.
struct SubscriberBench {
    /// Longer than the server's heartbeat interval, so that all streams get a heartbeat.
    private static let idleTime = Duration.seconds(20)
    private static let patience = Duration.seconds(600)
    /// Number of connections opened simultaneously: a listener's queue is short.
    private static let opening = 100
    private static let megabyte = 1_000_000.0
    /// Maximum memory, in megabytes.
    private static let maxMemory = 300.0

    let options: BenchOptions
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        OpenFiles.raiseLimit()
        var results: [BenchResult] = []
        for transport in SubscriberConnection.Transport.allCases { results.append(try await run(transport)) }
        return results
    }

    private func run(_ transport: SubscriberConnection.Transport) async throws -> BenchResult {
        // In a separate process, to measure its memory alone.
        let port = try FreePort.next()
        let server = try RunningProgram(
            [
                "serve", "--server-port", "\(port)", "--server-max-subscribers", "\(options.subscribers)",
                "--server-max-connections", "\(options.subscribers + 1000)",
            ], in: try ServerFolder(in: options.folder), name: "xqueue",
            environment: ProcessInfo.processInfo.environment)
        try await waiting(for: "xqueue serve listens on port \(port)") {
            guard server.isRunning else { throw ProgramEnded(output: server.output) }
            return LoopbackSocket().connect(port)
        }
        let result = try await measure(transport, port: port, process: Int(server.processIdentifier))
        server.send(SIGKILL)
        return result
    }

    private func measure(
        _ transport: SubscriberConnection.Transport, port: Int, process: Int
    ) async throws -> BenchResult {
        let name = "subscribers-\(transport.rawValue)"
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let counts = SubscriberCounts()
        let before = ProcessUsage.residentBytes(of: process)
        let meter = Meter()
        let channels = try await open(transport, port, group, counts, name)
        var result = meter.result(name, options.subscribers)
        try await Task.sleep(for: Self.idleTime)
        let resting = ProcessUsage.residentBytes(of: process)
        let start = ContinuousClock.now
        let request = HTTPLoad.post("/api/v1/tasks", #"{"type":"example"}"#)
        try await HTTPLoad.use(port: port, connections: 1, request: request, group: group) { load in
            _ = try await load.run(1) { _ in }
        }
        try await wait("not all subscribers were notified") { counts.successes.current >= channels.count }
        let elapsed = ContinuousClock.now - start
        let after = ProcessUsage.residentBytes(of: process)
        guard counts.closed.current == 0 else {
            throw BenchFailure(description: "the server closed \(counts.closed.current) streams")
        }
        for channel in channels { channel.close(promise: nil) }
        try await group.shutdownGracefully()
        result.cpuSeconds = 0
        result.residentBytes = after
        result.facts = [
            .init(
                name: "memory for streams", value: Double(max(resting, after) - before) / Self.megabyte,
                unit: "MB", aim: Self.maxMemory),
            .init(name: "time to notify all", value: elapsed.inSeconds * 1000, unit: "ms"),
        ]
        return result
    }

    private func open(
        _ transport: SubscriberConnection.Transport, _ port: Int, _ group: MultiThreadedEventLoopGroup,
        _ counts: SubscriberCounts, _ name: String
    ) async throws -> [any Channel] {
        var channels: [any Channel] = []
        while channels.count < options.subscribers {
            let size = min(Self.opening, options.subscribers - channels.count)
            let opened = try await withThrowingTaskGroup(of: (any Channel).self) { tasks in
                for _ in 0..<size {
                    tasks.addTask {
                        try await SubscriberConnection.open(transport, port: port, group: group, counts)
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            channels += opened
            try await wait("a stream did not open") { counts.begun.current >= channels.count }
            bar.show(name, channels.count, of: options.subscribers)
        }
        return channels
    }

    private func wait(_ problem: String, until isDone: () -> Bool) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while !isDone() {
            guard ContinuousClock.now < deadline else { throw BenchFailure(description: problem) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// Events counted over all connections.
struct SubscriberCounts: Sendable {
    let begun = Counter()
    let successes = Counter()
    let closed = Counter()
}
