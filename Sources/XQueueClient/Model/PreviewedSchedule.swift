public import XQueueCore

/// The next ticks of a schedule, as computed by a server.
public struct PreviewedSchedule: Sendable, Hashable, Decodable {
    /// A time at which a schedule fires.
    public struct Tick: Sendable, Hashable, Decodable {
        /// The time.
        public let at: Timestamp
        /// The time in the schedule's time zone, with its offset from UTC.
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

    /// The schedule's time zone.
    public let timeZone: String
    /// The version of the server's time zones, such as `2026f`; nil if it is not known.
    public let zoneVersion: String?
    /// When it fires, in words.
    public let explanation: String
    /// The same in Chinese.
    public let chineseExplanation: String
    /// The next ticks, in order.
    public let ticks: [Tick]

    /// Decodes a preview.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        timeZone = try object.value("time_zone")
        zoneVersion = try object.optional("tzdata")
        let words: WireExplanation = try object.value("explain")
        explanation = words.en
        chineseExplanation = words.zh
        ticks = try object.value("next")
    }
}

/// When a schedule fires, in words.
struct WireExplanation: Decodable {
    let en: String
    let zh: String
}
