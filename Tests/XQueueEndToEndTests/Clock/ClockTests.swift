import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The real program on a machine whose wall clock is wrong or set while it runs.
@Suite(.timeLimit(.minutes(10))) struct ClockTests {
    enum Store: String, CaseIterable, Sendable {
        case sqlite
        #if Redis
        case redis
        #endif
    }

    struct Step: Sendable, CustomTestStringConvertible {
        var store: Store
        var seconds: Int

        static let all = Store.allCases.flatMap { store in
            [30, -30, 3600, -3600].map { Step(store: store, seconds: $0) }
        }

        var testDescription: String { "\(store.rawValue) \(seconds) s" }
    }

    /// A server with its own wall clock.
    private func server(
        _ store: Store, _ clock: ShiftedClock, in folder: ServerFolder
    ) async throws -> ServerProcess {
        var flags = ["--queue-heartbeat-interval", "1s", "--example-journal", "journal"]
        #if Redis
        if store == .redis {
            let redis = try await RedisServer.shared
            flags += ["--redis-addr", redis.address, "--redis-key-prefix", RedisServer.prefix()]
        }
        #endif
        return try await ServerProcess(in: folder, flags, environment: clock.environment)
    }

    @Test(arguments: Step.all) func settingTheClockChangesNoWait(_ step: Step) async throws {
        let folder = try ServerFolder()
        let clock = try await ShiftedClock(in: folder)
        let api = API(try await server(step.store, clock, in: folder))
        // Longer than two leases; the larger steps exceed its timeout.
        let running = try await api.submit(
            "example", #"{"duration_ms":8000}"#, #""max_retry":0,"process_timeout":600"#)
        let waiting = try await api.submit("nobody", "{}", #""queue_timeout":600"#)
        _ = try await api.task(running.id, "it runs") { $0.status == .processing }
        let started = ContinuousClock.now
        let delayed = try await api.submit("example", "{}", #""delay":4"#)
        try clock.set(aheadBy: step.seconds)
        let delayedEnd = try await api.end(of: delayed.id)
        let elapsed = ContinuousClock.now - started
        #expect(delayedEnd.status == .success)
        // Sooner means a wait cut short; later means one that follows the wall clock.
        #expect(elapsed > .seconds(3.9) && elapsed < .seconds(28), "\(elapsed)")
        let end = try await api.end(of: running.id)
        #expect(end.status == .success)
        #expect(end.attempt == 1)
        #expect(end.retryCount == 0)
        #expect(try await api.task(waiting.id).status == .pending)
        // The worker stays registered: its heartbeats use a clock that all nodes share.
        #expect(try await api.send("GET", "/workers").text.contains(#""types":["example"]"#))
        let starts = try Journal(folder.read("journal"), lives: []).lines.filter { $0.event == .start }
        #expect(starts.count == 2)
    }

    @Test(arguments: [30, -30, 3600, -3600], Store.allCases)
    func aRunAtFollowsTheClockOfTheStore(_ seconds: Int, _ store: Store) async throws {
        let folder = try ServerFolder()
        let clock = try await ShiftedClock(in: folder)
        let api = API(try await server(store, clock, in: folder))
        let runAt = Date().addingTimeInterval(27)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let task = try await api.submit("example", "{}", #""run_at":"\#(runAt.formatted(style))""#)
        try clock.set(aheadBy: seconds)
        if store == .sqlite, seconds > 0 {
            // The changed clock is the store's, so the task is due.
            let end = try await api.end(of: task.id)
            #expect(end.status == .success)
            #expect(Date() < runAt)
        } else {
            // When this one has ended, maintenance has run.
            _ = try await api.end(of: try await api.submit("example", "{}", #""delay":1"#).id)
            let status = try await api.task(task.id).status
            if Date() < runAt { #expect(status == .pending) }
        }
    }

    #if Redis
    @Test(arguments: [5, 700, -700]) func aNodeAheadOfRedisRunsTasks(_ seconds: Int) async throws {
        let folder = try ServerFolder()
        let clock = try await ShiftedClock(in: folder)
        try clock.set(aheadBy: seconds)
        let api = API(try await server(.redis, clock, in: folder))
        for _ in 1...5 {
            let task = try await api.submit(
                "example", #"{"duration_ms":300}"#, #""process_timeout":3,"max_retry":0"#)
            let end = try await api.end(of: task.id)
            #expect(end.status == .success)
            #expect(end.error == nil)
        }
        // The default timeout is ten minutes.
        #expect(try await api.end(of: try await api.submit().id).status == .success)
    }
    #endif

    @Test(arguments: Store.allCases) func aSuspendedProgramContinuesItsTasks(_ store: Store)
        async throws
    {
        let folder = try ServerFolder()
        let clock = try await ShiftedClock(in: folder)
        let server = try await server(store, clock, in: folder)
        let api = API(server)
        var tasks: [QueueTask] = []
        for _ in 1...8 {
            tasks.append(try await api.submit("example", #"{"duration_ms":20000}"#, #""max_retry":0"#))
        }
        for task in tasks { _ = try await api.task(task.id, "it runs") { $0.status == .processing } }
        for _ in 1...3 {
            server.pause()
            // Longer than a lease, which lasts three seconds.
            let end = ContinuousClock.now + .milliseconds(3800)
            try await eventually("a lease has expired") { ContinuousClock.now > end }
            server.resume()
            _ = try await api.stats()
        }
        for task in tasks {
            let end = try await api.end(of: task.id)
            #expect(end.status == .success, "\(end.error ?? "")")
            #expect(end.attempt == 1)
        }
        let starts = try Journal(folder.read("journal"), lives: []).lines.filter { $0.event == .start }
        #expect(starts.count == 8)
    }
}
