import Foundation
import Testing
import XQueueCore
import XQueueTesting

@Suite("Timestamps")
struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_799_999, "2000-02-29T23:59:59.999Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"), (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
        (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"), (-2_203_977_600_000, "1900-02-28T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (Int64.max, "9999-12-31T23:59:59.999Z"), (Int64.min, "0000-01-01T00:00:00.000Z"),
    ])
    func writesRFC3339(_ milliseconds: Int64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func agreesWithFoundationOnRandomTimes() {
        let random = SeededRandomSource(seed: 11)
        var style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        style.timeZone = .gmt
        // From 1601, because Foundation switches to the Julian calendar before 1582.
        let range = (first: Int64(-11_644_473_600_000), length: UInt64(265_046_774_400_000))
        for _ in 0..<5000 {
            let milliseconds = range.first + Int64(random.next() % range.length)
            let seconds = Int64((Double(milliseconds) / 1000).rounded(.down))
            let date = Date(timeIntervalSince1970: Double(seconds))
            let whole = style.format(date).prefix(19)
            let text = Timestamp(milliseconds: milliseconds).rfc3339
            #expect(text.prefix(19) == whole)
            #expect(text.hasSuffix(String(format: ".%03dZ", Int(milliseconds - seconds * 1000))))
        }
    }

    @Test func everyDayFollowsTheOneBefore() {
        var last = ""
        for day in stride(from: Int64(-719_528), through: 2_932_896, by: 97) {
            let text = Timestamp(milliseconds: day * 86_400_000).rfc3339
            #expect(text > last)
            last = text
        }
    }

    @Test func additionSaturates() {
        let late = Timestamp(milliseconds: .max - 5)
        #expect((late + .seconds(1)).milliseconds == .max)
        #expect((Timestamp(milliseconds: .min + 5) + .seconds(-1)).milliseconds == .min)
        #expect((Timestamp(milliseconds: 7) + .microseconds(1999)).milliseconds == 8)
        #expect(Timestamp(milliseconds: 10) - Timestamp(milliseconds: 25) == .milliseconds(-15))
    }

    @Test func durationsBecomeWholeMilliseconds() {
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect(Duration.microseconds(-1500).wholeMilliseconds == -1)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
        #expect(Duration.milliseconds(-250).inSeconds == -0.25)
    }

    @Test func datesAreTimestampsToTheMillisecond() {
        let date = Date(timeIntervalSince1970: 1_767_225_600.1239)
        #expect(Timestamp(date).milliseconds == 1_767_225_600_124)
        #expect(Timestamp(milliseconds: 1_767_225_600_123).date.timeIntervalSince1970 == 1_767_225_600.123)
        #expect(Timestamp(Date(timeIntervalSince1970: -0.0006)).milliseconds == -1)
        for offset in 0..<10_000 {
            let time = Timestamp(milliseconds: 2_150_000_000_000 + Int64(offset))
            #expect(Timestamp(time.date) == time)
        }
        #expect(Timestamp(Date.distantFuture).milliseconds == 64_092_211_200_000)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e300)).milliseconds == .max)
        #expect(Timestamp(Date(timeIntervalSince1970: -.infinity)).milliseconds == .min)
        #expect(Timestamp(Date(timeIntervalSince1970: .nan)).milliseconds == .max)
    }
}
