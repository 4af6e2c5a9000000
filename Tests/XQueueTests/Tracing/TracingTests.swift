import InMemoryTracing
import Synchronization
import Testing
import Tracing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@Suite("Task tracing") struct TracingTests {
    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(traceID)-00f067aa0ba902b7-01"

    @Test("Without a tracer, the handler gets the trace as submitted") func carried() async throws {
        let fixture = try RuntimeFixture()
        let seen = Mutex<[TraceContext?]>([])
        try fixture.manager.register("a") { (task: TaskContext<RawJSON>) -> RawJSON? in
            seen.withLock { $0.append(task.trace) }
            return nil
        }
        let trace = try #require(TraceContext(parent: Self.parent, state: "a=1"))
        try await fixture.running { _ in
            let traced = try await fixture.manager.submit("a", .null, .trace(trace))
            #expect(traced.trace == trace)
            try await fixture.wait(for: traced.id, .success)
            let plain = try await fixture.manager.submit("a", .null)
            try await fixture.wait(for: plain.id, .success)
        }
        #expect(seen.withLock { $0 } == [trace, nil])
    }

    @Test("With a tracer, submission and attempts are spans of the trace") func spans() async throws {
        let tracer = RecordingTracer()
        let fixture = try RuntimeFixture(tracer: tracer)
        let seen = Mutex<[(given: TraceContext?, span: InMemorySpanContext?)]>([])
        try fixture.manager.register("a") { (task: TaskContext<RawJSON>) -> RawJSON? in
            seen.withLock { $0.append((task.trace, ServiceContext.current?.inMemorySpanContext)) }
            if task.attempt == 1 { throw TaskFailure("once", retryAfter: .zero) }
            return nil
        }
        var submission = TaskSubmission(type: "a")
        submission.trace = TraceContext(parent: Self.parent)
        let id = try await fixture.manager.submit(submission).record.id
        try await fixture.running { _ in
            try await fixture.advance(by: .milliseconds(10), until: "it has run twice") {
                try await fixture.manager.task(id)?.status == .success
            }
        }
        let submit = try #require(tracer.spans("xqueue submit").first)
        #expect(submit.traceID == Self.traceID)
        #expect(submit.parentSpanID == "00f067aa0ba902b7")
        #expect(submit.kind == .producer)
        #expect(submit.attributes.get("messaging.message.id") == .string(id.description))
        let attempts = tracer.spans("xqueue attempt")
        #expect(attempts.map(\.traceID) == [Self.traceID, Self.traceID])
        #expect(attempts.map(\.parentSpanID) == [submit.spanID, submit.spanID])
        #expect(attempts.map(\.kind) == [.consumer, .consumer])
        #expect(attempts.map { $0.attributes.get("xqueue.attempt") } == [.int64(1), .int64(2)])
        #expect(attempts.map { $0.status?.code } == [.error, nil])
        #expect(attempts.map(\.errors.count) == [1, 0])
        // What a handler calls belongs to its attempt, whichever way it passes the trace on.
        let handed = seen.withLock { $0 }
        #expect(handed.map { $0.given?.parent } == attempts.map { "00-\(Self.traceID)-\($0.spanID)-01" })
        #expect(handed.map { $0.span?.spanID } == attempts.map(\.spanID))
        #expect(tracer.inner.activeSpans.isEmpty)
    }

    @Test("A submission within a span belongs to it, and a rejected one is an error") func within()
        async throws
    {
        let tracer = RecordingTracer()
        let fixture = try RuntimeFixture(tracer: tracer)
        let outer = tracer.inner.startSpan("outer")
        let record = try await ServiceContext.withValue(outer.context) {
            try await fixture.manager.submit("a", .null)
        }
        let submit = try #require(tracer.spans("xqueue submit").first)
        #expect(submit.parentSpanID == outer.spanID)
        #expect(record.trace?.parent == "00-\(outer.traceID)-\(submit.spanID)-01")

        var other = TaskSubmission(type: "b")
        other.trace = TraceContext(parent: Self.parent)
        let batch = try await ServiceContext.withValue(outer.context) {
            try await fixture.manager.submit([TaskSubmission(type: "a"), other, TaskSubmission(type: "c")])
        }
        #expect(tracer.spans("xqueue submit").count == 2)
        #expect(batch.map { $0.record.trace?.parent.contains(outer.traceID) } == [true, true, true])

        fixture.store.fail(.insert)
        await #expect(throws: QueueError.self) { try await fixture.manager.submit("a", .null) }
        let failed = try #require(tracer.spans("xqueue submit").last)
        #expect(failed.status?.code == .error)
        outer.end()
    }
}
