import Logging
import Testing
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

@Suite("Editing tasks") struct EditTests {
    /// Rewrites the task behind the manager's back, so that its version is one higher.
    private static func touch(_ store: any Store, _ id: TaskID) async throws {
        let task = try #require(try await store.task(id))
        var definition = task.definition
        definition.metadata = RawJSON(trusted: #"{"touched":\#(task.version)}"#)
        _ = try await store.rewrite(TaskRewrite(id: id, version: task.version, definition: definition))
    }

    private static func code(_ body: () async throws -> Void) async -> QueueError.Code? {
        await (#expect(throws: QueueError.self) { try await body() })?.code
    }

    @Test("A task is changed, and keeps what a submission does not say") func whole() async throws {
        let fixture = try RuntimeFixture()
        let trace = TraceContext(
            parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: nil)
        let task = try await fixture.manager.submit(
            "t", RawJSON(trusted: #"{"a":1}"#), .delay(.seconds(60)), .trace(trace), .queueTimeout(.zero))
        fixture.clock.advance(by: .seconds(5))
        let edited = try await fixture.manager.edit(task.id) { submission in
            submission.priority = 9
            submission.payload = .null
        }
        var expected = task
        expected.priority = 9
        expected.payload = .null
        expected.state.version = 2
        expected.state.updatedAt = task.updatedAt + .seconds(5)
        #expect(edited == expected && edited.trace == trace)
        #expect(try await fixture.manager.task(task.id) == expected)
    }

    @Test("A new time to run starts the queue timeout anew; the same one does not") func times() async throws
    {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("t", .null, .queueTimeout(.seconds(30)))
        fixture.clock.advance(by: .seconds(5))
        let same = try await fixture.manager.edit(task.id) { $0.maxRetry = 1 }
        #expect(same.queueDeadline == task.queueDeadline && same.runAt == task.runAt)
        let moved = try await fixture.manager.edit(task.id) { $0.schedule = .now }
        #expect(moved.queueDeadline == task.createdAt + .seconds(35) && moved.runAt == same.updatedAt)
        let later = try await fixture.manager.edit(task.id) { $0.schedule = .after(.seconds(10)) }
        #expect(later.pendingReason == .scheduled && later.runAt == task.createdAt + .seconds(15))
        let timed = try await fixture.manager.edit(task.id) { $0.queueTimeout = .zero }
        #expect(timed.queueTimeout == nil && timed.runAt == later.runAt && timed.version == 5)
    }

    @Test("An edit that others came before is made again") func conflict() async throws {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("t", .null)
        fixture.store.hold(.rewrite)
        let edit = Task { try await fixture.manager.edit(task.id) { $0.priority += 1 } }
        await fixture.store.waitForHeldCalls(of: .rewrite)
        try await Self.touch(fixture.store.base, task.id)
        fixture.store.release(.rewrite)
        let edited = try await edit.value
        #expect(edited.version == 3 && edited.priority == 1)
        #expect(edited.metadata?.text == #"{"touched":1}"#, "the other's change stays")
        #expect(fixture.store.calls(of: .rewrite) == 2)
    }

    @Test("With a version it is not") func expectedVersion() async throws {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("t", .null)
        fixture.store.hold(.rewrite)
        let edit = Task { try await fixture.manager.edit(task.id, version: 1) { $0.priority += 1 } }
        await fixture.store.waitForHeldCalls(of: .rewrite)
        try await Self.touch(fixture.store.base, task.id)
        fixture.store.release(.rewrite)
        #expect(await Self.code { _ = try await edit.value } == .versionConflict)
        #expect(fixture.store.calls(of: .rewrite) == 1)
        // Known in advance, the store need not be asked.
        let early = await Self.code {
            try await fixture.manager.edit(task.id, version: 1) { $0.priority = 1 }
        }
        #expect(early == .versionConflict && fixture.store.calls(of: .rewrite) == 1)
        #expect(try await fixture.manager.edit(task.id, version: 2) { $0.priority = 1 }.version == 3)
    }

    /// Somebody is always faster.
    private struct BusyStore: StoreDecorator {
        let base: any Store
        let id: TaskID

        func call<Value: Sendable>(
            _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
        ) async throws(StoreError) -> Value {
            if verb == .rewrite { try? await EditTests.touch(base, id) }
            return try await body()
        }
    }

    @Test("In the end it gives up") func busy() async throws {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("t", .null)
        let manager = TaskManager(
            store: BusyStore(base: fixture.store, id: task.id), configuration: QueueConfiguration(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: fixture.clock)
        #expect(await Self.code { try await manager.edit(task.id) { $0.priority = 1 } } == .versionConflict)
        #expect(fixture.store.calls(of: .rewrite) == 40, "one of each, twenty times")
        #expect(try await fixture.manager.task(task.id)?.priority == 0)
    }

    @Test("Only a pending task is edited") func status() async throws {
        let fixture = try RuntimeFixture()
        let absent = TaskID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
        #expect(await Self.code { try await fixture.manager.edit(absent) { $0.priority = 1 } } == .notFound)
        let task = try await fixture.manager.submit("t", .null)
        try await fixture.manager.cancel(task.id)
        let error = await Self.code { try await fixture.manager.edit(task.id) { $0.priority = 1 } }
        #expect(error == .notPending && fixture.store.calls(of: .rewrite) == 0)
    }

    @Test("A task out of the caller's sight is not found, whatever its status and version") func invisible()
        async throws
    {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("t", .null)
        func edit(version: Int?) async -> QueueError.Code? {
            await Self.code {
                _ = try await fixture.manager.edit(
                    task.id, version: version, where: { $0.type == "u" },
                    { TaskSubmission(editing: $0) })
            }
        }
        #expect(await edit(version: nil) == .notFound)
        #expect(await edit(version: 7) == .notFound)
        try await fixture.manager.cancel(task.id)
        #expect(await edit(version: nil) == .notFound)
    }

    @Test("What is invalid changes nothing") func invalid() async throws {
        let fixture = try RuntimeFixture { $0.maxPayloadBytes = 100 }
        let task = try await fixture.manager.submit("t", .null, .unique("u"))
        let other = try await fixture.manager.submit("t", .null, .unique("v"))
        let large = RawJSON(trusted: "\"\(String(repeating: "x", count: 99))\"")
        let changes: [(String, @Sendable (inout TaskSubmission) throws(QueueError) -> Void)] = [
            ("type", { $0.type = "u" }), ("id", { $0.id = other.id }), ("max_retry", { $0.maxRetry = -1 }),
            ("payload", { $0.payload = large }), ("concurrency_key", { $0.concurrencyKey = "" }),
            ("delay", { $0.schedule = .after(.seconds(-1)) }),
            ("mine", { _ throws(QueueError) in throw .invalid("mine", "no") }),
        ]
        for (field, change) in changes {
            let error = await #expect(throws: QueueError.self) {
                try await fixture.manager.edit(task.id, change)
            }
            #expect(error?.code == .invalidField && error?.field == field)
        }
        let taken = await Self.code { try await fixture.manager.edit(task.id) { $0.uniqueKey = "v" } }
        #expect(taken == .uniqueKeyTaken)
        #expect(try await fixture.manager.task(task.id) == task)
        // Canonically equivalent keys are different ones.
        try await fixture.manager.edit(other.id) { $0.uniqueKey = "\u{E9}" }
        try await fixture.manager.edit(task.id) { $0.uniqueKey = "e\u{301}" }
        let equivalent = await Self.code {
            try await fixture.manager.edit(task.id) { $0.uniqueKey = "\u{E9}" }
        }
        #expect(equivalent == .uniqueKeyTaken)
    }

    @Test("A task from before a clock was set back is edited all the same") func clockSetBack() async throws {
        let fixture = try RuntimeFixture()
        let id = TaskID.lowest(at: fixture.clock.now() + .seconds(10 * 86_400))
        _ = try await fixture.store.insert([NewTask(id: id, type: "t", payload: .null)])
        #expect(try await fixture.manager.edit(id) { $0.priority = 1 }.version == 2)
    }
}
