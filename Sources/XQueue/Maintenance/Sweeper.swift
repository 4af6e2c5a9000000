import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Applies what becomes due with time, as soon as it is: delayed tasks, queue timeouts, lost leases, schedules.
///
/// Idle while another node holds the maintenance lease; sweeps immediately when this node gains it.
final class Sweeper: Sendable {
    /// Maximum sleep between sweeps, in case a signal was lost.
    private static let longestSleep = Duration.seconds(10)

    private let store: any Store
    private let lease: LeaseHolder
    private let configuration: QueueConfiguration
    /// Confirms this node's own attempts if overdue; returns until when none of their leases expires.
    private let confirm: @Sendable () async throws(StoreError) -> MonotonicInstant
    private let schedules: ScheduleFirer
    private let swept: Counter
    private let context: EngineContext
    private let bell = AsyncEvent()
    /// When the next sweep is due: the delay by the store's clock, counted from its answer.
    private let nextSweep = Mutex<MonotonicInstant?>(nil)

    init(
        store: any Store, lease: LeaseHolder, configuration: QueueConfiguration, context: EngineContext,
        confirm: @escaping @Sendable () async throws(StoreError) -> MonotonicInstant
    ) {
        self.store = store
        self.lease = lease
        self.configuration = configuration
        self.confirm = confirm
        self.context = context
        schedules = ScheduleFirer(
            store: store, batch: configuration.maintenanceBatch, gracePeriod: configuration.gracePeriod,
            metrics: ScheduleMetrics(context.metrics), logger: context.logger)
        swept = context.metrics.counter(.tasksSwept)
    }

    /// Runs until the Swift task is canceled.
    func run() async {
        // Before the first sweep, so that nothing is missed in between.
        let signals = store.signals()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listen(to: signals) }
            await self.sweep()
            group.cancelAll()
        }
    }

    /// Called when this node has gained the lease.
    func wake() {
        bell.signal()
    }

    private func listen(to signals: AsyncStream<StoreSignal>) async {
        for await signal in signals {
            guard case .due(let wait) = signal else { continue }
            let time = context.clock.instant() + wait
            let isEarlier = nextSweep.withLock { next in
                if let current = next, current <= time { return false }
                next = time
                return true
            }
            if isEarlier { bell.signal() }
        }
    }

    private func sweep() async {
        var backOff = context.backOff()
        while !Task.isCancelled {
            guard lease.isHeld else {
                await bell.wait()
                continue
            }
            do throws(StoreError) {
                // A node that was suspended must not declare its own attempts lost.
                let safeUntil = try await confirm()
                let limit = configuration.maintenanceBatch
                nextSweep.withLock { $0 = nil }
                let result = try await store.sweep(limit: limit, draw: SweepDraw(context.random)) {
                    [context] in
                    safeUntil - context.clock.instant()
                }
                swept.increment(by: result.changed)
                var nextScheduleIn = result.nextScheduleIn
                if nextScheduleIn == .zero { nextScheduleIn = try await schedules.fire() }
                backOff.reset()
                if result.changed >= limit { continue }
                let waits = [result.nextDueIn, nextScheduleIn].compactMap { $0 }
                await sleep(atMost: waits.min())
            } catch {
                context.logger.error(
                    "Could not sweep due tasks; retrying", metadata: ["error": "\(error)"])
                guard await backOff.wait() else { return }
            }
        }
    }

    /// Sleeps until the next task is due, or an earlier one that a signal announces meanwhile.
    private func sleep(atMost wait: Duration?) async {
        let due = context.clock.instant() + min(wait ?? Self.longestSleep, Self.longestSleep)
        let time = nextSweep.withLock { next -> MonotonicInstant in
            let time = min(next ?? due, due)
            next = time
            return time
        }
        guard time > context.clock.instant() else { return }
        await bell.wait(until: time, clock: context.clock)
    }
}
