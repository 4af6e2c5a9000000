import Testing

@testable import XQueueCLI

/// Human-readable durations and sizes.
@Suite struct SettingTextTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("1.5s", .milliseconds(1500)),
        ("10m", .seconds(600)), ("2h", .seconds(7200)), ("7d", .seconds(604_800)), ("45", .seconds(45)),
        ("0", .zero), ("0.25", .milliseconds(250)), ("1h30m", .seconds(5400)), ("1d12h", .seconds(129_600)),
        ("1m1.5s", .milliseconds(61_500)), ("2m250ms", .milliseconds(120_250)),
        ("1d1h1m1s1ms", .milliseconds(90_061_001)),
    ])
    func readsDurations(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: [
        "", "s", "-1s", "10 m", "10M", ".5s", "5.", "1e3", "0x10", "1..5s", "٣s", "99999999999999999d",
        "30m1h", "1h1h", "1.5h30m", "1h30", "1h 30m", "1h-5m", "h30m", "9007199254740992ms1ms1ms", "1h٣m",
    ])
    func rejectsOtherDurations(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        ("0s", Duration.zero), ("250ms", .milliseconds(250)), ("1m30s", .seconds(90)), ("10m", .seconds(600)),
        ("1d1h", .seconds(90_000)), ("7d", .seconds(604_800)), ("1h30m", .seconds(5400)),
        ("1s500ms", .milliseconds(1500)),
    ])
    func durationsRoundTrip(text: String, duration: Duration) {
        #expect(DurationText.format(duration) == text)
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: [
        ("0", 0), ("512", 512), ("512B", 512), ("64KiB", 65_536), ("64kib", 65_536), ("1MiB", 1 << 20),
        ("2GiB", 2 << 30), ("1KB", 1000), ("3MB", 3_000_000),
    ])
    func readsSizes(text: String, bytes: Int) {
        #expect(ByteSizeText.parse(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "1 MiB", "1XB", "9999999999999GiB"])
    func rejectsOtherSizes(text: String) {
        #expect(ByteSizeText.parse(text) == nil)
    }

    @Test(arguments: [(0, "0"), (512, "512B"), (65_536, "64KiB"), (1 << 20, "1MiB"), (1_000_000, "1000000B")])
    func writesSizes(bytes: Int, text: String) {
        #expect(ByteSizeText.format(bytes) == text)
        #expect(ByteSizeText.parse(text) == bytes)
    }
}
