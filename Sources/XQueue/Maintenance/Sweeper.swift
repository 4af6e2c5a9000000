import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Applies what time alone makes due, the moment it is: schedules, queue timeouts, lost leases.
///
/// It rests while another node has the maintenance lease, and looks at once when this node gets it.
final class Sweeper: Sendable {
    /// The longest sleep without a look, in case a signal was lost.
    private static let longestSleep = Duration.seconds(10)

    private let store: any Store
    private let lease: LeaseHolder
    private let configuration: QueueConfiguration
    /// Confirms this node's own attempts, if that is overdue; answers until when all of them are safe.
    private let confirm: @Sendable () async throws(StoreError) -> MonotonicInstant
    private let swept: Counter
    private let context: EngineContext
    private let bell = AsyncEvent()
    /// When the next look is due here: the store says how long that is by its clock, and it is counted from its answer.
    private let nextLook = Mutex<MonotonicInstant?>(nil)

    init(
        store: any Store, lease: LeaseHolder, configuration: QueueConfiguration, context: EngineContext,
        confirm: @escaping @Sendable () async throws(StoreError) -> MonotonicInstant
    ) {
        self.store = store
        self.lease = lease
        self.configuration = configuration
        self.confirm = confirm
        self.context = context
        swept = context.metrics.counter(.tasksSwept)
    }

    /// Runs until the Swift task is canceled.
    func run() async {
        // Before the first look, so that nothing happens unnoticed between the two.
        let signals = store.signals()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listen(to: signals) }
            await self.sweep()
            group.cancelAll()
        }
    }

    /// The lease has become this node's.
    func wake() {
        bell.signal()
    }

    private func listen(to signals: AsyncStream<StoreSignal>) async {
        for await signal in signals {
            guard case .due(let wait) = signal else { continue }
            let time = context.clock.instant() + wait
            let isEarlier = nextLook.withLock { next in
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
                // A node that stood still must not be the one that declares its own attempts lost.
                let safeUntil = try await confirm()
                let limit = configuration.maintenanceBatch
                nextLook.withLock { $0 = nil }
                let result = try await store.sweep(limit: limit, draw: SweepDraw(context.random)) {
                    [context] in
                    safeUntil - context.clock.instant()
                }
                backOff.reset()
                swept.increment(by: result.changed)
                if result.changed >= limit { continue }
                await sleep(atMost: result.nextDueIn)
            } catch {
                context.logger.error(
                    "Due tasks cannot be moved; trying again", metadata: ["error": "\(error)"])
                guard await backOff.wait() else { return }
            }
        }
    }

    /// Sleeps until the next task is due, or an earlier one that a signal told of meanwhile.
    private func sleep(atMost wait: Duration?) async {
        let due = context.clock.instant() + min(wait ?? Self.longestSleep, Self.longestSleep)
        let time = nextLook.withLock { next -> MonotonicInstant in
            let time = min(next ?? due, due)
            next = time
            return time
        }
        guard time > context.clock.instant() else { return }
        await bell.wait(until: time, clock: context.clock)
    }
}
