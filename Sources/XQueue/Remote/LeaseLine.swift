import DequeModule

/// A poll in a line, with what it asks for.
struct LeaseEntry: Sendable {
    /// Polls are numbered as they come: the smallest has waited longest.
    let number: Int
    let request: LeaseRequest
    let poll: LeasePoll

    var types: [String] { request.worker.types }

    var share: ClaimShare {
        ClaimShare(workerID: request.worker.name, types: types, count: request.maxTasks)
    }
}

/// What a claim found for a poll.
struct LeaseFind {
    let entry: LeaseEntry
    let isServed: Bool
    /// Whether the poll waits for the next claim.
    let waits: Bool
    /// Whether nothing is left for it, or for another that serves the same types.
    let isDry: Bool
}

/// The polls that wait for the same types.
///
/// How many of them the next claim serves follows from what the last one found. A lone task costs a claim for one poll,
/// however many wait; many tasks reach their polls in few claims.
struct LeaseLine {
    /// Maximum number of polls of one line in a claim.
    private static let maxWidth = 128

    private var waiting: Deque<LeaseEntry> = []
    private var width = 1
    /// Polls that a claim is under way for.
    private var claiming = 0
    /// Something may have become ready since the last claim began.
    var isSignaled = false

    var hasWaiting: Bool { !waiting.isEmpty }
    var isEmpty: Bool { waiting.isEmpty && claiming == 0 }
    /// The number of the poll that has waited longest.
    var first: Int? { waiting.first?.number }

    mutating func add(_ entry: LeaseEntry) {
        waiting.append(entry)
    }

    mutating func remove(_ poll: LeasePoll) {
        waiting.removeAll { $0.poll === poll }
    }

    mutating func removeAll() {
        waiting = []
    }

    /// Takes the polls that the next claim serves, at most `limit`.
    mutating func next(atMost limit: Int) -> [LeaseEntry] {
        isSignaled = false
        var entries: [LeaseEntry] = []
        while entries.count < min(width, limit), let entry = waiting.popFirst() {
            if entry.poll.beginClaim() { entries.append(entry) }
        }
        claiming += entries.count
        return entries
    }

    /// Notes what a claim found for each poll it was for.
    mutating func claimed(_ finds: [LeaseFind]) {
        claiming -= finds.count
        for find in finds.reversed() where find.waits { waiting.prepend(find.entry) }
        if finds.contains(where: \.isDry) {
            width = max(finds.count(where: \.isServed), 1)
        } else {
            width = min(2 * width, Self.maxWidth)
            isSignaled = true
        }
    }

    /// Notes that a claim failed: the next wake-up retries.
    mutating func failed(_ count: Int) {
        claiming -= count
    }
}
