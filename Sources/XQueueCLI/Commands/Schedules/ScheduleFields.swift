import ArgumentParser
import XQueueClient
import XQueueCore

/// The fields of a schedule apart from its timing and task, as options.
struct ScheduleFields: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What happens to a tick while the task of an earlier one is unfinished; default: skip.",
            valueName: "policy"))
    var overlap: Overlap?

    @Option(
        name: .customLong("catch-up"),
        help: ArgumentHelp(
            "Which ticks to fire after a downtime; default: last.", valueName: "policy"))
    var catchUp: CatchUp?

    @Option(
        name: .customLong("catch-up-window"),
        help: ArgumentHelp("Maximum age of ticks to catch up with; default: 1d.", valueName: "duration"),
        transform: DurationArgument.parse)
    var catchUpWindow: Duration?

    @Option(
        help: ArgumentHelp(
            "Maximum delay of a tick, fixed by the name, so that many schedules do not fire at once; default: 0s.",
            valueName: "duration"),
        transform: DurationArgument.parse)
    var jitter: Duration?

    @Option(
        name: .customLong("starts-at"),
        help: ArgumentHelp("Earliest tick, such as 2026-06-01T00:00:00Z, or none.", valueName: "time"),
        transform: { try ScheduleBound.parse($0, TimeArgument.parse) })
    var startsAt: ScheduleBound<Timestamp>?

    @Option(
        name: .customLong("ends-at"),
        help: ArgumentHelp("Time from which to fire nothing, or none.", valueName: "time"),
        transform: { try ScheduleBound.parse($0, TimeArgument.parse) })
    var endsAt: ScheduleBound<Timestamp>?

    @Option(
        name: .customLong("max-runs"),
        help: ArgumentHelp(
            "Number of ticks to fire before the schedule ends, from 1, or none.", valueName: "count"),
        transform: { try ScheduleBound.parse($0, CountArgument.parse) })
    var maxRuns: ScheduleBound<Int>?

    @Option(
        name: .customLong("pause-after-failures"),
        help: ArgumentHelp(
            "Pause the schedule after this many failed tasks in a row, 1 to 1000, or none.",
            valueName: "count"),
        transform: { try ScheduleBound.parse($0, CountArgument.parse) })
    var pauseAfterFailures: ScheduleBound<Int>?

    enum Overlap: String, CaseIterable, ExpressibleByArgument {
        case skip, allow, queue
        case cancelRunning = "cancel_running"
    }

    enum CatchUp: String, CaseIterable, ExpressibleByArgument {
        case last, none, all
    }

    var isEmpty: Bool {
        overlap == nil && catchUp == nil && catchUpWindow == nil && jitter == nil && startsAt == nil
            && endsAt == nil && maxRuns == nil && pauseAfterFailures == nil
    }

    /// Writes the members that are given.
    ///
    /// - Parameter writer: An open object.
    func write(to writer: inout JSONWriter) {
        if let overlap { writer.member("overlap", overlap.rawValue) }
        if let catchUp { writer.member("catch_up", catchUp.rawValue) }
        if let catchUpWindow { writer.member("catch_up_window", catchUpWindow) }
        if let jitter { writer.member("jitter", jitter) }
        if let startsAt { writer.member("starts_at", startsAt.value) }
        if let endsAt { writer.member("ends_at", endsAt.value) }
        if let maxRuns { writer.member("max_runs", maxRuns.value) }
        if let pauseAfterFailures { writer.member("pause_after_failures", pauseAfterFailures.value) }
    }
}

/// A bound of a schedule on the command line, which `none` removes.
struct ScheduleBound<Value: Sendable>: Sendable {
    /// Nil for no bound.
    let value: Value?

    static func parse(_ text: String, _ value: (String) throws -> Value) rethrows -> ScheduleBound {
        ScheduleBound(value: text == "none" ? nil : try value(text))
    }
}

/// A positive number on the command line.
enum CountArgument {
    static func parse(_ text: String) throws -> Int {
        guard let count = Int(text), count > 0 else {
            throw ValidationError("\(text) is not a positive number or none")
        }
        return count
    }
}
