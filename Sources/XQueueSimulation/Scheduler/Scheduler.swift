import CSimulationHooks
import HeapModule

/// Runs everything in a simulation on one thread, one job at a time, in an order that the seed decides; and its time, which
/// passes only when nothing is left to do.
///
/// A job is what the Swift runtime would hand to a thread of its pool: a piece of a Swift task between two suspensions.
final class Scheduler: @unchecked Sendable {
    // Unchecked: confined to the thread that called `capture()`, which every entrance checks.

    /// Time since the start of the simulation, in nanoseconds.
    private(set) var time: Int64 = 0
    /// How many jobs have run.
    private(set) var jobCount = 0
    private var jobsAtThisTime = 0
    private var ready: [UnsafeMutableRawPointer] = []
    private var timers = Heap<Timer>()
    private var actions: [Int: () -> Void] = [:]
    private var lastTimer = 0
    private let dice: Dice

    /// So many jobs at one point in time mean that something runs in circles.
    private static let maxJobsAtOneTime = 200_000

    private struct Timer: Comparable {
        let time: Int64
        /// Decides between timers of the same time.
        let tie: UInt64
        let number: Int

        static func < (lhs: Timer, rhs: Timer) -> Bool {
            (lhs.time, lhs.tie, lhs.number) < (rhs.time, rhs.tie, rhs.number)
        }
    }

    /// Why ``run(until:while:)`` returned.
    enum Pause {
        /// The condition no longer holds.
        case condition
        /// The time is reached.
        case time
        /// Nothing is left to do, now or later.
        case idle
        /// Jobs keep starting each other while no time passes.
        case livelock
    }

    init(seed: UInt64) {
        dice = Dice(seed: seed, "order")
    }

    // MARK: - Jobs

    /// Takes the jobs that this thread enqueues from now on.
    func capture() {
        simulation_capture(
            { context, job in
                Unmanaged<Scheduler>.fromOpaque(context).takeUnretainedValue().ready.append(job)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Ends ``capture()``.
    func release() {
        checkThread()
        simulation_release()
    }

    /// Traps on a thread other than the simulation's: whatever called is not under its control.
    func checkThread() {
        precondition(
            simulation_context() == Unmanaged.passUnretained(self).toOpaque(),
            "called from outside of the simulation's thread")
    }

    /// Runs jobs and lets time pass, until `limit` at the latest.
    ///
    /// - Parameters:
    ///   - limit: The time at which to return.
    ///   - condition: Checked after each job and timer.
    func run(until limit: Int64, while condition: () -> Bool) -> Pause {
        while condition() {
            if !ready.isEmpty {
                guard jobsAtThisTime < Self.maxJobsAtOneTime else { return .livelock }
                runJob()
                continue
            }
            guard let timer = timers.min else { return .idle }
            guard timer.time <= limit else {
                time = max(time, limit)
                return .time
            }
            timers.removeMin()
            guard let action = actions.removeValue(forKey: timer.number) else { continue }
            if timer.time > time { (time, jobsAtThisTime) = (timer.time, 0) }
            action()
        }
        return .condition
    }

    private func runJob() {
        let index = dice.below(ready.count)
        ready.swapAt(index, ready.count - 1)
        let job = ready.removeLast()
        jobCount += 1
        jobsAtThisTime += 1
        simulation_run(job)
    }

    // MARK: - Time

    /// Calls `action` at `time`, or as soon as possible if that has passed. Returns a number for ``cancel(_:)``.
    @discardableResult
    func at(_ time: Int64, _ action: @escaping () -> Void) -> Int {
        checkThread()
        lastTimer += 1
        actions[lastTimer] = action
        timers.insert(Timer(time: max(time, self.time), tie: dice.next(), number: lastTimer))
        return lastTimer
    }

    /// Forgets a timer; does nothing if it has gone off.
    func cancel(_ timer: Int) {
        actions[timer] = nil
    }

    /// Returns after `duration`, even if the Swift task is canceled.
    func wait(for duration: Duration) async {
        checkThread()
        await withCheckedContinuation { continuation in
            at(time + duration.simulated) { continuation.resume() }
        }
    }
}

extension Duration {
    /// The duration in nanoseconds of simulated time.
    var simulated: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
