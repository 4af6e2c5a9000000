import Testing
import XQueueClient
import XQueueCore

@testable import XQueueCLI

/// How schedules, their ticks and their tasks are shown.
struct ScheduleTextTests {
    private let id = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"

    private func report(
        name: String = "nightly", isPaused: Bool = false, explanation: String = "at 02:30 every day",
        fired: Int = 12
    ) -> String {
        """
        {"name":"\(name)","version":7,"source":"api","cron":"30 2 * * *","time_zone":"Europe/Berlin","dst":"auto",\
        "overlap":"skip","catch_up":"last","catch_up_window":86400,"jitter":0,"starts_at":null,"ends_at":null,\
        "max_runs":null,"pause_after_failures":null,"task":{"type":"billing.report","payload":{"a": 1}},\
        "paused":\(isPaused),"pause_reason":\(isPaused ? "\"a\\nmove\"" : "null"),\
        "created_at":"2026-01-01T00:00:00.000Z",\
        "next_at":\(isPaused ? "null" : "\"2026-03-29T01:00:00.000Z\""),"last_at":"2026-03-28T01:30:00.000Z",\
        "last_task_id":"\(id)","last_status":"success",\
        "counts":{"fired":\(fired),"late":1,"skipped":3,"missed":2},\
        "runs":[{"tick":"2026-03-28T01:30:00.000Z","task_id":"\(id)","status":"success"},\
        {"tick":"2026-03-27T01:30:00.000Z","task_id":"\(id)","status":null}],"tzdata":"2026f",\
        "explain":{"en":"\(explanation)","zh":""},\
        "next":[\(isPaused ? "" : "{\"at\":\"2026-03-29T01:00:00.000Z\",\"local\":\"2026-03-29T03:00:00+02:00\"}")]}
        """
    }

    private func schedule(_ text: String) throws -> QueueSchedule {
        try ClientReply<QueueSchedule>(status: 200, text: text).decoded()
    }

