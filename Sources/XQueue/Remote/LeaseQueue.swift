import DequeModule

/// The polls that wait for tasks of the same types, and the claims that are made for them.
///
/// A ring leads to one claim, for the poll that has waited longest. Only a claim that may have left tasks
/// behind is followed by another, and lets one more run beside it: a thousand polls cost a lone task one
/// claim, and a thousand tasks find their polls quickly.
struct LeaseQueue {
    struct Entry {
        let request: LeaseRequest
        let poll: LeasePoll
    }

    /// The most claims at once.
    private static let maxClaims = 32

    private var waiting: Deque<Entry> = []
    private var claims = 0
    /// Something may have become ready since the last claim began.
    private var isRung = false

    var isEmpty: Bool { waiting.isEmpty && claims == 0 }
    var hasWaiting: Bool { !waiting.isEmpty }

    mutating func add(_ entry: Entry) {
        waiting.append(entry)
    }

    mutating func remove(_ poll: LeasePoll) {
        waiting.removeAll { $0.poll === poll }
    }

    /// Answers whether a claimer is to be started.
    mutating func ring() -> Bool {
        guard claims == 0 else {
            isRung = true
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
                isRung = false
                return entry
            }
        }
        claims -= 1
        return nil
    }

    /// A claim found nothing for `entry`, whose poll goes on waiting if it is given. Answers whether the
    /// claimer goes on.
    mutating func foundNothing(_ entry: Entry?) -> Bool {
        if let entry { waiting.prepend(entry) }
        if !isRung { claims -= 1 }
        return isRung
    }

    enum Step {
        case stop, goOn
        /// Go on, and start another claimer.
        case widen
    }

    /// A claim found tasks, and maybe left some.
    mutating func found(more: Bool) -> Step {
        guard more || isRung else {
            claims -= 1
            return .stop
        }
        guard more, claims < Self.maxClaims, waiting.count > claims else { return .goOn }
        claims += 1
        return .widen
    }

    /// A claim failed: the next ring tries again.
    mutating func failed() {
        claims -= 1
    }

    /// Has nobody wait any more.
    mutating func removeAll() {
        waiting = []
    }
}
