import XQueue
import XQueueCore
import Yams

/// Reads the section `schedules`, such as `nightly: { cron: "30 2 * * *", task: { type: report } }`: the fields of the HTTP
/// API, with durations like `15m`.
struct ScheduleSectionReader {
    private(set) var schedules: [Schedule] = []
    private(set) var problems: [(text: String, node: Node)] = []

    /// Fields of a schedule that are durations.
    private static let durations = ["every", "offset", "catch_up_window", "jitter"]
    /// The same of its task, and of the task's retry policy.
    private static let taskDurations = ["queue_timeout", "process_timeout", "delay", "max_delay"]

    mutating func read(_ node: Node) {
        guard let entries = node.mapping else {
            return add(
                "'schedules' must be a section of schedules, like 'nightly: { cron: …, task: { type: … } }'",
                node)
        }
        for (key, entry) in entries {
            guard let name = key.string else {
                add("a schedule's name must be text", key)
                continue
            }
            do throws(QueueError) {
                var writer = JSONWriter()
                Self.write(entry, durations: Self.durations, to: &writer)
                let schedule = try ScheduleReader.schedule(writer.text, name: name)
                _ = try ScheduleTicks(schedule.timing, name: name)
                schedules.append(schedule)
            } catch {
                add("schedules.\(name): \(error.message)", key)
            }
        }
    }

    /// Writes a node as JSON.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - durations: The members of a mapping that are durations.
    ///   - writer: Where a value is due.
    private static func write(_ node: Node, durations: [String], to writer: inout JSONWriter) {
        switch node {
        case .mapping(let mapping):
            writer.object { writer in
                for (key, value) in mapping {
                    let name = key.string ?? ""
                    writer.name(escaping: name)
                    if durations.contains(name), let text = value.scalar?.string,
                        let duration = SettingKind<Duration>.duration(.zero...ModelLimits.maxDuration).parse(
                            text)
                    {
                        writer.value(duration.inSeconds)
                    } else {
                        // A payload and the like have members of any name.
                        let inner = ["task", "retry_policy"].contains(name) ? taskDurations : []
                        write(value, durations: inner, to: &writer)
                    }
                }
            }
        case .sequence(let sequence):
            writer.array(sequence) { write($1, durations: [], to: &$0) }
        case .scalar(let scalar):
            writer.value(Self.value(scalar))
        case .alias:
            writer.null()
        }
    }

    /// A plain scalar is what JSON would make of it, anything else is text.
    private static func value(_ scalar: Node.Scalar) -> RawJSON {
        let text = scalar.string
        if scalar.style == .plain {
            if ["", "~", "null", "Null", "NULL"].contains(text) { return .null }
            if ["true", "True", "TRUE"].contains(text) { return RawJSON(trusted: "true") }
            if ["false", "False", "FALSE"].contains(text) { return RawJSON(trusted: "false") }
            if let number = try? RawJSON(text), number.kind == .number { return number }
        }
        var writer = JSONWriter()
        writer.value(text)
        return RawJSON(trusted: writer.text)
    }

    private mutating func add(_ text: String, _ node: Node) { problems.append((text, node)) }
}

/// The schedules of a configuration file.
struct FileSchedules: Sendable {
    /// Grows with each change of the section: an older file does not replace what a newer one has set.
    var revision = 0
    var schedules: [Schedule] = []
}
