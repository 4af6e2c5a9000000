import Foundation
import Testing

@testable import XQueueCLI

struct TextTableTests {
    @Test(
        arguments: [
            ("", 0), ("mail", 4), ("é", 1), ("e\u{301}", 1), ("缩略图", 6), ("カナ", 4), ("ｶﾅ", 2), ("한글", 4),
            ("！", 2), ("🙂", 2), ("👩‍👩‍👧", 2), ("🇨🇳", 2), ("☎\u{FE0F}", 2), ("…", 1), ("a\u{200B}b", 2),
        ])
    func widthsAreThoseOfTerminals(text: String, width: Int) {
        #expect(text.displayWidth == width)
    }

    @Test(
        arguments: [
            ("mail", 4, "mail"), ("mails", 4, "mai…"), ("缩略图", 6, "缩略图"), ("缩略图", 5, "缩略…"),
            ("缩略图", 4, "缩…"), ("缩略图", 1, "…"), ("x", 0, ""),
        ])
    func whatIsCutEndsInThreeDots(text: String, width: Int, fitted: String) {
        #expect(text.fitted(to: width) == fitted)
        #expect(text.fitted(to: width).displayWidth <= width)
    }

    private var table: TextTable {
        var table = TextTable([
            .init(head: "TYPE", least: 6), .init(head: "COUNT", isOnRight: true),
            .init(head: "NOTE", least: 4),
        ])
        table.rows = [["缩略图", "7", "disk\nfull"], ["mail", "1234", "a rather long explanation of it"]]
        return table
    }

    @Test func columnsStandUnderTheirHeads() {
        #expect(
            table.lines(isTerminal: true, width: 80) == [
                "TYPE    COUNT  NOTE", "缩略图      7  disk full",
                "mail     1234  a rather long explanation of it",
            ])
    }

    @Test func theLastColumnIsCutFirst() {
        #expect(
            table.lines(isTerminal: true, width: 24) == [
                "TYPE    COUNT  NOTE", "缩略图      7  disk full", "mail     1234  a rather…",
            ])
        for width in [19, 24, 30, 60] {
            for line in table.lines(isTerminal: true, width: width) { #expect(line.displayWidth <= width) }
        }
    }

    @Test func aProgramGetsAllOfItBetweenTabs() {
        #expect(
            table.lines(isTerminal: false, width: 10) == [
                "缩略图\t7\tdisk full", "mail\t1234\ta rather long explanation of it",
            ])
    }

    @Test func agesAreShort() throws {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let now = try Date("2026-01-02T00:00:00.000Z", strategy: style)
        #expect(Age.text("2026-01-01T23:59:15.000Z", now: now) == "45s")
        #expect(Age.text("2026-01-01T23:00:00.000Z", now: now) == "60m")
        #expect(Age.text("2026-01-01T00:00:00.000Z", now: now) == "24h")
        #expect(Age.text("2025-12-01T00:00:00.000Z", now: now) == "32d")
        #expect(Age.text("2026-01-02T00:10:00.000Z", now: now) == "in 10m")
        #expect(Age.text(nil, now: now) == "-")
        #expect(1_234_567.grouped == "1,234,567")
        #expect((-999).grouped == "-999")
    }
}
