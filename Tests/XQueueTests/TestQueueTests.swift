import Testing
import XQueue
import XQueueTesting

@Suite("A queue for tests") struct TestQueueTests {
    private struct Greet: TaskHandler {
        static let type = "greet"

        func handle(_ task: TaskContext<String>) async throws -> String {
            task.report(progress: 50, message: "thinking")
            guard task.attempt > 1 || !task.payload.isEmpty else { throw TaskFailure("who?") }
            return "Hello, \(task.payload)!"
        }
    }

    /// Its tasks have no result.
    private struct Wave: TaskHandler {
        static let type = "wave"

        func handle(_ task: TaskContext<Int>) async throws {
            if task.payload == 0 { throw TaskSnooze(for: .seconds(3600)) }
        }
    }

    @Test("Tasks run when the test says so, not before") func runs() async throws {
        let queue = try TestQueue { try $0.register(Greet()) }
        let task = try await queue.manager.submit(Greet.self, "Ada")
        #expect(try await queue.manager.task(task.id)?.status == .pending)
        let ended = try await queue.runUntilIdle()
        #expect(ended.map(\.id) == [task.id])
        #expect(try ended.first?.result?.decode(String.self) == "Hello, Ada!")
        #expect(ended.first?.progress?.message == "thinking")
        // Nobody runs what comes afterwards.
        try await queue.manager.submit(Greet.self, each: ["Bob", "Eve"], .priority(1))
        #expect(try await queue.submitted(Greet.self) == ["Ada", "Bob", "Eve"])
        #expect(try await queue.tasks().map(\.status) == [.success, .pending, .pending])
        #expect(try await queue.runUntilIdle().count == 2)
        #expect(try await queue.runUntilIdle().isEmpty)
    }

    @Test("Back-offs, delays and snoozes take no time where the clock may move") func time() async throws {
        let queue = try TestQueue { try $0.register(Greet()) }
        let start = queue.clock.now()
        try await queue.manager.submit(
            Greet.self, "",
            .retry(RetryPolicy(strategy: .fixed, delay: .seconds(600), maxDelay: .seconds(600), jitter: 0)))
        let late = try await queue.manager.submit(Greet.self, "Ada", .delay(.seconds(7200)))
        #expect(try await queue.runUntilIdle().isEmpty)
        #expect(queue.clock.now() == start)
        #expect(try await queue.runUntilIdle(within: .seconds(3600)).map(\.status) == [.success])
        #expect(queue.clock.now() - start == .seconds(600))
        #expect(try await queue.manager.task(late.id)?.status == .pending)
        #expect(try await queue.runUntilIdle(within: .seconds(86400)).map(\.id) == [late.id])
    }

