import XQueueCore

extension ScheduleDefinition {
    /// When a schedule fires.
    public struct Timing: Sendable, Hashable {
        /// What its ticks are computed from.
        public enum Rule: Sendable, Hashable {
            /// An expression of five fields, six with seconds first, or a macro such as `@daily`.
            case cron(String)
            /// A period, counted from 1970 on plus `offset`; both in whole seconds.
            case every(Duration, offset: Duration = .zero)
        }

        /// What happens to times that do not exist or exist twice when clocks are changed.
        public struct ClockChanges: Sendable, Hashable {
            /// For times that do not exist: `shift` or `skip`.
            public var gap: String
            /// For times that exist twice: `first`, `last` or `both`.
            public var fold: String

            /// Creates a policy.
            ///
            /// - Parameters:
            ///   - gap: For times that do not exist.
            ///   - fold: For times that exist twice.
            public init(gap: String, fold: String) {
                self.gap = gap
                self.fold = fold
            }
        }

        /// What its ticks are computed from.
        public var rule: Rule
        /// An IANA name; nil for UTC.
        public var timeZone: String?
        /// The policy for changes of the clocks; nil for what suits the expression.
        public var clockChanges: ClockChanges?

        /// Creates a timing.
        ///
        /// - Parameters:
        ///   - rule: What its ticks are computed from.
        ///   - timeZone: An IANA name; nil for UTC.
        ///   - clockChanges: The policy for changes of the clocks; nil for what suits the expression.
        public init(_ rule: Rule, timeZone: String? = nil, clockChanges: ClockChanges? = nil) {
            self.rule = rule
            self.timeZone = timeZone
            self.clockChanges = clockChanges
        }
    }
}

extension ScheduleDefinition.Timing {
    /// Writes the members of the timing.
    ///
    /// - Parameter writer: An open object.
    func write(to writer: inout JSONWriter) {
        switch rule {
        case .cron(let text): writer.member("cron", text)
        case .every(let period, let offset):
            writer.member("every", period)
            writer.member("offset", offset)
        }
        if let timeZone { writer.member("time_zone", timeZone) }
        if let clockChanges {
            writer.name("dst")
            writer.object { writer in
                writer.member("gap", clockChanges.gap)
                writer.member("fold", clockChanges.fold)
            }
        }
    }

    /// Returns the timing of a schedule; nil if its rule is of an unknown kind.
    init?(_ object: WireObject) throws {
        if let text: String = try object.optional("cron") {
            rule = .cron(text)
        } else if let period = try object.optionalDuration("every") {
            rule = .every(period, offset: try object.optionalDuration("offset") ?? .zero)
        } else {
            return nil
        }
        timeZone = try object.optional("time_zone")
        clockChanges = try object.optionalJSON("dst").flatMap { try Self.clockChanges($0) }
    }

    /// Returns nil for `"auto"`.
    private static func clockChanges(_ json: RawJSON) throws -> ClockChanges? {
        guard let gap = try json.member("gap")?.string, let fold = try json.member("fold")?.string else {
            return nil
        }
        return ClockChanges(gap: gap, fold: fold)
    }
}
