import ServiceLifecycle
import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Cancellation, timeouts, lost leases and shutdown.
@Suite struct StopTests {
    private func holding(
        _ fixture: RuntimeFixture, _ gate: Gate, reasons: SharedList<StopReason?> = SharedList()
    ) throws {
        try fixture.manager.register("held") { (task: TaskContext<RawJSON>) -> RawJSON? in
            await gate.pass()
            reasons.append(task.stopReason)
            return try RawJSON(#""done""#)
        }
    }

    @Test func aPendingTaskIsCanceledImmediately() async throws {
        let fixture = try RuntimeFixture()
        let task = try await fixture.manager.submit("nobody", .null)
        #expect(try await fixture.manager.cancel(task.id).status == .canceled)
        let error = await #expect(throws: QueueError.self) { try await fixture.manager.cancel(task.id) }
        #expect(error?.code == .alreadyEnded)
        await fixture.store.close()
    }

    @Test func aRunningHandlerIsCanceledCooperatively() async throws {
        let fixture = try RuntimeFixture()
        let began = Gate()
        began.open()
        try fixture.manager.register("polite") { (_: TaskContext<RawJSON>) -> RawJSON? in
            await began.pass()
            try await untilCanceled()
            return nil
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("polite", .null)
            try await eventually("it runs") { began.entered == 1 }
            let asked = try await fixture.manager.cancel(task.id)
            #expect(asked.status == .processing)
            #expect(asked.cancelRequestedAt != nil)
            let done = try await fixture.wait(for: task.id, .canceled)
            #expect(done.retryCount == 0)
        }
    }

    @Test func aHandlerThatIgnoresCancellationIsFencedAfterTheGracePeriod() async throws {
        let fixture = try RuntimeFixture { $0.maxConcurrency = 1 }
        let gate = Gate()
        try holding(fixture, gate)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("held", .null)
            try await eventually("it runs") { gate.entered == 1 }
            try await fixture.manager.cancel(task.id)
            try await fixture.advance(by: .seconds(5), until: "it is canceled") {
                try await fixture.manager.task(task.id)?.status == .canceled
            }
            try await eventually("the handler is stuck") {
                try await fixture.manager.statistics().workers == WorkerLoad(total: 1, active: 1, stuck: 1)
            }
            gate.open()
            try await eventually("its slot is free") {
                try await fixture.manager.statistics().workers.active == 0
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.status == .canceled)
            #expect(done.result == nil)
        }
    }

