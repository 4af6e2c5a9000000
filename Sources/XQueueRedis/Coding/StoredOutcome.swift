#if Redis

import XQueueCore

/// The end of an attempt, as `settle.lua` takes it.
enum StoredOutcome {
    static func pack(_ settlement: Settlement) -> [UInt8] {
        var writer = PackedWriter(capacity: 64)
        writer.put(settlement.attempt.token.rawValue, width: 8)
        writer.put(settlement.outcome.code.rawValue, width: 1)
        writer.put(settlement.progress == nil ? 0 : 1, width: 1)
        writer.put(settlement.progress?.percent ?? 0)
        let message = settlement.progress?.marked ?? ""
        writer.put(message.utf8.count, width: 2)
        writer.put(message)
        switch settlement.outcome {
        case .success(let result):
            if let result { writer.put(result.text) }
        case .failure(let failure, let draw):
            writer.put(failure.kind.code, width: 1)
            writer.put(failure.isPermanent ? 1 : 0, width: 1)
            writer.put(failure.retryAfter == nil ? 0 : 1, width: 1)
            writer.put(Double(failure.retryAfter?.wholeMilliseconds ?? 0))
            writer.put(draw)
            writer.put(failure.message)
        case .snooze(let delay):
            writer.put(Double(delay.wholeMilliseconds))
        case .release:
            break
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
    /// The message behind a mark of presence; nothing if there is none.
    var marked: String { message.map { "=" + $0 } ?? "" }
}

#endif