    @Test func aProgramGetsAllColumns() throws {
        let schedules = [try schedule(report()), try schedule(report(isPaused: true, explanation: ""))]
        let lines = QueueSchedule.table(schedules, isTerminal: false).lines(isTerminal: false, width: 80)
        #expect(
            lines == [
                "nightly\tat 02:30 every day (Europe/Berlin)\tbilling.report\t2026-03-29T01:00:00.000Z\t"
                    + "2026-03-28T01:30:00.000Z\tsuccess\t12\t3\t2\t7",
                "nightly\t30 2 * * * (Europe/Berlin)\tbilling.report\tpaused\t2026-03-28T01:30:00.000Z\t"
                    + "success\t12\t3\t2\t7",
            ])
    }

    @Test func theTableFitsEightyColumns() throws {
        let table = QueueSchedule.table(
            [
                try schedule(report(name: "billing.reports.of.the.north", fired: 1_234_567)),
                try schedule(report(name: "billing.reports.of.the.south", isPaused: true)),
            ], isTerminal: true)
        let lines = table.lines(isTerminal: true, width: 80)
        for line in lines { #expect(line.displayWidth <= 80, "\(line)") }
        #expect(Set(lines).count == lines.count)
        #expect(lines.first?.hasPrefix("NAME") == true)
        #expect(lines.last?.contains("paused") == true)
    }

    @Test func anUnknownRuleIsShownAsADash() throws {
        let text = report(explanation: "").replacing(#""cron":"30 2 * * *","#, with: "")
        #expect(try schedule(text).when == "-")
        let every = report(explanation: "").replacing(#""cron":"30 2 * * *""#, with: #""every":900"#)
            .replacing("Europe/Berlin", with: "UTC")
        #expect(try schedule(every).when == "every 15m")
    }

    @Test func aScheduleIsShownInFull() throws {
        let text = try ScheduleSheet.text(report(), isTerminal: false)
        let lines = text.split(separator: "\n")
        #expect(lines.contains("name\tnightly"))
        #expect(lines.contains("when\tat 02:30 every day"))
        #expect(lines.contains("time_zone\tEurope/Berlin"))
        #expect(lines.contains("task\t" + #"{"type":"billing.report","payload":{"a": 1}}"#))
        #expect(lines.contains("ticks\t12 fired, 1 late, 3 skipped, 2 missed"))
        #expect(lines.contains("next\t2026-03-29T03:00:00+02:00\t2026-03-29T01:00:00.000Z"))
        #expect(lines.contains("run\t2026-03-28T01:30:00.000Z\tsuccess\t\(id)"))
        #expect(lines.contains("run\t2026-03-27T01:30:00.000Z\t-\t\(id)"))
        #expect(!text.contains("ends_at"))
        let aligned = try ScheduleSheet.text(report(isPaused: true), isTerminal: true)
        #expect(aligned.contains("pause_reason         a move\n"))
        #expect(aligned.contains("run                  2026-03-27T01:30:00.000Z  -           \(id)\n"))
        #expect(!aligned.contains("\nnext "))
    }

    @Test func aBackfillIsATable() throws {
        let backfill = try ClientReply<ScheduleBackfill>(
            status: 200,
            text: """
                {"dry_run":true,"ticks":[{"tick":"2026-03-29T01:00:00.000Z","local":"2026-03-29T03:00:00+02:00",\
                "task_id":"\(id)","new":true},{"tick":"2026-03-30T00:30:00.000Z",\
                "local":"2026-03-30T02:30:00+02:00","task_id":"\(id)","new":false}]}
                """
        ).decoded()
        #expect(
            backfill.table.lines(isTerminal: false, width: 80) == [
                "2026-03-29T03:00:00+02:00\t2026-03-29T01:00:00.000Z\t\(id)\tnew",
                "2026-03-30T02:30:00+02:00\t2026-03-30T00:30:00.000Z\t\(id)\tknown",
            ])
        for line in backfill.table.lines(isTerminal: true, width: 80) { #expect(line.displayWidth <= 80) }
        #expect(backfill.summary == "1 of 2 would be submitted")
    }

    @Test func aTaskSaysWhichTickSubmittedIt() throws {
        let text = try TaskSheet.text(
            """
            {"id":"\(id)","scheduled":{"schedule":"nightly","tick":"2026-03-28T01:30:00.000Z",\
            "previous_tick":null,"late":true}}
            """, isTerminal: false)
        #expect(text.contains("scheduled\tnightly  2026-03-28T01:30:00.000Z  late\n"))
        #expect(try !TaskSheet.text(#"{"id":"1","scheduled":null}"#, isTerminal: false).contains("scheduled"))
    }

    @Test func ticksAreWatched() throws {
        var board = WatchBoard(isTerminal: false)
        func line(_ outcome: String, count: Int) throws -> String? {
            let event = try #require(
                QueueEvent(
                    json: """
                        {"event":"schedule","cursor":"1-1","task_id":"\(id)","type":"report","schedule":"nightly",\
                        "outcome":"\(outcome)","tick":"2026-03-28T01:30:00.000Z","count":\(count),\
                        "timestamp":"2026-03-28T01:30:01.000Z"}
                        """))
            return board.apply(event)
        }
        let tick = "report\tschedule nightly  tick 2026-03-28T01:30:00.000Z"
        #expect(try line("fired", count: 1) == "2026-03-28T01:30:01.000Z\t\(id)\tfired\t\(tick)")
        #expect(try line("missed", count: 3) == "2026-03-28T01:30:01.000Z\t-\tmissed\t\(tick)  3 ticks")
        #expect(board.lines(width: 80) == [])
        let unknown = try #require(QueueEvent(json: #"{"event":"schedule","cursor":"1-2"}"#))
        #expect(board.apply(unknown) == nil)
    }
}
