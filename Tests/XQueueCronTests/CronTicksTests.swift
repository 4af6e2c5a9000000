import Testing

@testable import XQueueCron

@Suite("Ticks in time zones") struct CronTicksTests {
    /// What a schedule does around a change of the clocks.
    struct Case: Sendable, CustomTestStringConvertible {
        let zone: String
        let cron: String
        /// In UTC.
        let after: String
        let ticks: [String]
        var policy: ClockChangePolicy?

        init(
            _ zone: String, _ cron: String, after: String, _ ticks: [String],
            _ policy: ClockChangePolicy? = nil
        ) {
            (self.zone, self.cron, self.after, self.ticks, self.policy) = (zone, cron, after, ticks, policy)
        }

        var testDescription: String { "\(cron) in \(zone) after \(after)" }
    }

    private static let skip = ClockChangePolicy(gap: .skip, fold: .last)
    private static let both = ClockChangePolicy(gap: .shift, fold: .both)

    @Test(
        "Clocks that are changed neither lose nor repeat a daily tick, and repeating ones follow real time",
        arguments: [
            Case(
                "America/New_York", "30 2 * * *", after: "2026-03-07 12:00",
                ["2026-03-08 07:00", "2026-03-09 06:30"]),
            Case(
                "America/New_York", "*/30 2 * * *", after: "2026-03-07 12:00",
                ["2026-03-09 06:00", "2026-03-09 06:30"]),
            Case(
                "America/New_York", "30 1 * * *", after: "2026-10-31 12:00",
                ["2026-11-01 05:30", "2026-11-02 06:30"]),
            Case(
                "America/New_York", "30 1 * * *", after: "2026-10-31 12:00",
                ["2026-11-01 06:30", "2026-11-02 06:30"], skip),
            Case(
                "America/New_York", "30 1 * * *", after: "2026-10-31 12:00",
                ["2026-11-01 05:30", "2026-11-01 06:30", "2026-11-02 06:30"], both),
            Case(
                "America/New_York", "*/30 1 * * *", after: "2026-10-31 12:00",
                [
                    "2026-11-01 05:00", "2026-11-01 05:30", "2026-11-01 06:00", "2026-11-01 06:30",
                    "2026-11-02 06:00",
                ]),
            Case("America/New_York", "30 2 * * *", after: "2026-03-07 12:00", ["2026-03-09 06:30"], skip),
            // Several missed minutes of one gap are one tick, also beside one at its end.
            Case(
                "Europe/Berlin", "10,50 2,3 * * *", after: "2026-03-28 12:00",
                ["2026-03-29 01:00", "2026-03-29 01:10"]),
            Case(
                "Europe/Berlin", "0 2,3 * * *", after: "2026-03-28 12:00",
                ["2026-03-29 01:00", "2026-03-30 00:00"]),
            Case(
                "Africa/Cairo", "0 0 * * *", after: "2025-04-24 12:00",
                ["2025-04-24 22:00", "2025-04-25 21:00"]),
            Case(
                "America/Santiago", "0 0 * * *", after: "2025-09-06 12:00",
                ["2025-09-07 04:00", "2025-09-08 03:00"]),
            Case(
                "America/Sao_Paulo", "0 0 * * *", after: "2018-11-03 12:00",
                ["2018-11-04 03:00", "2018-11-05 02:00"]),
            Case(
                "Australia/Lord_Howe", "15 2 * * *", after: "2025-10-03 20:00",
                ["2025-10-04 15:30", "2025-10-05 15:15"]),
            Case(
                "Australia/Lord_Howe", "45 1 * * *", after: "2026-04-03 20:00",
                ["2026-04-04 14:45", "2026-04-05 15:15"]),
            Case(
                "Europe/Dublin", "30 1 * * *", after: "2026-03-28 12:00",
                ["2026-03-29 01:00", "2026-03-30 00:30"]),
            Case(
                "Europe/Dublin", "30 1 * * *", after: "2026-10-24 12:00",
                ["2026-10-25 00:30", "2026-10-26 01:30"]),
            // A day that did not exist.
            Case(
                "Pacific/Apia", "0 12 * * *", after: "2011-12-29 12:00",
                ["2011-12-29 22:00", "2011-12-30 22:00"]),
            Case("UTC", "@hourly", after: "1969-12-31 22:30", ["1969-12-31 23:00", "1970-01-01 00:00"]),
            Case(
                "UTC", "*/20 0 0 * * *", after: "2026-01-01 00:00",
                ["2026-01-01 00:00:20", "2026-01-01 00:00:40"]),
            Case(
                "America/New_York", "30 2 * * *", after: "2090-03-11 12:00",
                ["2090-03-12 07:00", "2090-03-13 06:30"]),
        ])
    func ticks(_ example: Case) throws {
        let ticks = CronTicks(
            try CronExpression(example.cron, name: "a"), in: try ZoneFolder.system.zone(example.zone),
            policy: example.policy)
        var time = try #require(Self.time(example.after))
        for expected in example.ticks {
            time = try #require(ticks.next(after: time))
            #expect(time == Self.time(expected), "expected \(expected)")
        }
    }

