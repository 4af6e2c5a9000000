import UnixSignals

/// Work that Ctrl-C, or time, may end before it is done.
enum Interruption {
    enum End: Sendable {
        case done, interrupted, outOfTime
    }

    /// Runs `body` until it is done, the program is asked to stop, or `limit` has passed; then `body` is
    /// canceled, and its end is waited for.
    static func ended(
        by limit: Duration? = nil, _ body: @Sendable @escaping () async throws -> Void
    ) async throws -> End {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await body()
                return .done
            }
            group.addTask {
                for await _ in signals { return .interrupted }
                throw CancellationError()
            }
            if let limit {
                group.addTask {
                    try await Task.sleep(for: limit)
                    return .outOfTime
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .done
        }
    }
}
