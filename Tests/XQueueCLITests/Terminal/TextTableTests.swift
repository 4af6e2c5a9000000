import Foundation
import Testing
import XQueueClient

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
    func truncatedTextEndsInAnEllipsis(text: String, width: Int, fitted: String) {
        #expect(text.fitted(to: width) == fitted)
        #expect(text.fitted(to: width).displayWidth <= width)
    }

    @Test(
        arguments: [
            ("billing.invoice", 10, "billi…oice"), ("billing.refund", 10, "billi…fund"), ("mail", 4, "mail"),
            ("缩略图缩略图", 7, "缩略…图"), ("abcdef", 2, "a…"), ("abcdef", 1, "…"),
        ])
    func namesAreTruncatedInTheMiddle(text: String, width: Int, fitted: String) {
        #expect(text.fittedInTheMiddle(to: width) == fitted)
        #expect(text.fittedInTheMiddle(to: width).displayWidth <= width)
    }

    @Test func tablesFitEightyColumns() throws {
        let task = { (priority: Int, error: String) in
            """
            {"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","type":"billing.invoice.send","status":"processing",\
            "priority":\(priority),"attempt":12,"progress":50,"progress_message":"\(error)","max_retry":3,\
            "queue_timeout":0,"process_timeout":0,"retry_count":0,"errors":[],"version":2,"retry_policy":\
            {"strategy":"fixed","delay":1,"max_delay":1,"jitter":0},"created_at":"2026-01-01T00:00:00.000Z",\
            "updated_at":"2026-01-01T00:00:00.000Z","run_at":"2026-01-01T00:00:00.000Z"}
            """
        }
        let type = { (name: String, limit: String, count: Int) in
            """
            {"type":"\(name)","has_handler":true,"paused":true,"max_concurrency":\(limit),"pending":1234567,\
            "processing":\(count),"success":1234567,"failed":\(count),"canceled":\(count),"timeout":\(count)}
            """
        }
        let node = """
            {"id":"a-host-with-a-long-name-1-ab12cd34","host":"a-host-with-a-long-name","version":"10.20.30",\
            "roles":["api","worker"],"types":["billing.invoice"],"capacity":1000,"running":1000,"stuck":1,\
            "started_at":"2026-01-01T00:00:00.000Z","last_seen_at":"2026-01-01T00:00:00.000Z"}
            """
        func decoded<Value: Decodable>(_ texts: String...) throws -> [Value] {
            try texts.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
        }
        let tables = [
            ListCommand.table(try decoded(task(0, ""), task(0, "page 4 of 10")), isTerminal: true),
            ListCommand.table(
                try decoded(task(-2_000_000_000, "a rather long explanation of it")), isTerminal: true),
            QueueType.table(
                try decoded(type("billing.invoice", "null", 0), type("billing.refund", "12", 0))),
            QueueType.table(try decoded(type("billing.invoice", "1000", 99_999))),
            QueueWorker.table(try decoded(node), isTerminal: true),
        ]
        for table in tables {
            let lines = table.lines(isTerminal: true, width: 80)
            for line in lines { #expect(line.displayWidth <= 80, "\(line)") }
            // Truncated names must remain distinguishable.
            #expect(Set(lines).count == lines.count)
            #expect(lines.allSatisfy { !$0.isEmpty })
            #expect(
                table.lines(isTerminal: false, width: 80).allSatisfy {
                    $0.split(
                        separator: "\t", omittingEmptySubsequences: false
                    ).count == table.columns.count
                })
        }
    }

    @Test func columnsWithoutInformationAreRemovedFirst() {
        var table = TextTable([
            .init(head: "NAME"), .init(head: "ONE", leaves: 2), .init(head: "TWO", leaves: 1),
            .init(head: "THREE"),
        ])
        table.rows = [["mail", "7", "-", "3"]]
        #expect(table.lines(isTerminal: true, width: 21) == ["NAME  ONE  TWO  THREE", "mail  7    -    3"])
        #expect(table.lines(isTerminal: true, width: 20) == ["NAME  ONE  THREE", "mail  7    3"])
        #expect(table.lines(isTerminal: true, width: 12) == ["NAME  THREE", "mail  3"])
        #expect(table.lines(isTerminal: false, width: 12) == ["mail\t7\t-\t3"])
    }

    private var table: TextTable {
        var table = TextTable([
            .init(head: "TYPE", least: 6), .init(head: "COUNT", isOnRight: true),
            .init(head: "NOTE", least: 4),
        ])
        table.rows = [["缩略图", "7", "disk\nfull"], ["mail", "1234", "a rather long explanation of it"]]
        return table
    }

    @Test func columnsAreAlignedUnderTheHeader() {
        #expect(
            table.lines(isTerminal: true, width: 80) == [
                "TYPE    COUNT  NOTE", "缩略图      7  disk full",
                "mail     1234  a rather long explanation of it",
            ])
    }

    @Test func theLastColumnIsTruncatedFirst() {
        #expect(
            table.lines(isTerminal: true, width: 24) == [
                "TYPE    COUNT  NOTE", "缩略图      7  disk full", "mail     1234  a rather…",
            ])
        for width in [19, 24, 30, 60] {
            for line in table.lines(isTerminal: true, width: width) { #expect(line.displayWidth <= width) }
        }
    }

    @Test func aProgramGetsEverythingSeparatedByTabs() {
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
