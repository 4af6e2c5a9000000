import XQueue
import XQueueCore

/// A client that makes a schedule, and pauses it later.
final class Timekeeper: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let plan: PlannedSchedule
    private let cluster: Cluster
    private let dice: Dice

    init(_ plan: PlannedSchedule, _ cluster: Cluster) {
        self.plan = plan
        self.cluster = cluster
        dice = Dice(seed: cluster.plan.orderSeed, "schedule \(plan.number)")
    }

    func run() async {
        await wait(until: plan.madeAt)
        var task = TaskSubmission(type: Plan.tickType)
        task.queueTimeout = .seconds(1)
        var schedule = Schedule(plan.name, ScheduleTiming(.every(.seconds(plan.period))), task)
        schedule.overlap = .allow
        schedule.catchUp = .all
        await cluster.persist(dice) { [schedule] in _ = try await $0.manager.setSchedule(schedule) }
        await wait(until: plan.pausedAt)
        await cluster.persist(dice) { [plan] in _ = try await $0.manager.pauseSchedule(plan.name) }
    }

    private func wait(until time: Duration) async {
        await cluster.scheduler.wait(for: time - .nanoseconds(cluster.scheduler.time))
    }
}
