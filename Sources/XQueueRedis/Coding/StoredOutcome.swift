#if Redis

import XQueueCore

/// The outcome of an attempt, packed for `settle.lua`: a head, the progress message, and a part by its kind.
enum StoredOutcome {
    static func head<Coder: LayoutCoder>(
        _ coder: inout Coder, _ token: LeaseToken, _ code: OutcomeCode, _ progress: TaskProgress?
    ) throws(StoreError) {
        var token = token.rawValue
        var code = code.rawValue
        var reports = progress != nil
        var percent = progress?.percent ?? 0
        var message = progress?.marked ?? ""
        var length = message.utf8.count
        try coder.integer("ATTEMPT_TOKEN", .uint64, initial: 0, &token)
        try coder.count("OUTCOME_KIND", .uint8, &code)
        try coder.flag("REPORTS", &reports)
        try coder.double("NEW_PERCENT", initial: 0, &percent)
        try coder.count("MESSAGE_LENGTH", .uint16, &length)
        try coder.text(length: length, &message)
    }

    /// - Parameters:
    ///   - coder: Reads or writes the fields.
    ///   - failure: The failure.
    ///   - draw: Random number in 0..<1, for the jitter of the back-off.
    static func failure<Coder: LayoutCoder>(
        _ coder: inout Coder, _ failure: AttemptFailure, draw: Double
    ) throws(StoreError) {
        var kind = failure.kind
        var isPermanent = failure.isPermanent
        var waits = failure.retryAfter != nil
        var wait = Double(failure.retryAfter?.wholeMilliseconds ?? 0)
        var draw = draw
        var message = failure.message
        try coder.code("FAILURE_KIND", &kind)
        try coder.flag("PERMANENT", &isPermanent)
        try coder.flag("WAITS", &waits)
        try coder.double("WAIT", initial: 0, &wait)
        try coder.double("DRAW", initial: 0, &draw)
        try coder.rest(&message)
    }

    static func snooze<Coder: LayoutCoder>(
        _ coder: inout Coder, _ delay: Duration
    ) throws(StoreError) {
        var milliseconds = Double(delay.wholeMilliseconds)
        try coder.double("WAIT", initial: 0, &milliseconds)
    }

    static func pack(_ settlement: Settlement) throws(StoreError) -> [UInt8] {
        var writer = PackedWriter(capacity: 64)
        try head(&writer, settlement.attempt.token, settlement.outcome.code, settlement.progress)
        switch settlement.outcome {
        case .success(let result):
            var text = result?.text ?? ""
            writer.rest(&text)
        case .failure(let reason, let draw): try failure(&writer, reason, draw: draw)
        case .snooze(let delay): try snooze(&writer, delay)
        case .release: break
        }
        return writer.bytes
    }
}

extension AttemptOutcome {
    var code: OutcomeCode {
        switch self {
        case .success: .succeeded
        case .failure: .failed
        case .snooze: .snoozed
        case .release: .released
        }
    }
}

extension TaskProgress {
    /// The message with a leading `=`; empty if there is none.
    var marked: String { message.marked }
}

#endif
