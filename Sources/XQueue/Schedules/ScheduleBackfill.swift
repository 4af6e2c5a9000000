public import XQueueCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A tick of the past, and its task.
public struct BackfilledTick: Sendable, Hashable {
    public let tick: Date
    /// The same by the schedule's time zone.
    public let local: String
    public let taskID: TaskID
    /// Whether its task did not exist before.
    public let isNew: Bool
}

/// Submits the tasks of ticks of the past.
struct ScheduleBackfill: Sendable {
    /// Maximum number of ticks of one call.
    static let maxTicks = 1000
    /// How many tasks are submitted at once.
    private static let batch = 100

    let store: any Store
    let metrics: QueueMetrics

    func run(
        _ name: String, from start: Timestamp, to end: Timestamp, isDryRun: Bool
    ) async throws(QueueError) -> [BackfilledTick] {
        let record = try await QueueError.wrapping { () async throws(StoreError) in
            try await store.schedule(name)
        }
        guard let record else { throw ScheduleEditor.noSchedule(name) }
        let stored = try StoredSchedule(record)
        let ticks = try ScheduleTicks(stored.schedule.timing, name: name)
        let times = ticks.next(Self.maxTicks + 1, after: start + .milliseconds(-1)).prefix { $0 < end }
        guard times.count <= Self.maxTicks else {
            throw .invalid("to", "must not be after more than \(Self.maxTicks) ticks")
        }
        var tasks: [NewTask] = []
        var previous: Timestamp?
        for tick in times {
            tasks.append(stored.task(tick, after: previous, isLate: true))
            previous = tick
        }
        let isNew = try await QueueError.wrapping { () async throws(StoreError) in
            isDryRun ? try await look(tasks) : try await submit(tasks)
        }
        return zip(zip(times, tasks), isNew).map { pair, isNew in
            BackfilledTick(
                tick: pair.0.date, local: ticks.localText(pair.0), taskID: pair.1.id, isNew: isNew)
        }
    }

    private func look(_ tasks: [NewTask]) async throws(StoreError) -> [Bool] {
        var isNew: [Bool] = []
        for task in tasks { isNew.append(try await store.task(task.id) == nil) }
        return isNew
    }

    private func submit(_ tasks: [NewTask]) async throws(StoreError) -> [Bool] {
        var isNew: [Bool] = []
        for first in stride(from: 0, to: tasks.count, by: Self.batch) {
            let batch = Array(tasks[first..<min(first + Self.batch, tasks.count)])
            let outcomes = try await store.insert(batch)
            metrics.inserted(batch, outcomes)
            for outcome in outcomes {
                if case .inserted = outcome { isNew.append(true) } else { isNew.append(false) }
            }
        }
        return isNew
    }
}