    @Test("A task that never ends is named, and one that snoozes for ever is left") func endless()
        async throws
    {
        let queue = try TestQueue { manager in
            try manager.register(Wave())
            try manager.register("stuck") { (_: TaskContext<RawJSON>) in
                try await Task.sleep(for: .seconds(3600))
            }
        }
        try await queue.manager.submit(Wave.self, 0)
        #expect(try await queue.runUntilIdle(within: .seconds(36000)).isEmpty)
        let stuck = try await queue.manager.submit("stuck", .null)
        let error = await #expect(throws: NotIdle.self) {
            try await queue.runUntilIdle(patience: .milliseconds(300))
        }
        #expect(error?.first.id == stuck.id)
    }

    @Test("Tasks keep the order in which they were submitted, whoever submits them") func order() async throws
    {
        let queue = try TestQueue { manager in
            try manager.register(Wave())
            try manager.register("page") { (task: TaskContext<Int>) -> Void in
                if task.payload < 20 { try await manager.submit("page", RawJSON(encoding: task.payload + 1)) }
            }
        }
        try await queue.manager.submit("page", RawJSON("1"))
        try await queue.runUntilIdle()
        try await queue.manager.submit("page", RawJSON("20"))
        let pages: [Int] = try await queue.tasks(ofType: "page").map { try $0.payload.decode() }
        #expect(pages == Array(1...20) + [20])
    }

    @Test("Code that waits for tasks runs beside the handlers") func waiting() async throws {
        let queue = try TestQueue { try $0.register(Greet()) }
        let answer = try await queue.running {
            try await queue.manager.submitAndWait(Greet.self, "Ada")
        }
        #expect(answer == "Hello, Ada!")
    }

    @Test("A process timeout passes when the clock is moved, and a handler may run on at the end")
    func timeouts()
        async throws
    {
        let queue = try TestQueue { manager in
            try manager.register("long") { (_: TaskContext<RawJSON>) in
                try await Task.sleep(for: .seconds(3600))
            }
        }
        let task = try await queue.manager.submit("long", .null, .processTimeout(.seconds(10)), .maxRetry(0))
        let ended = try await queue.running {
            try await eventually("it runs") {
                try await queue.manager.task(task.id)?.status == .processing
            }
            queue.clock.advance(by: .seconds(11))
            return try await queue.manager.wait(for: task.id)
        }
        #expect(ended.status == .failed)
        #expect(ended.errors.map(\.kind) == [.timeout])
        let left = try await queue.manager.submit("long", .null)
        try await queue.running {
            try await eventually("it runs") {
                try await queue.manager.task(left.id)?.status == .processing
            }
        }
        #expect(try await queue.manager.task(left.id)?.status == .pending)
        #expect(try await queue.manager.task(left.id)?.retryCount == 0)
    }

    @Test("Short back-offs are found as soon as the clock has passed them") func shortWaits() async throws {
        let queue = try TestQueue { manager in
            try manager.register("flaky") { (task: TaskContext<RawJSON>) -> Void in
                if task.attempt < 4 { throw TaskFailure("not yet") }
            }
        }
        for _ in 0..<20 {
            try await queue.manager.submit("flaky", .null)
            #expect(try await queue.runUntilIdle(within: .seconds(60)).map(\.status) == [.success])
        }
    }

    @Test("What handlers submit runs in the same run") func chains() async throws {
        let queue = try TestQueue { manager in
            try manager.register(Wave())
            try manager.register("first") { (_: TaskContext<RawJSON>) in
                try await manager.submit(Wave.self, 1)
            }
        }
        try await queue.manager.submit("first", .null)
        let ended = try await queue.runUntilIdle()
        #expect(ended.map(\.type) == ["first", "wave"])
        #expect(ended.map { $0.result } == [nil, nil])
    }

    @Test("A handler is tested in one line, or with all it says") func attempts() async throws {
        #expect(try await Greet().handle(.test("Ada")) == "Hello, Ada!")
        await #expect(throws: TaskFailure.self) { try await Greet().handle(.test("")) }

        let attempt = try TestAttempt("", number: 2) { $0.priority = 3 }
        #expect(try await attempt.run(Greet()) == "Hello, !")
        #expect(attempt.progress == [TaskProgress(percent: 50, message: "thinking")])
        #expect(attempt.context.attempt == 2)
        #expect(attempt.context.priority == 3)
    }

    @Test("A stop cancels the handler, before it begins as well") func stop() async throws {
        struct Waiting: TaskHandler {
            static let type = "waiting"

            func handle(_ task: TaskContext<Int>) async throws -> String {
                do {
                    try await Task.sleep(for: .seconds(3600))
                    return "slept"
                } catch {
                    return task.stopReason == .shutdown ? "shut down" : "stopped"
                }
            }
        }
        let attempt = try TestAttempt(1)
        attempt.stop(.shutdown)
        #expect(try await attempt.run(Waiting()) == "shut down")

        let running = try TestAttempt(2)
        let answer = Task { try await running.run(Waiting()) }
        running.stop()
        #expect(try await answer.value == "stopped")
    }
}
