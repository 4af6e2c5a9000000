public import Testing

/// Waits until a condition holds, for what happens in its own time, such as the work of another process.
///
/// - Parameters:
///   - limit: Maximum time to wait before the test fails. Generous: only a failure takes so long, and the machine may be
///     busy.
///   - what: What is waited for, for the message.
///   - sourceLocation: Where the failure is reported.
///   - condition: What must hold; asked every few milliseconds.
/// - Throws: ``NotInTime`` after `limit`, and what `condition` throws.
public func eventually(
    within limit: Duration = .seconds(180), _ what: Comment,
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("timed out after \(limit): \(what)", sourceLocation: sourceLocation)
            throw NotInTime()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A condition did not come to hold in time.
public struct NotInTime: Error {}
