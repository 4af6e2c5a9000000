import ArgumentParser
import XQueueClient
import XQueueCore

/// When a schedule fires.
struct TimingOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Cron expression.", valueName: "expression"))
    var cron: String?

    @Option(
        help: ArgumentHelp("A period instead of an expression, such as 15m.", valueName: "duration"),
        transform: DurationArgument.parse)
    var every: Duration?

    @Option(
        help: ArgumentHelp("How much later than its multiples a period begins.", valueName: "duration"),
        transform: DurationArgument.parse)
    var offset: Duration?

    @Option(help: ArgumentHelp("IANA name, such as Europe/Berlin; default: UTC.", valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "Times that do not exist when clocks are changed: shift or skip. Needs --fold.",
            valueName: "policy"))
    var gap: String?

    @Option(
        help: ArgumentHelp(
            "Times that exist twice when clocks are changed: first, last or both. Needs --gap.",
            valueName: "policy"))
    var fold: String?

    var isEmpty: Bool {
        cron == nil && every == nil && offset == nil && timeZone == nil && gap == nil && fold == nil
    }

    /// - Parameter isPartial: Whether the rule may be that of an existing schedule.
    func check(isPartial: Bool = false) throws {
        if cron != nil, every != nil { throw ValidationError("an expression and --every cannot be combined") }
        if !isPartial, cron == nil, every == nil {
            throw ValidationError("an expression or --every is required")
        }
        if offset != nil, cron != nil || every == nil && !isPartial {
            throw ValidationError("--offset requires --every")
        }
        if (gap == nil) != (fold == nil) { throw ValidationError("--gap and --fold require each other") }
    }

    /// The timing, if it is complete.
    var timing: ScheduleDefinition.Timing {
        let rule =
            every.map { ScheduleDefinition.Timing.Rule.every($0, offset: offset ?? .zero) }
            ?? .cron(cron ?? "")
        var timing = ScheduleDefinition.Timing(rule, timeZone: timeZone)
        if let gap, let fold { timing.clockChanges = .init(gap: gap, fold: fold) }
        return timing
    }

    /// Writes the members that are given.
    ///
    /// - Parameters:
    ///   - writer: An open object.
    ///   - isPartial: Whether to remove what an existing schedule has of the other kind of rule.
    func write(to writer: inout JSONWriter, isPartial: Bool) {
        if let cron {
            writer.member("cron", cron)
            if isPartial {
                writer.member("every", nil as Duration?)
                writer.member("offset", nil as Duration?)
            }
        }
        if let every {
            writer.member("every", every)
            if isPartial {
                writer.member("cron", nil as String?)
                if gap == nil { writer.member("dst", nil as String?) }
            }
        }
        if let offset { writer.member("offset", offset) }
        if let timeZone { writer.member("time_zone", timeZone) }
        if let gap, let fold {
            writer.name("dst")
            writer.object { writer in
                writer.member("gap", gap)
                writer.member("fold", fold)
            }
        }
    }
}

/// A time on the command line.
enum TimeArgument {
    static func parse(_ text: String) throws -> Timestamp {
        guard let time = RFC3339Reader.timestamp(text) else {
            throw ValidationError("\(text) is not a time like 2026-03-28T00:00:00Z")
        }
        return time
    }
}
