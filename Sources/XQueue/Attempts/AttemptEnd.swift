package import XQueueCore

/// How an attempt ended, as its worker reports it. ``Attempts`` decides what that means for the task.
package enum AttemptEnd: Sendable, Hashable {
    case success(RawJSON?)
    case failure(AttemptFailure)
    /// Run the task again after a delay, without using up a retry.
    case snooze(Duration)
    /// Return the task unfinished, to run again after a delay, without using up a retry.
    case release(Duration)
}

extension AttemptEnd {
    /// The end of an attempt whose handler has returned.
    ///
    /// - Parameters:
    ///   - result: What it returned or threw.
    ///   - stopReason: Why it was asked to stop, if it was.
    ///   - record: The task as it was claimed.
    ///   - maxResultBytes: Maximum size of a result.
    ///   - random: Source of the retry policy's jitter.
    init(
        of result: Result<RawJSON?, any Error>, stopReason: StopReason?, record: TaskRecord,
        maxResultBytes: Int, random: any RandomSource
    ) {
        switch result {
        case .success(let value):
            if let value, value.text.utf8.count > maxResultBytes {
                self = .failure(
                    AttemptFailure("the result is larger than \(maxResultBytes) bytes", isPermanent: true))
            } else {
                self = .success(value)
            }
        case .failure(let snooze as TaskSnooze):
            self = .snooze(min(max(snooze.delay, .zero), ModelLimits.maxDuration))
        case .failure where stopReason == .shutdown || stopReason == .leaseLost:
            self = .release(.zero)
        case .failure(let error):
            self = .failure(AttemptFailure(error, of: record, random: random))
        }
    }

    /// The end of an attempt whose handler did not stop in time; nil if the attempt is no longer this node's to end.
    ///
    /// - Parameter reason: Why the handler was asked to stop.
    init?(givenUp reason: StopReason?) {
        switch reason {
        case .timedOut, .canceled:
            self = .failure(AttemptFailure("the handler did not stop within its grace period"))
        case .shutdown: self = .release(.zero)
        case .leaseLost, nil: return nil
        }
    }
}

extension AttemptFailure {
    /// The failure that a handler's error means.
    fileprivate init(_ error: any Error, of record: TaskRecord, random: any RandomSource) {
        switch error {
        case let failure as TaskFailure:
            var wait = failure.retryAfter
            if let least = failure.minRetryDelay {
                let retry = record.retryCount + 1
                let usual = wait ?? record.retryPolicy.backOff(retry: retry, draw: random.draw())
                wait = max(least, usual)
            }
            self.init(
                failure.message, isPermanent: failure.isPermanent,
                retryAfter: wait.map { min(max($0, .zero), ModelLimits.maxDuration) })
        case is CancellationError:
            self.init("the handler was canceled")
        default:
            self.init(String(describing: error))
        }
    }
}
