import Synchronization

/// Callers at once, of whom each makes the next call as soon as the last has been answered.
enum Callers {
    /// Makes calls until they have done `count` things, at most `batch` in each, and answers how long each call
    /// took, in nanoseconds.
    ///
    /// - Parameters:
    ///   - progress: Told how many things are done.
    ///   - call: Does so many things, of which the first has that number, from 0.
    static func measure(
        _ callers: Int, doing count: Int, batch: Int = 1, progress: @escaping @Sendable (Int) -> Void,
        _ call: @escaping @Sendable (_ first: Int, _ size: Int) async throws -> Void
    ) async throws -> [Int64] {
        let taken = Counter()
        return try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<callers {
                group.addTask {
                    var latencies: [Int64] = []
                    while true {
                        let end = taken.add(batch)
                        let first = end - batch
                        let size = min(batch, count - first)
                        guard size > 0 else { return latencies }
                        let start = ContinuousClock.now
                        try await call(first, size)
                        latencies.append(start.nanosecondsSince)
                        progress(min(end, count))
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// A number that many may count up.
final class Counter: Sendable {
    private let value = Atomic(0)

    @discardableResult
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }

    @discardableResult
    func add(_ count: Int) -> Int { value.add(count, ordering: .relaxed).newValue }

    /// Sets it, and answers what it was.
    func exchange(_ new: Int) -> Int { value.exchange(new, ordering: .relaxed) }

    var current: Int { value.load(ordering: .relaxed) }
}
