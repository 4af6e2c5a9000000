import XQueueCore
import XQueueSQLite

extension SettingsTable {
    /// The bounds of the event log.
    static let events: [Setting] = [
        Setting(
            "events.max_count", .integer(10...1_000_000_000), \.store.events.count,
            "How many events are kept, for subscribers and brokers that come back."),
        Setting(
            "events.max_age", .duration(.seconds(1)...ModelLimits.longestDuration), \.store.events.age,
            "How long they are kept."),
    ]
}
