import MetricsTestKit
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@Suite("Node metrics") struct RuntimeMetricsTests {
    private let metrics = TestMetrics()

    private func count(_ name: String, _ labels: (String, String)...) -> Int64 {
        metrics.counterTotal(label: name, dimensions: labels)
    }

    private func gauge(_ name: String, _ labels: (String, String)...) throws -> Double {
        try #require(try metrics.expectRecorder(name, labels).values.last)
    }

    @Test("Each step of a task is counted once, by type and outcome") func steps() async throws {
        let fixture = try RuntimeFixture(metrics: metrics)
        try fixture.manager.register("good") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try fixture.manager.register("bad") { (task: TaskContext<RawJSON>) -> RawJSON? in
            throw TaskFailure("no", isPermanent: task.attempt == 2, retryAfter: .zero)
        }
        try fixture.manager.register("later") { (task: TaskContext<RawJSON>) -> RawJSON? in
            if task.payload.text == "1" { throw TaskSnooze(for: .seconds(3600)) }
            return nil
        }
        try await fixture.running { _ in
            for _ in 0..<3 {
                let task = try await fixture.manager.submit("good", .null)
                try await fixture.wait(for: task.id, .success)
            }
            let bad = try await fixture.manager.submit("bad", .null)
            try await fixture.advance(by: .milliseconds(10), until: "it has failed") {
                try await fixture.manager.task(bad.id)?.status == .failed
            }
            let later = try await fixture.manager.submit("later", try RawJSON("1"))
            try await eventually("it was snoozed") {
                try await fixture.manager.task(later.id)?.pendingReason == .scheduled
            }
            try await fixture.manager.cancel(later.id)
        }
        #expect(count("xqueue_tasks_submitted_total", ("type", "good")) == 3)
        #expect(count("xqueue_attempts_started_total", ("type", "bad")) == 2)
        #expect(count("xqueue_attempts_finished_total", ("type", "good"), ("outcome", "success")) == 3)
        #expect(count("xqueue_attempts_finished_total", ("type", "bad"), ("outcome", "error")) == 2)
        #expect(count("xqueue_attempts_finished_total", ("type", "later"), ("outcome", "snoozed")) == 1)
        #expect(count("xqueue_tasks_finished_total", ("type", "good"), ("status", "success")) == 3)
        #expect(count("xqueue_tasks_finished_total", ("type", "bad"), ("status", "failed")) == 1)
        #expect(count("xqueue_tasks_canceled_total", ("type", "later")) == 1)
        #expect(try metrics.expectTimer("xqueue_run_seconds", [("type", "bad")]).values.count == 2)
        #expect(try metrics.expectTimer("xqueue_queue_wait_seconds", [("type", "good")]).values.count == 3)
        #expect(try !metrics.expectTimer("xqueue_store_call_seconds", [("verb", "claim")]).values.isEmpty)
    }

    @Test("An attempt is counted even if the task's next one starts before the store's answer arrives")
    func overtaken() async throws {
        let fixture = try RuntimeFixture(metrics: metrics)
        let gate = Gate()
        try fixture.manager.register("bad") { (task: TaskContext<RawJSON>) -> RawJSON? in
            if task.attempt == 2 { await gate.pass() }
            throw TaskFailure("no", isPermanent: task.attempt == 2, retryAfter: .zero)
        }
        try await fixture.running { _ in
            fixture.store.hold(.settle, .after)
            defer {
                fixture.store.release(.settle)
                gate.open()
            }
            let bad = try await fixture.manager.submit("bad", .null)
            await fixture.store.waitForHeldCalls(of: .settle)
            try await fixture.advance(by: .milliseconds(10), until: "the next attempt runs") {
                gate.entered == 1
            }
            fixture.store.release(.settle)
            gate.open()
            try await fixture.wait(for: bad.id, .failed)
        }
        #expect(count("xqueue_attempts_finished_total", ("type", "bad"), ("outcome", "error")) == 2)
        #expect(count("xqueue_tasks_finished_total", ("type", "bad"), ("status", "failed")) == 1)
    }

    @Test("Collection updates the gauges, and shows that the store does not answer") func gauges()
        async throws
    {
        let fixture = try RuntimeFixture(metrics: metrics)
        try await fixture.manager.submit("a", .null, .concurrency("key"))
        try await fixture.manager.submit("a", .null, .delay(.seconds(60)))
        await fixture.manager.recordMetrics()
        #expect(try gauge("xqueue_tasks", ("type", "a"), ("status", "pending")) == 2)
        #expect(try gauge("xqueue_tasks", ("type", "a"), ("status", "failed")) == 0)
        #expect(try gauge("xqueue_types_unserved") == 1)
        #expect(try gauge("xqueue_workers_capacity") == 10)
        #expect(try gauge("xqueue_store_up") == 1)
        fixture.store.fail(.statistics)
        await fixture.manager.recordMetrics()
        #expect(try gauge("xqueue_store_up") == 0)
        let labels = [("verb", "statistics"), ("code", "store_unavailable")]
        #expect(metrics.counterTotal(label: "xqueue_store_errors_total", dimensions: labels) == 1)
    }

    @Test("Types beyond the first two hundred share a label") func types() async throws {
        let fixture = try RuntimeFixture(metrics: metrics)
        for number in 0..<250 { try await fixture.manager.submit("type-\(number)", .null) }
        await fixture.manager.recordMetrics()
        let counters = metrics.counters(label: "xqueue_tasks_submitted_total")
        #expect(counters.reduce(0) { $0 + $1.totalValue } == 250)
        #expect(count("xqueue_tasks_submitted_total", ("type", "other")) == 50)
        #expect(try gauge("xqueue_tasks", ("type", "other"), ("status", "pending")) == 50)
        let types = Set(metrics.recorders(label: "xqueue_tasks").map { $0.dimensions[0].1 })
        #expect(types.count == 201)
    }
}
