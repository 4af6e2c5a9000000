import ArgumentParser
import XQueueCore

/// The fields of a submission as options; what is left out takes the server's defaults.
struct TaskFields: ParsableArguments {
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Larger runs first; 0 if not given.", valueName: "number")
    )
    var priority: Int?

    @Option(
        name: .customLong("max-retry"),
        help: ArgumentHelp("How many attempts may follow the first one.", valueName: "count"))
    var maxRetry: Int?

    @Option(
        name: .customLong("queue-timeout"),
        help: ArgumentHelp("How long it may wait for its first attempt; 0 for ever.", valueName: "duration"),
        transform: DurationArgument.parse)
    var queueTimeout: Duration?

    @Option(
        name: .customLong("process-timeout"),
        help: ArgumentHelp("How long an attempt may run; 0 for ever.", valueName: "duration"),
        transform: DurationArgument.parse)
    var processTimeout: Duration?

    @Option(
        name: .customLong("concurrency-key"),
        help: ArgumentHelp(
            "Tasks with the same key share a limit, one at a time unless set.", valueName: "key"))
    var concurrencyKey: String?

    @Option(
        name: .customLong("max-concurrency"),
        help: ArgumentHelp("How many tasks of the key run at once.", valueName: "count"))
    var maxConcurrency: Int?

    @Option(
        help: ArgumentHelp("How long to wait before it may run.", valueName: "duration"),
        transform: DurationArgument.parse)
    var delay: Duration?

    @Option(
        name: .customLong("run-at"),
        help: ArgumentHelp("When it may run, such as 2026-01-31T09:30:00Z.", valueName: "time"))
    var runAt: String?

    @Option(
        name: .customLong("unique-key"),
        help: ArgumentHelp(
            "While a task with this key is unfinished, it answers for this one.", valueName: "key"))
    var uniqueKey: String?

    @Option(
        help: ArgumentHelp(
            "An identifier of your own, a UUID of version 7; submitting it again gives the same task.",
            valueName: "uuid"))
    var id: String?

    @Option(
        name: .customLong("retry-strategy"),
        help: ArgumentHelp("How waits between attempts grow.", valueName: "strategy"))
    var retryStrategy: RetryStrategy?

    @Option(
        name: .customLong("retry-delay"),
        help: ArgumentHelp("The first wait between attempts.", valueName: "duration"),
        transform: DurationArgument.parse)
    var retryDelay: Duration?

    @Option(
        name: .customLong("retry-max-delay"),
        help: ArgumentHelp("The longest wait between attempts.", valueName: "duration"),
        transform: DurationArgument.parse)
    var retryMaxDelay: Duration?

    @Option(
        name: .customLong("retry-jitter"),
        help: ArgumentHelp(
            "By which part a wait is made longer or shorter at random, 0 to 1.", valueName: "share"))
    var retryJitter: Double?

    enum RetryStrategy: String, CaseIterable, ExpressibleByArgument {
        case exponential, linear, fixed
    }

    var isEmpty: Bool {
        priority == nil && maxRetry == nil && queueTimeout == nil && processTimeout == nil
            && concurrencyKey == nil && maxConcurrency == nil && delay == nil && runAt == nil
            && uniqueKey == nil && id == nil && !hasRetryPolicy
    }

    private var hasRetryPolicy: Bool {
        retryStrategy != nil || retryDelay != nil || retryMaxDelay != nil || retryJitter != nil
    }

    /// The body of a submission.
    func submission(type: String, payload: RawJSON?) -> String {
        var writer = JSONWriter(capacity: 512 + (payload?.text.utf8.count ?? 0))
        writer.object { writer in
            writer.member("type", type)
            if let payload { writer.member("payload", payload) }
            if let priority { writer.member("priority", priority) }
            if let maxRetry { writer.member("max_retry", maxRetry) }
            if let queueTimeout { writer.member("queue_timeout", queueTimeout) }
            if let processTimeout { writer.member("process_timeout", processTimeout) }
            if let concurrencyKey { writer.member("concurrency_key", concurrencyKey) }
            if let maxConcurrency { writer.member("max_concurrency", maxConcurrency) }
            if let delay { writer.member("delay", delay) }
            if let runAt { writer.member("run_at", runAt) }
            if let uniqueKey { writer.member("unique_key", uniqueKey) }
            if let id { writer.member("id", id) }
            guard hasRetryPolicy else { return }
            writer.name("retry_policy")
            writer.object { writer in
                if let retryStrategy { writer.member("strategy", retryStrategy.rawValue) }
                if let retryDelay { writer.member("delay", retryDelay) }
                if let retryMaxDelay { writer.member("max_delay", retryMaxDelay) }
                if let retryJitter { writer.member("jitter", retryJitter) }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
