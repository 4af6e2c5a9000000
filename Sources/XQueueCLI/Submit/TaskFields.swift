import ArgumentParser
import Foundation
import XQueueClient
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
            "A JSON object, or @FILE with one, that handlers and events are given, too; at most 4096 bytes.",
            valueName: "json"))
    var metadata: String?

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
            && uniqueKey == nil && metadata == nil && id == nil && !hasRetryPolicy
    }

    private var hasRetryPolicy: Bool {
        retryStrategy != nil || retryDelay != nil || retryMaxDelay != nil || retryJitter != nil
    }

    /// The task that the options describe.
    ///
    /// - Throws: ``CommandError`` if `--run-at` is no time.
    func submission(type: String, payload: RawJSON?) throws -> Submission {
        var submission = Submission(type: type, payload: payload)
        submission.priority = priority
        submission.maxRetry = maxRetry
        submission.queueTimeout = queueTimeout
        submission.processTimeout = processTimeout
        submission.concurrencyKey = concurrencyKey
        submission.maxConcurrency = maxConcurrency
        submission.delay = delay
        submission.runAt = try runAt.map { text in
            guard let time = RFC3339Reader.timestamp(text) else {
                throw CommandError(.badInput, "--run-at: \(text) is not a time like 2026-01-31T09:30:00Z")
            }
            return time
        }
        submission.uniqueKey = uniqueKey
        submission.metadata = try metadata.map { try PayloadSource.read($0, called: "the metadata") }
        submission.id = id.flatMap { TaskID($0) }
        submission.retryPolicy.strategy = retryStrategy.flatMap {
            RetryPolicy.Strategy(rawValue: $0.rawValue)
        }
        submission.retryPolicy.delay = retryDelay
        submission.retryPolicy.maxDelay = retryMaxDelay
        submission.retryPolicy.jitter = retryJitter
        return submission
    }
}

/// Where a payload comes from: the command line, a file, or standard input.
enum PayloadSource {
    /// The payload `text` names: JSON, `@FILE`, or `-`.
    ///
    /// - Throws: ``CommandError`` if it cannot be read or is not JSON.
    static func read(_ text: String, called name: String = "the payload") throws -> RawJSON {
        do {
            if text == "-" { return try RawJSON(bytes: try FileHandle.standardInput.readToEnd() ?? Data()) }
            if text.hasPrefix("@") { return try RawJSON(bytes: try contents(of: String(text.dropFirst()))) }
            return try RawJSON(text)
        } catch let error as JSONSyntaxError {
            let place = text == "-" ? "standard input" : text.hasPrefix("@") ? String(text.dropFirst()) : nil
            let hint = place == nil ? "; a string needs its quotes: '\"text\"'" : ""
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
