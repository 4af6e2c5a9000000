import Testing

@testable import XQueueCore

@Suite("RFC 3339 times") struct RFC3339ReaderTests {
    @Test("Times round-trip") func roundTrip() {
        // Steps of about 110 days with odd milliseconds, from year 0 to 9999.
        for milliseconds in stride(from: -62_167_219_200_000, through: 253_402_300_799_999, by: 9_504_610_003)
        {
            let time = Timestamp(milliseconds: Int64(milliseconds))
            #expect(RFC3339Reader.timestamp(time.rfc3339) == time)
        }
    }

    @Test(
        "Anything but an exact time is rejected",
        arguments: [
            "", "2026", "2026-01-31", "2026-01-31T09:30Z", "2026-01-31T09:30:00", "2026-01-31 09:30:00Z",
            "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00+0800",
            "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+08:60", "2026-01-01T00:00:00Zx",
            " 2026-01-01T00:00:00Z", "26-01-01T00:00:00Z", "+2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z",
            "２026-01-01T00:00:00Z",
        ])
    func refused(text: String) {
        #expect(RFC3339Reader.timestamp(text) == nil)
    }

    @Test("Leap days are valid") func leapDays() {
        #expect(RFC3339Reader.timestamp("2024-02-29T00:00:00Z")?.rfc3339 == "2024-02-29T00:00:00.000Z")
        #expect(RFC3339Reader.timestamp("2000-02-29T23:00:00-01:00")?.rfc3339 == "2000-03-01T00:00:00.000Z")
    }
}
