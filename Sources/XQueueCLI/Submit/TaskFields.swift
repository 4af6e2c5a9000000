import ArgumentParser
import Foundation
import XQueueClient
import XQueueCore

/// The fields of a submission as options; omitted ones take the server's defaults.
struct TaskFields: ParsableArguments {
    @OptionGroup var repeatable: RepeatableTaskFields
    @OptionGroup var single: SingleTaskFields

    var isEmpty: Bool { repeatable.isEmpty && single.isEmpty }

    /// Returns the submission that the options describe.
    ///
    /// - Throws: ``CommandError`` if `--run-at` is not a time, or the metadata cannot be read or is not JSON.
    func submission(type: String, payload: RawJSON?) throws -> Submission {
        var submission = try repeatable.submission(type: type, payload: payload)
        submission.delay = single.start.delay
        submission.runAt = try single.start.time()
        submission.id = single.id.flatMap { TaskID($0) }
        return submission
    }
}

/// When a task may run.
struct StartFields: ParsableArguments {
    @Option(
        help: ArgumentHelp("Delay before the task may run.", valueName: "duration"),
        transform: DurationArgument.parse)
    var delay: Duration?

    @Option(
        name: .customLong("run-at"),
        help: ArgumentHelp("Earliest start, such as 2026-01-31T09:30:00Z.", valueName: "time"))
    var runAt: String?

    var isEmpty: Bool { delay == nil && runAt == nil }

    /// The time of `--run-at`.
    ///
    /// - Throws: ``CommandError`` if it is not a time.
    func time() throws -> Timestamp? {
        try runAt.map { text in
            guard let time = RFC3339Reader.timestamp(text) else {
                throw CommandError(.badInput, "--run-at: \(text) is not a time like 2026-01-31T09:30:00Z")
            }
            return time
        }
    }
}

/// The fields that only one task can have.
struct SingleTaskFields: ParsableArguments {
    @OptionGroup var start: StartFields

    @Option(
        help: ArgumentHelp(
            "Task ID of your own (UUIDv7); submitting it again returns the existing task.",
            valueName: "uuid"))
    var id: String?

    var isEmpty: Bool { start.isEmpty && id == nil }
}

/// The fields that many tasks can have, such as those of a schedule.
struct RepeatableTaskFields: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Priority (larger runs first); default: 0.", valueName: "number")
    )
    var priority: Int?

    @Option(
        name: .customLong("max-retry"),
        help: ArgumentHelp("Maximum number of retries.", valueName: "count"))
    var maxRetry: Int?

    @Option(
        name: .customLong("queue-timeout"),
        help: ArgumentHelp("Maximum wait for the first attempt; 0 = no limit.", valueName: "duration"),
        transform: DurationArgument.parse)
    var queueTimeout: Duration?

    @Option(
        name: .customLong("process-timeout"),
        help: ArgumentHelp("Maximum duration of an attempt; 0 = no limit.", valueName: "duration"),
        transform: DurationArgument.parse)
    var processTimeout: Duration?

    @Option(
        name: .customLong("concurrency-key"),
        help: ArgumentHelp(
            "Tasks with the same key share a concurrency limit; default: 1.", valueName: "key"))
    var concurrencyKey: String?

    @Option(
        name: .customLong("max-concurrency"),
        help: ArgumentHelp("Concurrency limit of the key.", valueName: "count"))
    var maxConcurrency: Int?

    @Option(
        help: ArgumentHelp(
            "JSON object (or @FILE) passed to handlers and events along with the task; at most 4096 bytes.",
            valueName: "json"))
    var metadata: String?

    @Option(
        name: .customLong("retry-strategy"),
        help: ArgumentHelp("Growth of the delays between attempts.", valueName: "strategy"))
    var retryStrategy: RetryStrategy?

    @Option(
        name: .customLong("retry-delay"),
        help: ArgumentHelp("First delay between attempts.", valueName: "duration"),
        transform: DurationArgument.parse)
    var retryDelay: Duration?

    @Option(
        name: .customLong("retry-max-delay"),
        help: ArgumentHelp("Maximum delay between attempts.", valueName: "duration"),
        transform: DurationArgument.parse)
    var retryMaxDelay: Duration?

    @Option(
        name: .customLong("retry-jitter"),
        help: ArgumentHelp(
            "Random variation of a delay in either direction, as a fraction from 0 to 1.", valueName: "share")
    )
    var retryJitter: Double?

    enum RetryStrategy: String, CaseIterable, ExpressibleByArgument {
        case exponential, linear, fixed
    }

    var isEmpty: Bool {
        priority == nil && maxRetry == nil && queueTimeout == nil && processTimeout == nil
            && concurrencyKey == nil && maxConcurrency == nil && metadata == nil
            && !hasRetryPolicy
    }

    private var hasRetryPolicy: Bool {
        retryStrategy != nil || retryDelay != nil || retryMaxDelay != nil || retryJitter != nil
    }

    /// Returns the submission that the options describe.
    ///
    /// - Throws: ``CommandError`` if the metadata cannot be read or is not JSON.
    func submission(type: String, payload: RawJSON?) throws -> Submission {
        var submission = Submission(type: type, payload: payload)
        submission.priority = priority
        submission.maxRetry = maxRetry
        submission.queueTimeout = queueTimeout
        submission.processTimeout = processTimeout
        submission.concurrencyKey = concurrencyKey
        submission.maxConcurrency = maxConcurrency
        submission.metadata = try metadata.map { try PayloadSource.read($0, called: "the metadata") }
        submission.retryPolicy.strategy = retryStrategy.flatMap {
            RetryPolicy.Strategy(rawValue: $0.rawValue)
        }
        submission.retryPolicy.delay = retryDelay
        submission.retryPolicy.maxDelay = retryMaxDelay
        submission.retryPolicy.jitter = retryJitter
        return submission
    }
}

/// The source of a payload: the command line, a file, or standard input.
enum PayloadSource {
    /// Returns the payload that `text` specifies: JSON, `@FILE`, or `-`.
    ///
    /// - Throws: ``CommandError`` if it cannot be read or is not JSON.
    static func read(_ text: String, called name: String = "the payload") throws -> RawJSON {
        do {
            if text == "-" { return try RawJSON(bytes: try FileHandle.standardInput.readToEnd() ?? Data()) }
            if text.hasPrefix("@") { return try RawJSON(bytes: try contents(of: String(text.dropFirst()))) }
            return try RawJSON(text)
        } catch let error as JSONSyntaxError {
            let place = text == "-" ? "standard input" : text.hasPrefix("@") ? String(text.dropFirst()) : nil
            let hint = place == nil ? "; a string needs quotes: '\"text\"'" : ""
            throw CommandError(.badInput, "\(place ?? name) is not JSON: \(error)\(hint)")
        }
    }

    private static func contents(of path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandError(.noInput, "cannot read \(path): \(error.localizedDescription)")
        }
    }
}
