import Synchronization
import Testing
import XQueueCore
import XQueueSQLite
import XQueueTesting

@testable import XQueue

@Suite("Replaying unique tasks") struct ReplayUniquenessTests {
    /// A log with these values, each read once.
    private final class Archive: IntakeArchive {
        private let records: Mutex<[IntakeRecord]>

        init(_ values: [String], at time: Timestamp) {
            records = Mutex(
                values.enumerated().map { position, value in
                    IntakeRecord(
                        origin: IntakeOrigin(log: "archive", part: 0, position: Int64(position)),
                        timestamp: time, key: nil, value: Array(value.utf8))
                })
        }

        func open(from start: IntakeStart, part: Int32?) async throws(IntakeError) -> [IntakeSpan] { [] }

        func read(limit: Int) async throws(IntakeError) -> [IntakeRecord] {
            records.withLock { records in
                defer { records.removeFirst(min(limit, records.count)) }
                return Array(records.prefix(limit))
            }
        }

        func ended() async throws(IntakeError) -> Set<TaskID>? { nil }
        func close() async {}
    }

    private struct Fixture {
        let clock = ManualClock()
        let store: SQLiteStore

        init() throws {
            store = try SQLiteStore(path: ":memory:", clock: clock, random: SeededRandomSource(seed: 1))
        }

        /// Replays submissions with these payloads.
        func replay(_ conflict: String, _ payloads: [Int]) async throws -> ReplayReport {
            let values = payloads.map {
                #"{"type":"t","payload":\#($0),"unique":{"key":"k","on_conflict":\#(conflict)}}"#
            }
            let archive = Archive(values, at: clock.now())
            return try await IntakeReplay(
                archive, into: store, configuration: QueueConfiguration(), isDry: false, clock: clock
            ).run { _ in }
        }

        var payloads: [String] {
            get async throws { try await tasks.map(\.payload.text) }
        }

        var tasks: [TaskRecord] {
            get async throws { try await store.tasks(TaskQuery()).tasks }
        }
    }

    private static let rewriting = [#""replace""#, #""rerun""#, #""debounce","wait":60"#]

    @Test("Into a lost store, tasks replace those before them, once", arguments: rewriting)
    func lost(_ conflict: String) async throws {
        let fixture = try Fixture()
        let report = try await fixture.replay(conflict, [1, 2, 3])
        #expect((report.restored, report.known) == (1, 2))
        #expect(try await fixture.payloads == ["3"])
        let tasks = try await fixture.tasks
        let again = try await fixture.replay(conflict, [1, 2, 3])
        #expect((again.restored, again.known) == (0, 3))
        #expect(try await fixture.tasks == tasks)
    }

    @Test("A task that the store had before is not replaced by an old one", arguments: rewriting)
    func alive(_ conflict: String) async throws {
        let fixture = try Fixture()
        var definition = TaskDefinition(type: "t", payload: RawJSON(trusted: "9"))
        definition.uniqueKey = "k"
        let id = TaskIDGenerator(random: SeededRandomSource(seed: 2)) { fixture.clock.now() }.next()
        _ = try await fixture.store.insert([NewTask(id: id, definition: definition)])
        let tasks = try await fixture.tasks
        let report = try await fixture.replay(conflict, [1, 2])
        #expect((report.restored, report.known) == (0, 2))
        #expect(try await fixture.tasks == tasks)
    }
}
