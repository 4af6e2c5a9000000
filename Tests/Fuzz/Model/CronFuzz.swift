@testable import XQueueCron

extension FuzzReader {
    /// A schedule's expression. Its ticks ascend, and the text it keeps means the same.
    static let cron = FuzzReader("cron") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let expression = try? CronExpression(text, name: "fuzz")
        else { return false }
        try require(!CronWords(expression).text.isEmpty, "no words for \(expression.text)")
        try require(
            (try? CronExpression(expression.text, name: "fuzz")) == expression, "kept as \(expression.text)")
        // Clocks that are changed may skip all of its times.
        if let zone = try? ZoneFolder.system.zone("America/New_York") {
            let ticks = CronTicks(expression, in: zone)
            let first = ticks.next(after: 1_700_000_000) ?? .max
            try require(first > 1_700_000_000, "\(first)")
        }
        let ticks = CronTicks(expression, in: .utc)
        var time = 1_700_000_000
        for _ in 0..<3 {
            guard let next = ticks.next(after: time) else {
                throw BrokenProperty(description: "\(expression.text) ends after \(time)")
            }
            try require(next > time, "\(next) after \(time)")
            time = next
        }
        return true
    }

    /// A time zone's file.
    static let zoneFile = FuzzReader("zone-file") { bytes in
        guard let file = try? ZoneFile(bytes) else { return false }
        let zone = ZoneRules(file)
        for time in [-1 << 40, -1, 0, 1_700_000_000, 4_000_000_000, 1 << 40] {
            let segment = zone.segment(at: time)
            try require(segment.start <= time && time < segment.end, "\(segment) at \(time)")
            try require(abs(segment.offset) <= ZoneRules.maxOffset, "an offset of \(segment.offset)")
        }
        return true
    }
}
