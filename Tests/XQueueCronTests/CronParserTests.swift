import Testing

@testable import XQueueCron

@Suite("Cron expressions") struct CronParserTests {
    @Test(
        "What is invalid is rejected with the field's name",
        arguments: [
            ("", nil), ("* * * *", nil), ("* * * * * * *", nil), ("@often", nil), ("@daily 5", nil),
            ("60 * * * *", "minute"), ("-1 * * * *", "minute"), ("*/0 * * * *", "minute"),
            ("*/60 * * * *", "minute"),
            ("1,,2 * * * *", "minute"), ("1- * * * *", "minute"), ("5-1 * * * *", "minute"),
            ("a * * * *", "minute"),
            ("0 24 * * *", "hour"), ("0 H(0-29 * * *", "hour"), ("0 H(5-1) * * *", "hour"),
            ("0 H(0-3)/9 * * *", "hour"),
            ("0 0 0 * *", "day of the month"), ("0 0 1--100000000 * *", "day of the month"),
            ("0 0 LW * *", "day of the month"),
            ("0 0 1 13 *", "month"), ("0 0 1 MÄR *", nil), ("0 0 1 JA *", "month"),
            ("0 0 1 L *", "month"),
            ("0 0 * * 8", "day of the week"), ("0 0 * * FRI#6", "day of the week"),
            ("0 0 * * FRI#", "day of the week"),
            ("0 0 * * L", "day of the week"), ("0 0 * * FRI-MON", "day of the week"),
            ("60 0 0 * * *", "second"),
            ("0 0 30 2 *", nil), ("@daily UTC", nil), ("@every 5m", nil), ("0 0 * * ſun", nil),
            ("10-20/50 * * * *", "minute"), ("10-10/2 * * * *", "minute"), ("0 0 * * */7", "day of the week"),
            ("0 0 ? * *", "day of the month"), ("0 0 1 JANUARY *", "month"), ("0 0 31 2,4,6,9,11 *", nil),
            ("*/1 9999999999999999999 * * *", "hour"),
        ] as [(String, String?)])
    func rejects(text: String, field: String?) {
        let mistake = #expect(throws: CronExpression.Mistake.self) { try CronExpression(text, name: "a") }
        #expect(mistake?.field == field)
        #expect(mistake?.message.isEmpty == false)
    }

    @Test("A long expression is rejected before it is read") func length() {
        #expect(throws: CronExpression.Mistake.self) {
            try CronExpression(String(repeating: "1,", count: 500) + "1 * * * *", name: "a")
        }
    }

    @Test(
        "Names, macros, wrapped weeks and repeated spaces mean the same as numbers",
        arguments: [
            ("@daily", "0 0 * * *"), ("@Weekly", "0 0 * * 0"), ("0 0 * jan-Mar sun", "0 0 * 1-3 0"),
            ("0 0 * * 7", "0 0 * * 0"),
            ("0 0 * * FRI-SUN", "0 0 * * 0,5,6"), ("0 0\n* * *", "0 0 * * *"), ("0 0 * * 0-7", "0 0 * * 0-6"),
            ("0 0 * * 5-7", "0 0 * * 0,5,6"),
            ("  0\t0  *  * *", "0 0 * * *"),
            ("0 0 * * SUN-SAT", "0 0 * * 0-6"), ("5/20 * * * *", "5,25,45 * * * *"),
            ("0 0 * * */2", "0 0 * * 0,2,4,6"),
            ("0 30 9 * * *", "30 9 * * *"),
        ])
    func means(text: String, same: String) throws {
        let (one, other) = (try CronExpression(text, name: "a"), try CronExpression(same, name: "a"))
        var (first, second) = (0, 0)
        for _ in 0..<50 {
            first = try #require(one.next(from: first + 1))
            second = try #require(other.next(from: second + 1))
            #expect(first == second)
        }
    }

    @Test("H picks the same time for a name, spreads names, and stays in its range") func hashes() throws {
        let ticks = try (0..<200).map {
            try #require(try CronExpression("H H * * *", name: "s\($0)").next(from: 0))
        }
        #expect(try CronExpression("H H * * *", name: "s7").next(from: 0) == ticks[7])
        #expect(Set(ticks).count > 150)
        for name in 0..<50 {
            let range = try CronExpression("H(10-19) * * * *", name: "s\(name)")
            #expect(range.minutes.nonzeroBitCount == 1 && 10...19 ~= range.minutes.trailingZeroBitCount)
            #expect(
                try CronExpression("0 0 * * H(FRI-SUN)", name: "s\(name)").weekdays.every & 0b1100001 != 0)
            #expect(try !CronExpression("30 H/23 * * *", name: "n").isRepeating, "one value does not repeat")
            let steps = try CronExpression("H/15 * * * *", name: "s\(name)")
            #expect(steps.minutes.nonzeroBitCount == 4 && steps.isRepeating)
            #expect(try CronExpression("0 0 H * *", name: "s\(name)").days.trailingZeroBitCount <= 28)
        }
    }

    @Test("A restricted day of the month and of the week are alternatives, unless one begins with a star")
    func dayFields() throws {
        // January 2026 begins on a Thursday.
        let either = try CronExpression("0 0 13 * FRI", name: "a").days(in: 1, of: 2026)
        #expect(either == bits(2, 9, 13, 16, 23, 30))
        let both = try CronExpression("0 0 */2 * FRI", name: "a").days(in: 1, of: 2026)
        #expect(both == bits(9, 23))
        let last = try CronExpression("0 0 L * MONL,FRI#1", name: "a").days(in: 1, of: 2026)
        #expect(last == bits(2, 26, 31))
        #expect(try CronExpression("0 0 L 2 *", name: "a").days(in: 2, of: 2028) == bits(29))
    }

    private func bits(_ days: Int...) -> UInt64 { days.reduce(0) { $0 | 1 << UInt64($1) } }

    @Test("A leap day on a given weekday is found up to 40 years ahead, across a century without one")
    func rareDays() throws {
        // Saturday or Sunday: an item that begins with a star joins both day fields.
        let rare = try CronExpression("0 0 29 2 */6", name: "a")
        var time = CivilDate(year: 2072, month: 3, day: 1).dayNumber * CivilDate.secondsPerDay
        for _ in 0..<20 {
            let next = try #require(rare.next(from: time)) / CivilDate.secondsPerDay
            let years =
                CivilDate(dayNumber: time / CivilDate.secondsPerDay).year...CivilDate(dayNumber: next).year
            let leapDays = years.filter(CivilDate.isLeap).map {
                CivilDate(year: $0, month: 2, day: 29).dayNumber
            }
            let expected = leapDays.first {
                $0 * CivilDate.secondsPerDay >= time && [0, 6].contains(CivilDate.weekday($0))
            }
            #expect(next == expected)
            time = (next + 1) * CivilDate.secondsPerDay
        }
    }

    @Test("Dates and day numbers convert both ways") func dates() {
        for number in stride(from: -800_000, through: 3_000_000, by: 97) {
            let date = CivilDate(dayNumber: number)
            #expect(date.dayNumber == number && 1...12 ~= date.month)
            #expect(1...CivilDate.days(inMonth: date.month, of: date.year) ~= date.day)
        }
        #expect(CivilDate.weekday(0) == 4, "1970 began on a Thursday")
    }
}
