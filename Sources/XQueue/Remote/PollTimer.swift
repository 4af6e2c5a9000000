import Synchronization
import XQueueCore

/// Ends polls whose time is up. One sleep serves all of them, since most are answered long before.
final class PollTimer: Sendable {
    private struct State {
        var polls: [Int: (poll: LeasePoll, deadline: MonotonicInstant)] = [:]
        var isRunning = false
        /// When the sleep ends.
        var wakesAt = MonotonicInstant(nanoseconds: 0)
    }

    private let clock: any QueueClock
    /// Signaled when the sleep must end earlier.
    private let wakeUp = AsyncEvent()
    private let state = Mutex(State())

    init(_ clock: any QueueClock) {
        self.clock = clock
    }

    /// Ends a poll at `deadline` unless it is removed before.
    func add(_ poll: LeasePoll, _ number: Int, until deadline: MonotonicInstant) {
        let (starts, isEarlier) = state.withLock { state in
            state.polls[number] = (poll, deadline)
            let starts = !state.isRunning
            let isEarlier = starts || deadline < state.wakesAt
            state.isRunning = true
            if isEarlier { state.wakesAt = deadline }
            return (starts, isEarlier)
        }
        if starts {
            // Ends once it wakes and no poll is left.
            Task { await self.run() }
        } else if isEarlier {
            wakeUp.signal()
        }
    }

    func remove(_ number: Int) {
        state.withLock { _ = $0.polls.removeValue(forKey: number) }
    }

    /// Ends all polls, and the sleep.
    func stop() {
        let polls = state.withLock { state in
            defer { state.polls = [:] }
            return state.polls.values.map(\.poll)
        }
        for poll in polls { poll.expire() }
        wakeUp.signal()
    }

    private func run() async {
        var isOver = false
        while !isOver {
            await wakeUp.wait(until: state.withLock { $0.wakesAt }, clock: clock)
            let due = state.withLock { state in
                let now = clock.instant()
                let due = state.polls.filter { $0.value.deadline <= now }
                for number in due.keys { state.polls[number] = nil }
                let next = state.polls.values.map(\.deadline).min()
                state.wakesAt = next ?? now
                isOver = next == nil
                state.isRunning = !isOver
                return due.values.map(\.poll)
            }
            for poll in due { poll.expire() }
        }
    }
}
