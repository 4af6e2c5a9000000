import XQueueCore

extension TaskSubmission {
    /// Returns the task to store for this submission.
    ///
    /// - Parameter newID: Called if the submitter has not chosen an identifier.
    /// - Throws: ``QueueError/Code/invalidField`` with the first invalid field.
    func validated(
        defaults: SubmissionDefaults, newID: () -> TaskID
    ) throws(QueueError) -> NewTask {
        try Self.check(type: definition.type)
        if let id, !id.isVersion7 { throw .invalid("id", "must be a version 7 UUID, or omitted") }
        var definition = definition
        definition.maxRetry = try Self.checked(
            maxRetry ?? defaults.maxRetry, 0...ModelLimits.maxRetry, "max_retry")
        definition.queueTimeout = try Self.timeout(queueTimeout ?? defaults.timeout, "queue_timeout")
        definition.processTimeout = try Self.timeout(processTimeout ?? defaults.timeout, "process_timeout")
        definition.concurrency = try concurrency()
        _ = try Self.checkedKey(uniqueness == nil ? definition.uniqueKey : nil, "unique_key")
        // A rule may also be set as it is.
        if let uniqueness = uniqueness ?? definition.unique.map({ Uniqueness($0) }) {
            definition.unique = try uniqueness.rule(for: definition.payload)
        }
        definition.retryPolicy = try Self.checked(definition.retryPolicy)
        if let metadata = definition.metadata {
            guard metadata.kind == .object else { throw .invalid("metadata", "must be an object") }
            guard metadata.text.utf8.count <= TaskDefinition.maxMetadataBytes else {
                throw .invalid("metadata", "must be at most \(TaskDefinition.maxMetadataBytes) bytes long")
            }
        }
        return NewTask(
            id: id ?? newID(), definition: definition, schedule: try Self.checked(firstSchedule),
            onConflict: uniqueness?.onConflict ?? .returnExisting)
    }

    /// A debounced task waits even if it is the first.
    private var firstSchedule: NewTask.Schedule {
        guard case .debounce(let debounce) = uniqueness?.onConflict, schedule == .now else { return schedule }
        return .after(debounce.wait)
    }

    /// - Throws: ``QueueError/Code/invalidField`` unless `type` is a valid type name.
    static func check(type: String) throws(QueueError) {
        try checkName(type, "type")
    }

    /// - Throws: ``QueueError/Code/invalidField`` unless `name` has the syntax of type names.
    static func checkName(_ name: String, _ field: String) throws(QueueError) {
        guard 1...ModelLimits.typeLength ~= name.utf8.count, name.utf8.allSatisfy(isTypeByte) else {
            throw .invalid(
                field, "must be 1 to \(ModelLimits.typeLength) letters, digits, '.', '_', ':' or '-'")
        }
    }

    private static func isTypeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private func concurrency() throws(QueueError) -> ConcurrencyLimit? {
        let key = try Self.checkedKey(concurrencyKey ?? definition.concurrency?.key, "concurrency_key")
        guard let maxConcurrency = maxConcurrency ?? definition.concurrency?.limit else {
            return key.map { ConcurrencyLimit(key: $0, limit: 1) }
        }
        let limit = try Self.checked(maxConcurrency, 1...ModelLimits.maxConcurrency, "max_concurrency")
        return ConcurrencyLimit(key: key ?? definition.type, limit: limit)
    }

    private static func checkedKey(_ key: String?, _ field: String) throws(QueueError) -> String? {
        guard let key else { return nil }
        guard 1...ModelLimits.keyBytes ~= key.utf8.count else {
            throw .invalid(field, "must be 1 to \(ModelLimits.keyBytes) bytes long")
        }
        guard key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .invalid(field, "must not contain control characters")
        }
        return key
    }

    private static func checked(
        _ value: Int, _ range: ClosedRange<Int>, _ field: String
    ) throws(QueueError) -> Int {
        guard range ~= value else {
            throw .invalid(field, "must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func timeout(_ value: Duration, _ field: String) throws(QueueError) -> Duration? {
        let value = try checked(value, field)
        return value == .zero ? nil : value
    }

    private static func checked(_ value: Duration, _ field: String) throws(QueueError) -> Duration {
        guard value >= .zero, value <= ModelLimits.maxDuration else {
            let most = ModelLimits.maxDuration.components.seconds
            throw .invalid(field, "must be 0 to \(most) seconds")
        }
        return .milliseconds(value.wholeMilliseconds)
    }

    private static func checked(_ policy: RetryPolicy) throws(QueueError) -> RetryPolicy {
        var policy = policy
        policy.delay = try checked(policy.delay, "retry_policy.delay")
        policy.maxDelay = try checked(policy.maxDelay, "retry_policy.max_delay")
        guard 0...1 ~= policy.jitter else { throw .invalid("retry_policy.jitter", "must be 0 to 1") }
        return policy
    }

    private static func checked(_ schedule: NewTask.Schedule) throws(QueueError) -> NewTask.Schedule {
        switch schedule {
        case .now: return .now
        case .after(let delay): return .after(try checked(delay, "delay"))
        case .at(let time):
            guard time <= ModelLimits.latestTime else {
                throw .invalid("run_at", "must be at most \(ModelLimits.latestTime.rfc3339)")
            }
            return .at(time)
        }
    }
}

/// Identifiers carry their time of creation, by which lists and the queue are ordered.
extension TaskID {
    /// Whether it is dated further ahead of `now`, the time by the queue's clock, than a caller's clock may be.
    func isTooFarAhead(of now: Timestamp) -> Bool { timestamp - now > ModelLimits.maxIDAhead }

    /// - Parameters:
    ///   - now: The time by the queue's clock.
    ///   - maker: The party whose clock may be wrong: `client`.
    /// - Throws: ``QueueError/Code/invalidField`` if it is dated too far ahead.
    func checkTime(by now: Timestamp, madeBy maker: String) throws(QueueError) {
        guard isTooFarAhead(of: now) else { return }
        throw .invalid(
            "id",
            "is dated \(timestamp.rfc3339), more than a day ahead of the queue's clock (\(now.rfc3339)); "
                + "check the \(maker)'s clock")
    }
}
