import XQueueCore

extension RetryPolicy {
    /// The stored policy; nil for the standard one, which most tasks have.
    var stored: String? {
        guard self != .standard else { return nil }
        var writer = JSONWriter(capacity: 64)
        writer.object { writer in
            writer.member("strategy", strategy.rawValue)
            writer.member("delay", delay.wholeMilliseconds)
            writer.member("max_delay", maxDelay.wholeMilliseconds)
            writer.member("jitter", jitter)
        }
        return writer.text
    }

    init(stored text: String, seq: Int64) throws {
        let members = try storedMembers(text)
        guard let strategy = members["strategy"]?.string.flatMap(Strategy.init(rawValue:)),
            let delay = members["delay"]?.integer, let maxDelay = members["max_delay"]?.integer,
            let jitter = members["jitter"]?.number
        else { throw CorruptRow(seq: seq, column: "retry_policy") }
        self.init(
            strategy: strategy, delay: .milliseconds(delay), maxDelay: .milliseconds(maxDelay),
            jitter: jitter)
    }
}

extension [AttemptError] {
    /// The stored history; nil if it is empty.
    var stored: String? {
        guard !isEmpty else { return nil }
        var writer = JSONWriter(capacity: 256)
        writer.array(self) { writer, error in
            writer.object { writer in
                writer.member("attempt", error.attempt)
                writer.member("kind", error.kind.rawValue)
                writer.member("error", error.message)
                writer.member("worker", error.workerID)
                writer.member("started_at", error.startedAt?.milliseconds)
                writer.member("ended_at", error.endedAt.milliseconds)
            }
        }
        return writer.text
    }

    init(stored text: String, seq: Int64) throws {
        self = try (try RawJSON(text).elements() ?? []).map { element in
            let members = try storedMembers(element.text)
            guard let attempt = members["attempt"]?.integer,
                let kind = members["kind"]?.string.flatMap(AttemptFailure.Kind.init(rawValue:)),
                let message = members["error"]?.string, let endedAt = members["ended_at"]?.integer
            else { throw CorruptRow(seq: seq, column: "errors") }
            return AttemptError(
                attempt: Int(attempt), kind: kind, message: message,
                workerID: members["worker"]?.string,
                startedAt: members["started_at"]?.integer.map { Timestamp(milliseconds: $0) },
                endedAt: Timestamp(milliseconds: endedAt))
        }
    }
}

private func storedMembers(_ text: String) throws -> [String: RawJSON] {
    let members = try RawJSON.members(of: text) ?? []
    return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
}
