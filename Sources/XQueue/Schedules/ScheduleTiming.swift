package import XQueueCore
package import XQueueCron

/// When a schedule fires.
public struct ScheduleTiming: Sendable, Hashable {
    public enum Rule: Sendable, Hashable {
        /// An expression of five fields, six with seconds first, or a macro such as `@daily`.
        case cron(String)
        /// Again and again, counted from 1970-01-01T00:00:00Z plus `offset`; both in whole seconds, `offset` less than the period.
        case every(Duration, offset: Duration = .zero)
    }

    /// What happens to ticks at wall times that do not exist or exist twice, when clocks are changed.
    public enum ClockChanges: Sendable, Hashable {
        /// What repeats within a day, because its minute or hour begins with `*` or `H/n` or allows every value, follows real time.
        /// Anything else keeps each wall time once: at the end of a gap, and at the first of two occurrences.
        case automatic
        case fixed(Gap, Fold)

        /// For times that do not exist: one tick at the end of the gap, or none.
        public enum Gap: String, Sendable, Hashable, CaseIterable {
            case shift, skip
        }

        /// For times that exist twice.
        public enum Fold: String, Sendable, Hashable, CaseIterable {
            case first, last, both
        }
    }

    public var rule: Rule
    /// An IANA name, such as `Europe/Berlin`. `every` follows real time in all of them.
    public var timeZone = "UTC"
    public var clockChanges = ClockChanges.automatic

    public init(_ rule: Rule) {
        self.rule = rule
    }
}

/// The ticks of a schedule, ready to be computed.
package struct ScheduleTicks: Sendable {
    private enum Source {
        case cron(CronTicks)
        /// In seconds.
        case every(Int, offset: Int)
    }

    /// The first and the last second with a year of four digits in every zone.
    private static let seconds = -62_135_510_400...253_402_214_399
    private let source: Source
    private let zone: ZoneRules

    /// - Parameters:
    ///   - timing: When to fire.
    ///   - name: The schedule's name, which `H` is derived from.
    ///   - zones: The machine's time zones.
    /// - Throws: ``QueueError`` that names the field.
    package init(_ timing: ScheduleTiming, name: String, zones: ZoneFolder = .system) throws(QueueError) {
        do throws(ZoneFolder.Problem) {
            zone = try zones.zone(timing.timeZone)
        } catch {
            throw .invalid("time_zone", error.description)
        }
        switch timing.rule {
        case .cron(let text):
            do throws(CronExpression.Mistake) {
                let expression = try CronExpression(text, name: name)
                source = .cron(CronTicks(expression, in: zone, policy: timing.clockChanges.policy))
            } catch {
                throw .invalid("cron", "is invalid: \(error.description)")
            }
        case .every(let period, let offset):
            guard let seconds = Self.wholeSeconds(period), .seconds(1)...ModelLimits.maxDuration ~= period
            else {
                throw .invalid(
                    "every",
                    "must be a whole number of seconds from 1 to \(ModelLimits.maxDuration.components.seconds)"
                )
            }
            guard let start = Self.wholeSeconds(offset), 0..<seconds ~= start else {
                throw .invalid("offset", "must be a whole number of seconds from 0 to less than `every`")
            }
            source = .every(seconds, offset: start)
        }
    }

    private static func wholeSeconds(_ duration: Duration) -> Int? {
        duration.components.attoseconds == 0 ? Int(duration.components.seconds) : nil
    }

    /// The first tick after `time`; nil for never.
    package func next(after time: Timestamp) -> Timestamp? {
        let seconds = Int(time.milliseconds / 1000) - (time.milliseconds % 1000 < 0 ? 1 : 0)
        guard seconds < Self.seconds.upperBound else { return nil }
        // From here on no sum can overflow.
        let start = max(seconds, Self.seconds.lowerBound)
        let tick: Int?
        switch source {
        case .cron(let ticks): tick = ticks.next(after: start)
        case .every(let period, let offset):
            let passed = start - offset
            let whole = passed / period - (passed % period < 0 ? 1 : 0)
            tick = (whole + 1) * period + offset
        }
        guard let tick, tick <= Self.seconds.upperBound else { return nil }
        return Timestamp(milliseconds: Int64(tick) * 1000)
    }

    /// The next ticks, at most `count`.
    package func next(_ count: Int, after time: Timestamp) -> [Timestamp] {
        Array(
            sequence(state: time) { time in
                guard let next = next(after: time) else { return nil as Timestamp? }
                time = next
                return next
            }.prefix(count))
    }

    /// A time by the schedule's zone, such as `2026-03-29T03:00:00+02:00`.
    package func localText(_ time: Timestamp) -> String {
        let offset = zone.offset(at: Int(time.milliseconds / 1000))
        let wall = Timestamp(milliseconds: time.milliseconds + Int64(offset) * 1000).rfc3339.prefix(19)
        let minutes = abs(offset) / 60
        func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(wall)\(offset < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
    }

    /// When it fires, in words.
    package func words(in language: CronWords.Language) -> String {
        switch source {
        case .cron(let ticks):
            return CronWords(ticks.expression, in: language).text
        case .every(let seconds, let offset):
            let units = [
                (86_400, "day", "天"), (3600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"),
            ]
            let (size, name, chinese) = units.first { seconds % $0.0 == 0 } ?? (1, "second", "秒")
            let count = seconds / size
            switch language {
            case .english:
                let period = count == 1 ? "every \(name)" : "every \(count) \(name)s"
                return offset == 0 ? period : "\(period), \(offset) s later"
            case .chinese:
                let period = count == 1 ? "每\(chinese)" : "每 \(count) \(chinese)"
                return offset == 0 ? period : "\(period)，延后 \(offset) 秒"
            }
        }
    }
}

extension ScheduleTiming.ClockChanges {
    /// nil for automatic.
    fileprivate var policy: ClockChangePolicy? {
        guard case .fixed(let gap, let fold) = self else { return nil }
        let policyForGaps: ClockChangePolicy.Gap =
            switch gap {
            case .shift: .shift
            case .skip: .skip
            }
        let policyForFolds: ClockChangePolicy.Fold =
            switch fold {
            case .first: .first
            case .last: .last
            case .both: .both
            }
        return ClockChangePolicy(gap: policyForGaps, fold: policyForFolds)
    }
}
