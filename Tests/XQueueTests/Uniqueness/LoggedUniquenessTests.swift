import CoreMetrics
import Logging
import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

@Suite("Unique tasks with a log in front of the store") struct LoggedUniquenessTests {
    private struct Fixture {
        let clock = ManualClock()
        let log = MemoryLog()
        let store: FaultyStore
        let manager: TaskManager

        init() throws {
            let random = SeededRandomSource(seed: 1)
            store = FaultyStore(try SQLiteStore(path: ":memory:", clock: clock, random: random))
            manager = TaskManager(
                store: store, intake: log, configuration: QueueConfiguration(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                metrics: NOOPMetricsHandler.instance, clock: clock, random: random)
        }

        func submit(_ payload: Int, _ conflict: UniqueConflict = .returnExisting) async throws
            -> SubmitOutcome
        {
            try await manager.submit(LoggedUniquenessTests.submission(payload, conflict))
        }

        /// The payloads in the log.
        var payloads: [String?] { log.values.map { RawJSON(trusted: $0).values(at: ["payload"])[0]?.text } }
    }

    private static func submission(_ payload: Int, _ conflict: UniqueConflict) -> TaskSubmission {
        var submission = TaskSubmission(type: "t", payload: RawJSON(trusted: "\(payload)"))
        submission.uniqueness = Uniqueness(key: "k", onConflict: conflict)
        return submission
    }

    @Test("Only new tasks are in the log") func stored() async throws {
        let fixture = try Fixture()
        let first = try await fixture.submit(1).record
        guard case .replaced(let second) = try await fixture.submit(2, .replace) else {
            Issue.record("not replaced")
            return
        }
        #expect(second.id == first.id && second.payload.text == "2")
        #expect(try await fixture.submit(3) == .existing(second))
        let error = await #expect(throws: QueueError.self) { try await fixture.submit(4, .reject) }
        #expect(error?.code == .notUnique && error?.message.contains("\(first.id)") == true)
        let batch = try await fixture.manager.submit([
            Self.submission(5, .reject), TaskSubmission(type: "t"), Self.submission(6, .rerun),
        ])
        #expect(batch[0] == .conflict(second) && batch[1].isNew)
        #expect(batch[2].record.id == first.id && !batch[2].isNew)
        #expect(fixture.payloads == ["1", "null"])
    }

    @Test("A task that the log did not acknowledge is appended before another submission is answered with it")
    func unacknowledged() async throws {
        for conflict in [UniqueConflict.returnExisting, .replace] {
            let fixture = try Fixture()
            fixture.log.fail()
            let error = await #expect(throws: QueueError.self) { try await fixture.submit(1) }
            #expect(error?.code == .intakeUnavailable)
            fixture.log.fail(false)
            let outcome = try await fixture.submit(2, conflict)
            #expect(!outcome.isNew)
            #expect(fixture.payloads == [conflict == .replace ? "2" : "1"])
            _ = try await fixture.submit(3, conflict)
            #expect(fixture.payloads.count == 1)
        }
    }

    @Test("Without the store, each is logged with its rule, for the store to decide later") func storeDown()
        async throws
    {
        let fixture = try Fixture()
        fixture.store.fail(.insert, times: .max)
        let outcomes = try await fixture.manager.submit([
            Self.submission(1, .returnExisting), Self.submission(2, .returnExisting),
            Self.submission(3, .replace),
            Self.submission(4, .reject),
        ])
        #expect(outcomes.allSatisfy { $0.isProvisional })
        #expect(outcomes[1].record.id == outcomes[0].record.id)
        #expect(fixture.payloads == ["1", "3", "4"])
        let conflicts = try fixture.log.values.map { value in
            try IntakeDecoder(QueueConfiguration()).task(
                IntakeRecord(
                    origin: IntakeOrigin(log: "memory", part: 0, position: 0), timestamp: fixture.clock.now(),
                    key: nil,
                    value: Array(value.utf8))
            ).onConflict
        }
        #expect(conflicts == [.returnExisting, .replace, .reject])
    }
}