    /// Seconds since 1970 of `2026-03-08 07:00`.
    private static func time(_ text: String) -> Int? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count >= 5 else { return nil }
        let day = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).dayNumber
        return day * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + (numbers.count > 5 ? numbers[5] : 0)
    }

    @Test("An expression whose times are all skipped has no ticks, and ends the search")
    func neverInItsZone() throws {
        let zone = try ZoneFolder.system.zone("America/New_York")
        // The second Sunday in March, on which clocks go forward at 2.
        for (cron, policy) in [("*/15 2 * 3 SUN#2", nil), ("30 2 * 3 SUN#2", Self.skip)] {
            let ticks = CronTicks(try CronExpression(cron, name: "a"), in: zone, policy: policy)
            #expect(ticks.next(after: 1_790_000_000) == nil)
        }
        let daily = CronTicks(try CronExpression("@daily", name: "a"), in: zone)
        for time in [Int.max, .min, 1 << 58] { #expect(daily.next(after: time) == nil) }
    }

    @Test("Random expressions tick as a walk over all minutes says", arguments: 0..<60)
    func walked(seed: Int) throws {
        var dice = SplitMix(state: UInt64(seed))
        let name = CronReference.zones.randomElement(using: &dice) ?? "UTC"
        let zone = try ZoneFolder.system.zone(name)
        for _ in 0..<5 {
            let reference = CronReference(zone, &dice)
            // Days around a change of the clocks, or any days.
            let change = zone.segment(at: Int.random(in: 0..<2_500_000_000, using: &dice)).end
            let middle = change < 4_000_000_000 ? change : Int.random(in: 0..<2_000_000_000, using: &dice)
            let start = middle - Int.random(in: 86_400..<4 * 86_400, using: &dice)
            let end = start + 6 * 86_400
            guard let expression = try? CronExpression(reference.text, name: "a") else {
                // It never matches.
                #expect(reference.ticks(after: start, until: end).isEmpty, "\(reference.text)")
                continue
            }
            let ticks = CronTicks(expression, in: zone, policy: reference.policy)
            var (time, found) = (start, [Int]())
            while let next = ticks.next(after: time), next < end {
                found.append(next)
                time = next
            }
            #expect(
                found == reference.ticks(after: start, until: end),
                "\(reference.text) in \(name) after \(start)")
        }
    }
}

@Suite("Expressions in words") struct CronWordsTests {
    @Test(
        "An expression is described",
        arguments: [
            ("*/15 * * * *", "every 15 minutes", "每 15 分钟"), ("30 2 * * *", "at 02:30 every day", "每天 02:30"),
            ("* * * * *", "every minute", "每分钟"), ("*/10 * * * * *", "every 10 seconds", "每 10 秒"),
            ("5 * * * *", "at minute 5 of every hour", "每小时第 5 分钟"),
            ("30 * * * * *", "at second 30 of every minute", "每分钟第 30 秒"),
            ("0 9 * * MON-FRI", "at 09:00 on Monday to Friday", "星期一至星期五 09:00"),
            ("0 9-17 * * *", "every hour from 09:00 to 17:00", "09:00 至 17:00 每小时"),
            ("*/15 9-17 * * *", "every 15 minutes, from 09:00 to 17:59", "09:00 至 17:59，每 15 分钟"),
            ("*/29 * * * *", "at minutes 0, 29 and 58 of every hour", "每小时第 0、29、58 分钟"),
            ("0 0 L * *", "at 00:00 on the last day of the month", "每月最后一天 00:00"),
            ("0 0 13,L * *", "at 00:00 on day 13 and the last day of the month", "每月 13 日和最后一天 00:00"),
            ("0 12 * * FRI#2", "at 12:00 on the second Friday of the month", "每月第 2 个星期五 12:00"),
            ("0 12 13 * FRI", "at 12:00 on day 13 of the month or on Friday", "每月 13 日或星期五 12:00"),
            (
                "0 0 1 1,2 MON", "at 00:00 on day 1 of the month or on Monday, in January and February",
                "1 月、2 月的 1 日或星期一 00:00"
            ),
            ("0 0 1-31 * FRI", "at 00:00 every day", "每天 00:00"),
            ("0 0 13 * 0-6", "at 00:00 every day", "每天 00:00"),
            ("0 0 1 1 *", "at 00:00 on day 1 of the month in January", "1 月 1 日 00:00"),
            ("0 0 * 1 *", "at 00:00 every day in January", "1 月 每天 00:00"),
        ])
    func words(cron: String, english: String, chinese: String) throws {
        let expression = try CronExpression(cron, name: "a")
        #expect(CronWords(expression).text == english)
        #expect(CronWords(expression, in: .chinese).text == chinese)
    }
}
