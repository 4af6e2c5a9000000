/// Waits until a condition holds, by polling.
///
/// - Parameters:
///   - limit: Time limit; generous, since only failures take that long, and the machine may be busy.
///   - what: The awaited condition, for the error message.
///   - condition: Returns whether the condition holds.
/// - Throws: ``NotInTime`` after `limit`, or the error of `condition`.
package func waiting(
    within limit: Duration = .seconds(180), for what: String, until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotInTime(what: what, limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A condition was not met in time.
package struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let limit: Duration

    package var description: String { "timed out after \(limit): \(what)" }
}
