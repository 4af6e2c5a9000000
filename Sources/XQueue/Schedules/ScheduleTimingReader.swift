package import XQueueCore

/// Reads the fields that say when a schedule fires.
package struct ScheduleTimingReader {
    private var cron: String?
    private var every: Duration?
    private var offset: Duration?
    private var timeZone: String?
    private var clockChanges: ScheduleTiming.ClockChanges?

    package init() {}

    /// Reads a field; returns false if it is none of these.
    package mutating func read(_ member: JSONMember, _ fields: FieldReader) throws(QueueError) -> Bool {
        switch member.name {
        case "cron": cron = try fields.string(member)
        case "every": every = try fields.seconds(member)
        case "offset": offset = try fields.seconds(member)
        case "time_zone": timeZone = try fields.string(member)
        case "dst": clockChanges = try Self.clockChanges(member, fields)
        default: return false
        }
        return true
    }

    /// The fields together.
    package func timing() throws(QueueError) -> ScheduleTiming {
        var timing: ScheduleTiming
        switch (cron, every) {
        case (nil, nil): throw .invalid("cron", "is required, or `every`")
        case (.some, .some): throw .invalid("every", "must not be given beside `cron`")
        case (let cron?, nil):
            guard offset == nil else { throw .invalid("offset", "goes with `every`, not with `cron`") }
            timing = ScheduleTiming(.cron(cron))
        case (nil, let every?):
            guard clockChanges == nil || clockChanges == .automatic else {
                throw .invalid("dst", "goes with `cron`, not with `every`, which follows real time")
            }
            timing = ScheduleTiming(.every(every, offset: offset ?? .zero))
        }
        if let timeZone { timing.timeZone = timeZone }
        if let clockChanges { timing.clockChanges = clockChanges }
        return timing
    }

    /// `"auto"`, or an object with `gap` and `fold`.
    private static func clockChanges(
        _ member: JSONMember, _ fields: FieldReader
    ) throws(QueueError) -> ScheduleTiming.ClockChanges {
        if member.value.string == "auto" { return .automatic }
        guard let members = try? member.value.members() else {
            throw fields.invalid(member, "must be \"auto\" or an object with gap and fold")
        }
        let inner = FieldReader(prefix: "\(fields.prefix)dst.")
        var gap: ScheduleTiming.ClockChanges.Gap?
        var fold: ScheduleTiming.ClockChanges.Fold?
        try inner.each(of: members) { member throws(QueueError) in
            switch member.name {
            case "gap": gap = try inner.choice(member)
            case "fold": fold = try inner.choice(member)
            default: throw inner.unknown(member)
            }
        }
        guard let gap, let fold else { throw fields.invalid(member, "must have both gap and fold") }
        return .fixed(gap, fold)
    }
}

extension FieldReader {
    /// One of the words of an enumeration.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ member: JSONMember) throws(QueueError)
        -> Choice
    {
        if let choice = Choice(rawValue: try string(member)) { return choice }
        let all = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw invalid(member, "must be one of \(all)")
    }
}
