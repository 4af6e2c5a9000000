import XQueueCore
import XQueueCron

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// The next ticks of a schedule, and when it fires in words.
public struct SchedulePreview: Sendable, Hashable {
    public struct Tick: Sendable, Hashable {
        public let at: Date
        /// The same by the schedule's time zone, such as `2026-03-29T03:00:00+02:00`.
        public let local: String
    }

    /// Ascending; fewer than asked for if it never fires again, as if all its times are skipped when clocks are changed.
    public let ticks: [Tick]
    public let timeZone: String
    /// Such as `at 02:30 every day`.
    public let explanation: String
    /// The same in Chinese.
    public let chineseExplanation: String
    /// The version of the machine's time zones, such as `2026f`; nil if it is not known.
    public let zoneVersion: String?
}

extension TaskManager {
    /// Maximum number of ticks in a preview.
    package static let maxPreviewedTicks = 100

    /// Computes when a schedule would fire, without making one.
    ///
    /// - Parameters:
    ///   - timing: When it fires.
    ///   - name: Its name, which `H` in an expression is derived from.
    ///   - count: How many ticks, from 1 to 100.
    ///   - start: The time after which; nil for now, by the store's clock.
    /// - Throws: ``QueueError/Code/invalidField`` if the timing is invalid, with the field.
    public func previewSchedule(
        _ timing: ScheduleTiming, name: String = "preview", count: Int = 5, after start: Date? = nil
    ) throws(QueueError) -> SchedulePreview {
        guard 1...Self.maxPreviewedTicks ~= count else {
            throw .invalid("count", "must be from 1 to \(Self.maxPreviewedTicks)")
        }
        try TaskSubmission.checkName(name, "name")
        let ticks = try ScheduleTicks(timing, name: name)
        let times = ticks.next(count, after: start.map { Timestamp($0) } ?? storeTime.now())
        return SchedulePreview(
            ticks: times.map { SchedulePreview.Tick(at: $0.date, local: ticks.localText($0)) },
            timeZone: timing.timeZone, explanation: ticks.words(in: .english),
            chineseExplanation: ticks.words(in: .chinese), zoneVersion: ZoneFolder.system.version)
    }
}

extension ScheduleReport {
    /// The schedule's next ticks, and when it fires in words. None while it is paused.
    ///
    /// - Parameter count: How many, from 1 to 100.
    /// - Throws: ``QueueError/Code/invalidField`` if this machine does not know the time zone.
    public func preview(count: Int = 5) throws(QueueError) -> SchedulePreview {
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        let first = nextAt.map { Timestamp($0) }
        let left = schedule.maxRuns.map { max($0 - activity.fired, 0) } ?? count
        let times = first.map { [$0] + ticks.next(max(count, 1) - 1, after: $0) }?.prefix(left) ?? []
        return SchedulePreview(
            ticks: times.filter { !schedule.isOver(at: $0) }.map {
                SchedulePreview.Tick(at: $0.date, local: ticks.localText($0))
            },
            timeZone: schedule.timing.timeZone, explanation: ticks.words(in: .english),
            chineseExplanation: ticks.words(in: .chinese), zoneVersion: ZoneFolder.system.version)
    }
}
