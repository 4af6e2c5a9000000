import Synchronization
import Testing
import XQueue
import XQueueTesting

@Suite("Middleware") struct MiddlewareTests {
    /// Notes when it is entered and left.
    private struct Noting: AttemptMiddleware, SubmissionMiddleware {
        let name: String
        let notes: SharedList<String>

        func attempt(
            _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
        ) async throws -> RawJSON? {
            notes.append("\(name) runs \(task.type)")
            defer { notes.append("\(name) ran \(task.type)") }
            return try await next(task)
        }

        func submit(
            _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
        ) async throws(QueueError) -> [SubmitOutcome] {
            notes.append("\(name) submits \(tasks.count)")
            return try await next(tasks)
        }
    }

    /// Turns payloads into something else on the way in, and back on the way out.
    private struct Reversing: AttemptMiddleware, SubmissionMiddleware {
        private func reversed(_ payload: RawJSON) throws -> RawJSON {
            try RawJSON(encoding: String(try payload.decode(String.self).reversed()))
        }

        func attempt(
            _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
        ) async throws -> RawJSON? {
            try await next(task.with(payload: try reversed(task.payload)))
        }

        func submit(
            _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
        ) async throws(QueueError) -> [SubmitOutcome] {
            var tasks = tasks
            for index in tasks.indices {
                do {
                    tasks[index].payload = try reversed(tasks[index].payload)
                } catch {
                    throw QueueError(.rejected, "only texts are accepted", cause: error)
                }
            }
            return try await next(tasks)
        }
    }

    @Test("The first one is outermost, whether it was added before or after the handler") func order()
        async throws
    {
        let notes = SharedList<String>()
        let queue = try TestQueue { manager in
            manager.add(Noting(name: "outer", notes: notes))
            try manager.register("a") { (_: TaskContext<RawJSON>) in notes.append("handler") }
            manager.add(Noting(name: "inner", notes: notes))
        }
        try await queue.manager.submit([TaskSubmission(type: "a")])
        #expect(notes.all == ["outer submits 1", "inner submits 1"])
        #expect(try await queue.runUntilIdle().map(\.status) == [.success])
        #expect(
            notes.all.dropFirst(2) == [
                "outer runs a", "inner runs a", "handler", "inner ran a", "outer ran a",
            ])
    }

    @Test("A payload may be stored in another form than the handler is given") func payloads() async throws {
        let queue = try TestQueue { manager in
            manager.add(Reversing())
            try manager.register("echo") { (task: TaskContext<String>) in task.payload }
        }
        let record = try await queue.manager.submit("echo", RawJSON("\"secret\""))
        #expect(record.payload.text == "\"terces\"")
        let ended = try await queue.runUntilIdle()
        #expect(ended.map { $0.result?.text } == ["\"secret\""])
    }

    @Test("A submission may be rejected, alone and in a batch") func rejection() async throws {
        let queue = try TestQueue { $0.add(Reversing()) }
        for size in 1...2 {
            let error = await #expect(throws: QueueError.self) {
                try await queue.manager.submit(
                    Array(repeating: TaskSubmission(type: "a", payload: .null), count: size))
            }
            #expect(error?.code == .rejected)
        }
        #expect(try await queue.tasks().isEmpty)
    }

    @Test("One with both sides has both, however it is added") func bothSides() async throws {
        let queue = try TestQueue { manager in
            let all: [any AttemptMiddleware] = [Reversing()]
            for one in all { manager.add(one) }
            try manager.register("echo") { (task: TaskContext<String>) in task.payload }
        }
        try await queue.manager.submit("echo", RawJSON("\"secret\""))
        #expect(try await queue.tasks().map(\.payload.text) == ["\"terces\""])
        #expect(try await queue.runUntilIdle().map { $0.result?.text } == ["\"secret\""])
    }

    @Test("One that loses an outcome does no harm to its caller") func lostOutcome() async throws {
        struct Losing: SubmissionMiddleware {
            func submit(
                _ tasks: [TaskSubmission],
                next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
            ) async throws(QueueError) -> [SubmitOutcome] { [] }
        }
        let queue = try TestQueue { $0.add(Losing()) }
        let error = await #expect(throws: QueueError.self) { try await queue.manager.submit("a", .null) }
        #expect(error?.code == .rejected)
    }

    @Test("What it throws ends the attempt as an error of the handler") func failure() async throws {
        struct Refusing: AttemptMiddleware {
            func attempt(
                _ task: TaskContext<RawJSON>,
                next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
            ) async throws -> RawJSON? {
                throw TaskFailure("not on my watch", isPermanent: true)
            }
        }
        let queue = try TestQueue { manager in
            manager.add(Refusing())
            try manager.register("a") { (_: TaskContext<RawJSON>) in }
        }
        try await queue.manager.submit("a", .null)
        let ended = try await queue.runUntilIdle()
        #expect(ended.map(\.status) == [.failed])
        #expect(ended.map(\.error) == ["not on my watch"])
    }
}
