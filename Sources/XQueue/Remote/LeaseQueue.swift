import DequeModule

/// The polls that wait for the same types, and the claims made for them.
///
/// A wake-up leads to one claim, for the poll that has waited longest. Only a claim that may have left tasks
/// behind is followed by another, and lets one more run in parallel: a lone task costs one claim however many
/// polls wait, and many tasks reach their polls quickly.
struct LeaseQueue {
    struct Entry {
        let request: LeaseRequest
        let poll: LeasePoll
    }

    /// Maximum number of concurrent claims.
    private static let maxClaims = 32

    private var waiting: Deque<Entry> = []
    private var claims = 0
    /// Something may have become ready since the last claim began.
    private var isSignaled = false

    var isEmpty: Bool { waiting.isEmpty && claims == 0 }
    var hasWaiting: Bool { !waiting.isEmpty }

    mutating func add(_ entry: Entry) {
        waiting.append(entry)
    }

    mutating func remove(_ poll: LeasePoll) {
        waiting.removeAll { $0.poll === poll }
    }

    /// Returns whether to start a claimer.
    mutating func wake() -> Bool {
        guard claims == 0 else {
            isSignaled = true
            return false
        }
        guard !waiting.isEmpty else { return false }
        claims = 1
        return true
    }

    /// The poll to claim for next; nil ends the claimer.
    mutating func next() -> Entry? {
        while let entry = waiting.popFirst() {
            if entry.poll.beginClaim() {
                isSignaled = false
                return entry
            }
        }
        claims -= 1
        return nil
    }

    /// Notes that a claim found nothing. `entry` is put back if its poll keeps waiting. Returns whether the
    /// claimer continues.
    mutating func foundNothing(_ entry: Entry?) -> Bool {
        if let entry { waiting.prepend(entry) }
        if !isSignaled { claims -= 1 }
        return isSignaled
    }

    enum Step {
        case stop, proceed
        /// Proceed, and start another claimer.
        case widen
    }

    /// Notes that a claim found tasks, and whether it may have left more.
    mutating func found(more: Bool) -> Step {
        guard more || isSignaled else {
            claims -= 1
            return .stop
        }
        guard more, claims < Self.maxClaims, waiting.count > claims else { return .proceed }
        claims += 1
        return .widen
    }

    /// Notes that a claim failed: the next wake-up retries.
    mutating func failed() {
        claims -= 1
    }

    /// Drops all waiting polls.
    mutating func removeAll() {
        waiting = []
    }
}
