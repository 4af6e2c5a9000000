public import XQueueCore

extension QueueClient {
    /// Computes when a schedule would fire, without making one.
    ///
    /// - Parameters:
    ///   - timing: When it fires.
    ///   - name: Its name, which `H` in an expression is derived from.
    ///   - count: How many ticks, from 1 to 100.
    ///   - start: The time after which; nil for now.
    /// - Throws: ``QueueClientError``, or `CancellationError`.
    public func previewSchedule(
        _ timing: PreviewedTiming, name: String? = nil, count: Int = 5, after start: Timestamp? = nil
    ) async throws -> PreviewedSchedule {
        try await answer(to: .previewSchedule(timing, name: name, count: count, after: start))
    }
}

/// When a schedule fires, as sent to a server.
public struct PreviewedTiming: Sendable, Hashable {
    public enum Rule: Sendable, Hashable {
        /// An expression of five fields, six with seconds first, or a macro such as `@daily`.
        case cron(String)
        /// A period, counted from 1970 on plus `offset`; both in whole seconds.
        case every(Duration, offset: Duration = .zero)
    }

    public var rule: Rule
    /// An IANA name; nil for UTC.
    public var timeZone: String?
    /// What happens to times that do not exist (`shift` or `skip`), and that exist twice (`first`, `last` or `both`), when
    /// clocks are changed; nil for what suits the expression.
    public var clockChanges: ClockChanges?

    public struct ClockChanges: Sendable, Hashable {
        public var gap: String
        public var fold: String

        public init(gap: String, fold: String) {
            self.gap = gap
            self.fold = fold
        }
    }

    public init(_ rule: Rule, timeZone: String? = nil, clockChanges: ClockChanges? = nil) {
        self.rule = rule
        self.timeZone = timeZone
        self.clockChanges = clockChanges
    }
}

/// The next ticks of a schedule, as returned by a server.
public struct PreviewedSchedule: Sendable, Hashable, Decodable {
    public struct Tick: Sendable, Hashable, Decodable {
        public let at: Timestamp
        /// The same by the schedule's time zone.
        public let local: String

        /// Decodes a tick.
        ///
        /// - Parameter decoder: The decoder to read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            at = try object.time("at")
            local = try object.value("local")
        }
    }

    private struct Words: Decodable {
        let en: String
        let zh: String
    }

    public let timeZone: String
    /// The version of the server's time zones, such as `2026f`; nil if it is not known.
    public let zoneVersion: String?
    /// When it fires, in words.
    public let explanation: String
    /// The same in Chinese.
    public let chineseExplanation: String
    public let ticks: [Tick]

    /// Decodes a preview.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        timeZone = try object.value("time_zone")
        zoneVersion = try object.optional("tzdata")
        let words: Words = try object.value("explain")
        explanation = words.en
        chineseExplanation = words.zh
        ticks = try object.value("next")
    }
}

extension ClientRequest {
    /// `POST /schedules/preview`
    package static func previewSchedule(
        _ timing: PreviewedTiming, name: String?, count: Int, after start: Timestamp?
    ) -> ClientRequest<PreviewedSchedule> {
        var writer = JSONWriter()
        writer.object { writer in
            switch timing.rule {
            case .cron(let text): writer.member("cron", text)
            case .every(let period, let offset):
                writer.member("every", period)
                writer.member("offset", offset)
            }
            writer.member("time_zone", timing.timeZone)
            if let changes = timing.clockChanges {
                writer.name("dst")
                writer.object { writer in
                    writer.member("gap", changes.gap)
                    writer.member("fold", changes.fold)
                }
            }
            writer.member("name", name)
            writer.member("count", count)
            writer.member("after", start)
        }
        return ClientRequest<PreviewedSchedule>(.post, "/schedules/preview", body: writer.text)
    }
}
