import Synchronization

/// Concurrent callers, each of which makes its next call as soon as the previous one returns.
enum Callers {
    /// Makes calls until `count` operations are done, at most `batch` per call; returns the duration of each call in
    /// nanoseconds.
    ///
    /// - Parameters:
    ///   - progress: Called with the number of operations done.
    ///   - call: Performs `size` operations starting at index `first`.
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

/// An atomic counter.
final class Counter: Sendable {
    private let value = Atomic(0)

    @discardableResult
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }

    @discardableResult
    func add(_ count: Int) -> Int { value.add(count, ordering: .relaxed).newValue }

    /// Sets the value and returns the previous one.
    func exchange(_ new: Int) -> Int { value.exchange(new, ordering: .relaxed) }

    var current: Int { value.load(ordering: .relaxed) }
}