    @Test func aHandlerThatSucceedsDespiteCancellationHasSucceeded() async throws {
        let fixture = try RuntimeFixture()
        let gate = Gate()
        let reasons = SharedList<StopReason?>()
        try holding(fixture, gate, reasons: reasons)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("held", .null)
            try await eventually("it runs") { gate.entered == 1 }
            try await fixture.manager.cancel(task.id)
            gate.open()
            try await fixture.wait(for: task.id, .success)
            #expect(reasons.all == [.canceled])
        }
    }

    @Test func aProcessTimeoutEndsTheAttemptEvenIfTheHandlerIgnoresIt() async throws {
        let fixture = try RuntimeFixture()
        let gate = Gate()
        try holding(fixture, gate)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit(
                "held", .null, .processTimeout(.seconds(20)), .maxRetry(1))
            try await fixture.advance(by: .seconds(5), until: "it has failed") {
                try await fixture.manager.task(task.id)?.status == .failed
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.retryCount == 1)
            #expect(done.errors.map(\.kind) == [.timeout, .timeout])
            #expect(gate.entered == 2)
            gate.open()
        }
    }

    @Test func aSuccessAfterTheProcessTimeoutIsAFailure() async throws {
        let fixture = try RuntimeFixture()
        let reached = SharedList<StopReason?>()
        try fixture.manager.register("late") { (task: TaskContext<RawJSON>) -> RawJSON? in
            try? await untilCanceled()
            reached.append(task.stopReason)
            return nil
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit(
                "late", .null, .processTimeout(.seconds(20)), .maxRetry(0))
            try await fixture.advance(by: .seconds(1), until: "it has failed") {
                try await fixture.manager.task(task.id)?.status == .failed
            }
            #expect(reached.all == [.timedOut])
        }
    }

    @Test func aSuccessAfterAnUnnoticedProcessTimeoutIsAFailure() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("late") { (_: TaskContext<RawJSON>) -> RawJSON? in
            // As after a suspension of this process: the handler is back before the timer.
            fixture.clock.advance(by: .seconds(30))
            return nil
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit(
                "late", .null, .processTimeout(.seconds(20)), .maxRetry(0))
            try await eventually("it has ended") {
                try await fixture.manager.task(task.id)?.status.isFinal == true
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.status == .failed)
            #expect(done.errors.map(\.kind) == [.timeout])
        }
    }

    @Test func aStoreThatDoesNotRespondAtStartIsWaitedFor() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("a") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        fixture.store.fail(.birth, times: 1)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("a", .null)
            try await fixture.advance(by: .seconds(1), until: "it has run") {
                try await fixture.manager.task(task.id)?.status == .success
            }
        }
        #expect(fixture.store.calls(of: .birth) > 1)
    }

    @Test func aWorkerThatLostItsLeaseIsStoppedAndChangesNothing() async throws {
        let fixture = try RuntimeFixture { $0.heartbeatInterval = .seconds(30) }
        let gate = Gate()
        try holding(fixture, gate)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("held", .null, .maxRetry(0), .processTimeout(.zero))
            try await eventually("it runs") { gate.entered == 1 }
            // Heartbeats fail for longer than the lease lasts. This node's own maintenance waits for them.
            fixture.store.fail(.heartbeat, times: .max)
            try await fixture.advance(by: .seconds(10), until: "the lease is lost") {
                _ = try await fixture.store.base.sweep(limit: 10, draw: 0.0)
                return try await fixture.manager.task(task.id)?.status == .failed
            }
            fixture.store.heal()
            try await fixture.advance(by: .seconds(10), until: "the worker knows") {
                try await fixture.manager.statistics().workers.stuck == 1
            }
            gate.open()
            try await eventually("its slot is free") {
                try await fixture.manager.statistics().workers.active == 0
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.errors.map(\.kind) == [.leaseLost])
            #expect(done.result == nil)
        }
    }

    @Test func aShutdownLetsRunningTasksFinish() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let gate = Gate()
        let id: TaskID
        do {
            let fixture = try FileFixture(folder) { $0.gracePeriod = .seconds(60) }
            try fixture.manager.register("held") { (_: TaskContext<RawJSON>) -> RawJSON? in
                await gate.pass()
                return nil
            }
            id = try await fixture.manager.submit("held", .null, .maxRetry(0)).id
            try await fixture.runUntilShutdown {
                try await eventually("it runs") { gate.entered == 1 }
                fixture.store.hold(.settle)
            } whileStopping: {
                // The store must still be open when the task ends; the end is held until that has been checked.
                gate.open()
                await fixture.store.waitForHeldCalls(of: .settle)
                let held = try await fixture.manager.task(id)
                #expect(held?.status == .processing)
                fixture.store.release(.settle)
            }
        }
        let reopened = try FileFixture(folder)
        #expect(try await reopened.manager.task(id)?.status == .success)
        await reopened.store.close()
    }

    @Test func aShutdownReleasesUnfinishedTasksWithoutUsingUpARetry() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let gate = Gate()
        let id: TaskID
        do {
            let fixture = try FileFixture(folder)
            try fixture.manager.register("held") { (_: TaskContext<RawJSON>) -> RawJSON? in
                await gate.pass()
                return nil
            }
            id = try await fixture.manager.submit("held", .null, .maxRetry(0)).id
            try await fixture.runUntilShutdown {
                try await eventually("it runs") { gate.entered == 1 }
            }
        }
        let reopened = try FileFixture(folder)
        let task = try #require(try await reopened.manager.task(id))
        #expect(task.status == .pending)
        #expect(task.retryCount == 0)
        #expect(task.errors.isEmpty)
        await reopened.store.close()
        gate.open()
    }
}
