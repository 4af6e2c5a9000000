import Testing
import XQueueCore
import XQueueTesting

@testable import XQueue

/// Helpers of the tests of schedules.
enum Schedules {
    /// A schedule of tasks of type `t`, every ten seconds unless configured otherwise.
    static func every(
        _ seconds: Int = 10, _ name: String = "tick", _ configure: (inout Schedule) -> Void = { _ in }
    ) -> Schedule {
        var schedule = Schedule(name, ScheduleTiming(.every(.seconds(seconds))), TaskSubmission(type: "t"))
        configure(&schedule)
        return schedule
    }

    /// How many tasks schedules have submitted to a store.
    static func count(_ store: any Store) async throws -> Int {
        try await store.tasks(TaskQuery(limit: 1)).total
    }

    /// The ticks of all tasks that schedules have submitted, ascending.
    static func ticks(_ manager: TaskManager) async throws -> [Timestamp] {
        try await tasks(manager).compactMap(\.scheduled?.tick)
    }

    /// All tasks that schedules have submitted, in the order of their ticks.
    static func tasks(_ manager: TaskManager) async throws -> [TaskRecord] {
        var tasks: [TaskRecord] = []
        var query = TaskQuery(limit: 1000)
        repeat {
            let page = try await manager.tasks(query)
            tasks += page.tasks
            query.after = page.next
        } while query.after != nil
        return tasks.filter { $0.scheduled != nil }
            .sorted { ($0.scheduled?.tick ?? $0.createdAt) < ($1.scheduled?.tick ?? $1.createdAt) }
    }

    /// `count` times, `seconds` apart, from the first multiple of `seconds` after `start` on.
    static func times(after start: Timestamp, every seconds: Int, _ count: Int) -> [Timestamp] {
        let step = Int64(seconds) * 1000
        let first = (start.milliseconds / step + 1) * step
        return (0..<count).map { Timestamp(milliseconds: first + Int64($0) * step) }
    }
}

extension RuntimeFixture {
    /// Moves the clock to `time`, second by second, and waits each time until what is due has been fired.
    func pass(until time: Timestamp, every step: Duration = .seconds(1)) async throws {
        while clock.now() < time {
            let sleepers = clock.sleeperCount
            clock.advance(by: min(step, time - clock.now()))
            // If the clock ran ahead of a node that gets no processor time, its leases would expire.
            let limit = ContinuousClock.now + .milliseconds(100)
            while clock.sleeperCount < sleepers, ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(1))
            }
            try await settle()
        }
    }

    /// Waits until no schedule is due.
    func settle() async throws {
        try await eventually("nothing is due") {
            if try await store.dueSchedules(limit: 1).schedules.isEmpty { return true }
            // Whoever has to wait for something before it fires.
            clock.advance(by: .milliseconds(10))
            return false
        }
    }
}
