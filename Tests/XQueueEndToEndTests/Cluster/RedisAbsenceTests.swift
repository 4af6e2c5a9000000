#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Redis is unreachable when a node starts or shuts down.
@Suite(.timeLimit(.minutes(5))) struct RedisAbsenceTests {
    private static func flags(_ redis: RedisServer) -> [String] {
        ["--redis-addr", redis.address, "--server-port", "0"]
    }

    @Test func aNodeWaitsForRedisToStart() async throws {
        let redis = try await RedisServer.start()
        try await redis.kill()
        let folder = try ServerFolder()
        let node = try RunningProgram(["serve"] + Self.flags(redis), in: folder, name: "node")
        try await eventually("it logs what it waits for") { node.output.contains("Waiting for the store") }
        #expect(node.output.contains(redis.address))
        #expect(node.isRunning)
        try await redis.start()
        try await eventually("it listens") { node.output.contains(#""message":"Listening""#) }
        #expect(node.output.contains("The store is reachable"))
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func theWaitCanBeInterrupted(signal: Int32) async throws {
        let redis = try await RedisServer.start()
        try await redis.kill()
        let node = try RunningProgram(["serve"] + Self.flags(redis), in: ServerFolder(), name: "node")
        try await eventually("it waits") { node.output.contains("Waiting for the store") }
        node.send(signal)
        #expect(try await node.exitStatus() == 0)
    }

    @Test func theWaitIsBounded() async throws {
        let redis = try await RedisServer.start()
        try await redis.kill()
        // On a busy machine the first attempt alone takes seconds.
        for (timeout, waits) in [("0s", false), ("20s", true)] {
            let node = try RunningProgram(
                ["serve", "--redis-startup-timeout", timeout] + Self.flags(redis), in: ServerFolder(),
                name: "node")
            #expect(try await node.exitStatus() == 73, "\(node.output)")
            #expect(node.output.contains("cannot use redis \(redis.address)"), "\(node.output)")
            #expect(node.output.contains("Waiting for the store") == waits, "\(node.output)")
        }
    }

    @Test func aWrongPasswordIsNotWaitedFor() async throws {
        var options = RedisOptions()
        options.password = "secret"
        let redis = try await RedisServer.start(options)
        for address in [redis.address, "redis://:wrong@\(redis.address)"] {
            let node = try RunningProgram(
                ["serve", "--server-port", "0", "--redis-addr", address], in: ServerFolder(), name: "node")
            #expect(try await node.exitStatus() == 73, "\(node.output)")
            #expect(!node.output.contains("Waiting"), "\(node.output)")
            #expect(!node.output.contains("wrong@"), "\(node.output)")
        }
    }

    enum Trouble: CaseIterable {
        case killed, silent
    }

    /// The documentation says two seconds plus the grace period. A busy machine may take several times as long; the bug
    /// this guards against, waiting for unanswered calls, takes 18 s or more.
    @Test(arguments: Trouble.allCases)
    func anIdleNodeExitsSoonWithoutRedis(trouble: Trouble) async throws {
        let redis = try await RedisServer.start()
        let node = try await ServerProcess(in: ServerFolder(), ["--redis-addr", redis.address])
        let worker = Task { try? await API(node).send("POST", "/leases", Self.longPoll) }
        try await eventually("a worker waits for tasks") {
            try await API(node).send("GET", "/workers").text.contains(#""id":"w""#)
        }
        try await Self.fail(redis, trouble)
        // Long enough for its loops to be retrying.
        let listening = ContinuousClock.now
        try await eventually("three seconds have passed") { ContinuousClock.now - listening > .seconds(3) }
        let start = ContinuousClock.now
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
        #expect(ContinuousClock.now - start < .seconds(12), "\(node.output)")
        _ = await worker.value
        redis.resume()
    }

    @Test(arguments: Trouble.allCases)
    func aBusyNodeExitsWithinItsGracePeriodWithoutRedis(trouble: Trouble) async throws {
        let redis = try await RedisServer.start()
        let node = try await ServerProcess(
            in: ServerFolder(), ["--redis-addr", redis.address, "--queue-grace-period", "6s"])
        let api = API(node)
        let task = try await api.submit("example", #"{"duration_ms":3000}"#)
        _ = try await api.task(task.id, "the task runs") { $0.status == .processing }
        try await Self.fail(redis, trouble)
        let start = ContinuousClock.now
        node.send(SIGTERM)
        #expect(try await node.exitStatus() == 0)
        #expect(ContinuousClock.now - start < .seconds(16), "\(node.output)")
        #expect(node.output.contains("Could not store the ends of attempts before shutdown"))
        redis.resume()
    }

    private static let longPoll = #"{"worker":"w","types":["none"],"wait":60}"#

    private static func fail(_ redis: RedisServer, _ trouble: Trouble) async throws {
        switch trouble {
        case .killed: try await redis.kill()
        case .silent: redis.pause()
        }
    }
}

#endif
