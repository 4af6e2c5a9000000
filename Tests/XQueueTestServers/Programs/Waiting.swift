/// Waits until a condition holds, and asks again and again.
///
/// - Parameters:
///   - limit: How long to wait; generous, since only a failure takes so long, and the machine may be busy.
///   - what: What is waited for, for the message.
///   - condition: Whether it holds now.
/// - Throws: ``NotInTime`` after `limit`, and what `condition` throws.
package func waiting(
    within limit: Duration = .seconds(180), for what: String, until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotInTime(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Something has not happened in time.
package struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let limit: Duration

    package var description: String { "not within \(limit): \(what)" }
}
