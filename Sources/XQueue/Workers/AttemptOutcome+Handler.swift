import XQueueCore

extension AttemptOutcome {
    /// What the end of a handler means for its task, given why the handler was asked to stop, if it was.
    init(
        of result: Result<RawJSON?, any Error>, stopReason: StopReason?, record: TaskRecord,
        maxResultBytes: Int, random: any RandomSource
    ) {
        if stopReason == .timedOut {
            // Whatever it returned came too late.
            self = .failure(.processTimeout(record.processTimeout ?? .zero), draw: random.draw())
            return
        }
        switch result {
        case .success(let value):
            if let value, value.text.utf8.count > maxResultBytes {
                let failure = AttemptFailure(
                    "the result is larger than \(maxResultBytes) bytes", isPermanent: true)
                self = .failure(failure, draw: 0)
            } else {
                self = .success(value)
            }
        case .failure(let snooze as TaskSnooze):
            self = .snooze(min(max(snooze.delay, .zero), ModelLimits.longestDuration))
        case .failure where stopReason == .shutdown || stopReason == .leaseLost:
            self = .release
        case .failure(let error):
            let draw = random.draw()
            self = .failure(AttemptFailure(error, of: record, draw: draw), draw: draw)
        }
    }
}

extension AttemptFailure {
    /// The failure a handler's error stands for.
    init(_ error: any Error, of record: TaskRecord, draw: Double) {
        switch error {
        case let failure as TaskFailure:
            var wait = failure.retryAfter
            if let least = failure.minRetryDelay {
                let retry = record.retryCount + 1
                wait = max(least, wait ?? record.retryPolicy.backOff(retry: retry, draw: draw))
            }
            self.init(
                failure.message, isPermanent: failure.isPermanent,
                retryAfter: wait.map { min(max($0, .zero), ModelLimits.longestDuration) })
        case is CancellationError:
            self.init("the handler was canceled")
        default:
            self.init(String(describing: error))
        }
    }
}
