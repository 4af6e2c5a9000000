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
    /// Something may have become ready since the last claim began, also if that is for all polls of the line.
    var isSignaled = false

    var hasWaiting: Bool { !waiting.isEmpty }
    var isEmpty: Bool { waiting.isEmpty && claiming == 0 }
    /// The number of the poll that has waited longest.
    var first: Int? { waiting.first?.number }

    mutating func add(_ entry: LeaseEntry) {
        waiting.append(entry)
    }

    /// Removes a poll unless a claim is under way for it.
    mutating func remove(_ entry: LeaseEntry) {
        // Those a claim finds nothing for go back to their places, so the polls are in the order of their numbers.
        var (low, high) = (0, waiting.count)
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].number < entry.number { low = middle + 1 } else { high = middle }
        }
        if low < waiting.count, waiting[low].number == entry.number { waiting.remove(at: low) }
    }

    mutating func removeAll() {
        waiting = []
    }

    /// Takes the polls that the next claim serves.
    ///
    /// - Parameters:
    ///   - limit: Maximum number of polls.
    ///   - tasks: How many tasks they may request together.
    ///   - isFirst: Whether the claim has no polls yet: then it serves one, however many tasks that requests.
    mutating func next(atMost limit: Int, tasks: Int, isFirst: Bool) -> [LeaseEntry] {
        var entries: [LeaseEntry] = []
        var left = tasks
        while entries.count < min(width, limit), let entry = waiting.first,
            entry.request.maxTasks <= left || (isFirst && entries.isEmpty)
        {
            waiting.removeFirst()
            guard entry.poll.beginClaim() else { continue }
            entries.append(entry)
            left -= entry.request.maxTasks
        }
        // What found no room in this claim is for the next one.
        if !entries.isEmpty || waiting.isEmpty { isSignaled = false }
        claiming += entries.count
        return entries
    }

    /// Notes what a claim found for each poll it was for.
    mutating func claimed(_ finds: [LeaseFind]) {
        claiming -= finds.count
        // One that has ended meanwhile is not put back: nobody would remove it any more.
        for find in finds.reversed() where find.waits && find.entry.poll.isWaiting {
            waiting.prepend(find.entry)
        }
        if finds.contains(where: \.isDry) {
            width = max(finds.count(where: \.isServed), 1)
        } else {
            width = min(2 * width, Self.maxWidth)
            isSignaled = true
        }
    }
}
