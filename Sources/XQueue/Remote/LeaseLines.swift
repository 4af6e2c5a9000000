import XQueueCore

/// All polls that wait, by the types they wait for. One claim after another serves them, each as many as it can.
struct LeaseLines {
    /// Maximum number of polls, of tasks and of type names in a claim.
    private static let maxPolls = 256
    private static let maxTasks = 1000
    private static let maxTypes = 1000

    private var lines: [[String]: LeaseLine] = [:]
    private var isClaiming = false

    /// The lists of types that polls wait for, with or without a claim under way for them.
    var waiting: [[String]] { Array(lines.keys) }

    mutating func add(_ entry: LeaseEntry) {
        lines[entry.types, default: LeaseLine()].add(entry)
    }

    mutating func remove(_ entry: LeaseEntry) {
        change(entry.types) { $0.remove(entry) }
    }

    /// Drops all waiting polls.
    mutating func removeAll() {
        for types in lines.keys { change(types) { $0.removeAll() } }
    }

    /// Notes that tasks may have become ready for the polls that wait for `types`. Returns whether to start a claimer.
    mutating func signal(_ types: [String]) -> Bool {
        // A claim under way may have looked before the task was there.
        change(types) { $0.isSignaled = true }
        guard !isClaiming, lines[types]?.hasWaiting == true else { return false }
        isClaiming = true
        return true
    }

    /// The polls to claim for next, in the order in which they came; none ends the claimer.
    mutating func next() -> [LeaseEntry] {
        var round: [LeaseEntry] = []
        var (tasks, types) = (0, 0)
        let signaled = lines.filter { $0.value.isSignaled && $0.value.hasWaiting }
        for list in signaled.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }).map(\.key) {
            let room = min(Self.maxPolls - round.count, max(Self.maxTypes - types, 0) / list.count)
            guard room > 0 || round.isEmpty else { break }
            change(list) { line in
                let entries = line.next(
                    atMost: max(room, 1), tasks: Self.maxTasks - tasks, isFirst: round.isEmpty)
                round += entries
                types += entries.count * list.count
                tasks += entries.reduce(0) { $0 + $1.request.maxTasks }
            }
        }
        isClaiming = !round.isEmpty
        return round.sorted { $0.number < $1.number }
    }

    /// Notes what a claim found for each poll of a round.
    mutating func claimed(_ finds: [LeaseFind]) {
        for (types, finds) in Dictionary(grouping: finds, by: \.entry.types) {
            change(types) { $0.claimed(finds) }
        }
    }

    /// Changes a line in place, and drops it once it is empty.
    private mutating func change(_ types: [String], _ body: (inout LeaseLine) -> Void) {
        guard let place = lines.index(forKey: types) else { return }
        body(&lines.values[place])
        if lines.values[place].isEmpty { lines.remove(at: place) }
    }
}
