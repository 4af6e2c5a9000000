#if Redis

import Logging
import NIOPosix
import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers
import XQueueTesting

/// Whatever a reply contains, operations return or throw, and never trap.
@Suite("Altered replies") struct AlteredReplyTests {
    private static func store(_ prefix: String, _ faults: ReplyFaults? = nil) async throws -> RedisStore {
        var configuration = try RedisConfiguration(address: try await RedisServer.shared.address)
        configuration.keyPrefix = prefix
        configuration.minIdleConnections = 1
        configuration.poolSize = 2
        guard let faults else { return try await RedisStore(configuration: configuration) }
        return try await RedisStore(
            configuration, StoreLimits(), clock: nil, random: SystemRandomSource(),
            logger: Logger(label: "test"), group: MultiThreadedEventLoopGroup.singleton
        ) { script, reply in script == .migrate ? reply : faults.alter(reply) }
    }

    @Test("No operation traps, in thousands of rounds", arguments: [UInt64(1), 2, 3])
    func verbs(seed: UInt64) async throws {
        let prefix = RedisServer.prefix()
        let faults = ReplyFaults(seed: seed, percent: 80)
        let run = AlteredRun(
            real: try await Self.store(prefix), altered: try await Self.store(prefix, faults), seed: seed)
        for round in 0..<2500 {
            if round.isMultiple(of: 50) { try await run.populate() }
            await run.takeOneStep()
        }
        #expect(faults.count > 1500)
        #expect(run.answers > 100)
        #expect(run.failures > 500)
        await run.close()
    }

    @Test("No message on the channel traps")
    func signals() {
        let random = SeededRandomSource(seed: 9)
        let messages = [
            "abc 1 1764000000000", "abc 0 -1", "abc cancel 0123456789abcdef0123456789abcdef", "probe",
        ]
        for round in 0..<20_000 {
            var bytes = Array(messages[round % messages.count].utf8)
            for _ in 0...(random.next() % 6) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            for case .due(let wait) in StoreSignal.parse(bytes, except: "me") {
                #expect(wait >= .zero)
                #expect(
                    MonotonicInstant(nanoseconds: .max - 1) + wait >= MonotonicInstant(nanoseconds: .max - 1))
            }
        }
        let far = StoreSignal.parse(Array("abc 0 +9223372036854775807".utf8), except: "me")
        #expect(far == [.due(in: .milliseconds(Int64.max))])
    }

    @Test(
        "An impossible count is reported, and corrected by the next task",
        arguments: ["9223372036854775807", "-5", "many", "1e30"])
    func counts(_ count: String) async throws {
        let server = try await RedisServer.shared
        let prefix = RedisServer.prefix()
        let store = try await Self.store(prefix)
        let ids = TaskIDGenerator()
        func task() -> NewTask { NewTask(id: ids.next(), type: "alpha") }
        _ = try await store.insert([task(), task()])
        _ = try await store.insert([NewTask(id: ids.next(), type: "alpha", schedule: .after(.seconds(900)))])
        for field in ["0/alpha", "0"] { try await server.command("HSET", "{\(prefix)}:counts", field, count) }
        do throws(StoreError) {
            _ = try await store.statistics()
            Issue.record("\(count) was accepted")
        } catch {
            #expect(error.code == .corrupt)
            #expect(error.message.contains("{\(prefix)}:counts 0/alpha"), "\(error)")
        }
        await #expect(throws: StoreError.self) { _ = try await store.types() }
        // Listing does not need the count, and the next submission counts the existing tasks.
        #expect(try await store.tasks(TaskQuery()).tasks.count == 3)
        _ = try await store.insert([task()])
        #expect(try await store.statistics().counts[.pending] == 4)
        #expect(try await server.command("HGET", "{\(prefix)}:counts", "0").text == "4")
        // The event log continues as well.
        let end = try await store.lastEvent()
        try await server.command("HSET", "{\(prefix)}:counts", "events", count)
        _ = try await store.insert([task()])
        let page = try await store.events(after: end, limit: 10, waiting: .zero)
        #expect(page.events.map(\.cursor.number) == [end.number + 1])
        await store.close()
    }

    @Test("Invalid settings of a type are reported, and can be replaced")
    func settings() async throws {
        let server = try await RedisServer.shared
        let prefix = RedisServer.prefix()
        let store = try await Self.store(prefix)
        _ = try await store.insert([NewTask(id: TaskIDGenerator().next(), type: "alpha")])
        try await server.command("HSET", "{\(prefix)}:types.2", "alpha", "99999999999999999999 7x")
        for call in 0..<2 {
            do throws(StoreError) {
                if call == 0 {
                    _ = try await store.types()
                } else {
                    _ = try await store.claim(
                        ClaimRequest(types: ["alpha"], count: 1, grant: AlteredRun.grant(1)))
                }
                Issue.record("the settings were accepted")
            } catch {
                #expect(error.message.contains("{\(prefix)}:types.2"), "\(error)")
            }
        }
        try await store.setLimit(3, ofType: "alpha")
        #expect(try await store.types().map(\.limit) == [3])
        await store.close()
    }
}

#endif
