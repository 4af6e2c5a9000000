import Testing
import XQueueClient
import XQueueCore

/// Replies and events of schedules, with and without members that other versions lack or have.
@Suite struct ScheduleDecodingTests {
    private let id = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"

    private func decoded<Answer: Decodable & Sendable>(_ text: String, as _: Answer.Type = Answer.self) throws
        -> Answer
    {
        try ClientReply<Answer>(status: 200, text: text).decoded()
    }

    private func time(_ text: String) throws -> Timestamp { try #require(RFC3339Reader.timestamp(text)) }

    /// - Parameters:
    ///   - rule: The members of the timing.
    ///   - more: Further members.
    private func report(_ rule: String, _ more: String = "") -> String {
        """
        {"name":"nightly","version":7,\(rule)"overlap":"skip","catch_up":"last","catch_up_window":86400,"jitter":1.5,\
        "starts_at":null,"ends_at":null,"task":{"type":"report","payload":{"z": 1.50}},"paused":false,\
        "pause_reason":null,"created_at":"2026-01-01T00:00:00.000Z","next_at":null,"last_at":null,"last_task_id":null,\
        "counts":{"fired":12,"late":1,"skipped":3,"missed":2},"tzdata":null,"explain":{"en":"","zh":""},"next":[]\(more)}
        """
    }

    @Test func aWholeReportIsDecoded() throws {
        let schedule = try decoded(
            """
            {"name":"nightly","version":7,"source":"file","cron":"30 2 * * *","time_zone":"Europe/Berlin",\
            "dst":{"gap":"skip","fold":"both"},"overlap":"cancel_running","catch_up":"all","catch_up_window":3600,\
            "jitter":120,"starts_at":"2026-01-01T00:00:00.000Z","ends_at":"2027-01-01T00:00:00.000Z","max_runs":10,\
            "pause_after_failures":5,"task":{"type":"report","payload":{"z": 1.50}},"paused":true,\
            "pause_reason":"a move","created_at":"2025-12-01T00:00:00.000Z","next_at":"2026-03-29T01:00:00.000Z",\
            "last_at":"2026-03-28T01:30:00.000Z","last_task_id":"\(id)","last_status":"failed",\
            "counts":{"fired":12,"late":1,"skipped":3,"missed":2},\
            "runs":[{"tick":"2026-03-28T01:30:00.000Z","task_id":"\(id)","status":"failed"},\
            {"tick":"2026-03-27T01:30:00.000Z","task_id":"\(id)","status":null}],"tzdata":"2026f",\
            "explain":{"en":"at 02:30 every day","zh":"每天 02:30"},\
            "next":[{"at":"2026-03-29T01:00:00.000Z","local":"2026-03-29T03:00:00+02:00"}]}
            """, as: QueueSchedule.self)
        #expect(schedule.name == "nightly")
        #expect(schedule.version == 7)
        #expect(schedule.source == .file)
        #expect(
            schedule.timing
                == .init(
                    .cron("30 2 * * *"), timeZone: "Europe/Berlin",
                    clockChanges: .init(gap: "skip", fold: "both")))
        #expect(schedule.overlap == .cancelRunning)
        #expect(schedule.catchUp == .all)
        #expect(schedule.catchUpWindow == .seconds(3600))
        #expect(schedule.jitter == .seconds(120))
        #expect(try schedule.startsAt == time("2026-01-01T00:00:00Z"))
        #expect(try schedule.endsAt == time("2027-01-01T00:00:00Z"))
        #expect(schedule.maxRuns == 10)
        #expect(schedule.pauseAfterFailures == 5)
        #expect(schedule.task.text == #"{"type":"report","payload":{"z": 1.50}}"#)
        #expect(schedule.taskType == "report")
        #expect(schedule.isPaused)
        #expect(schedule.pauseReason == "a move")
        #expect(try schedule.nextAt == time("2026-03-29T01:00:00Z"))
        #expect(try schedule.lastAt == time("2026-03-28T01:30:00Z"))
        #expect(schedule.lastTaskID == TaskID(id))
        #expect(schedule.lastStatus == .failed)
        #expect(schedule.counts.fired == 12)
        #expect(schedule.counts.missed == 2)
        #expect(schedule.runs.map(\.status) == [.failed, nil])
        #expect(schedule.zoneVersion == "2026f")
        #expect(schedule.explanation == "at 02:30 every day")
        #expect(schedule.chineseExplanation == "每天 02:30")
        #expect(schedule.nextTicks.map(\.local) == ["2026-03-29T03:00:00+02:00"])
    }

    @Test func missingMembersHaveDefaults() throws {
        let schedule: QueueSchedule = try decoded(
            report(#""every":900,"offset":60,"time_zone":"UTC","dst":"auto","#))
        #expect(schedule.source == .api)
        #expect(schedule.timing == .init(.every(.seconds(900), offset: .seconds(60)), timeZone: "UTC"))
        #expect(schedule.jitter == .milliseconds(1500))
        #expect(schedule.maxRuns == nil)
        #expect(schedule.runs == [])
        #expect(schedule.lastStatus == nil)
    }

    @Test func unknownValuesAreKeptOrLeftOut() throws {
        let schedule: QueueSchedule = try decoded(
            report(
                #""when":"sunset","#,
                """
                ,"source":"plugin","last_status":"vanished","colour":{"r":1},\
                "runs":[{"tick":"2026-03-28T01:30:00.000Z","task_id":"\(id)","status":"vanished"}]
                """
            ).replacing(#""overlap":"skip""#, with: #""overlap":"merge""#)
                .replacing(#""catch_up":"last""#, with: #""catch_up":"first""#))
        #expect(schedule.timing == nil)
        #expect(schedule.source.rawValue == "plugin")
        #expect(schedule.overlap.rawValue == "merge")
        #expect(schedule.catchUp.rawValue == "first")
        #expect(schedule.lastStatus == nil)
        #expect(schedule.runs.map(\.status) == [nil])
    }

    @Test func pagesKeepTasksByteForByte() throws {
        let page: QueueSchedulePage = try decoded(
            #"{"schedules":[\#(report(#""cron":"@daily","#))],"has_more":true,"next":"nightly"}"#)
        #expect(page.next == "nightly")
        #expect(page.schedules.map(\.task.text) == [#"{"type":"report","payload":{"z": 1.50}}"#])
        let last: QueueSchedulePage = try decoded(#"{"schedules":[],"has_more":false,"next":null}"#)
        #expect(last.next == nil)
    }

    @Test func whatIsNoReportIsAnError() throws {
        let error = #expect(throws: QueueClientError.self) {
            try decoded(#"{"name":"nightly"}"#, as: QueueSchedule.self)
        }
        #expect(error?.code == .unexpectedAnswer)
    }

    private func task(_ more: String) -> String {
        """
        {"id":"\(id)","type":"report","status":"pending","priority":0,"attempt":0,"max_retry":3,"queue_timeout":0,\
        "process_timeout":0,"retry_count":0,"errors":[],"version":1,"retry_policy":{"strategy":"fixed","delay":1,\
        "max_delay":1,"jitter":0},"created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z",\
        "run_at":"2026-01-01T00:00:00.000Z"\(more)}
        """
    }

    @Test func tasksOfATickSayWhich() throws {
        let scheduled: QueueTask = try decoded(
            task(
                """
                ,"scheduled":{"schedule":"nightly","tick":"2026-01-02T01:30:00.000Z",\
                "previous_tick":"2026-01-01T01:30:00.000Z","late":true,"zone":"x"}
                """))
        #expect(scheduled.scheduled?.schedule == "nightly")
        #expect(try scheduled.scheduled?.tick == time("2026-01-02T01:30:00Z"))
        #expect(try scheduled.scheduled?.previousTick == time("2026-01-01T01:30:00Z"))
        #expect(scheduled.scheduled?.isLate == true)
        let first: QueueTask = try decoded(
            task(
                #","scheduled":{"schedule":"s","tick":"2026-01-02T01:30:00.000Z","previous_tick":null,"late":false}"#
            ))
        #expect(first.scheduled?.previousTick == nil)
        #expect(first.scheduled?.isLate == false)
        #expect(try decoded(task(#","scheduled":null"#), as: QueueTask.self).scheduled == nil)
        #expect(try decoded(task(""), as: QueueTask.self).scheduled == nil)
    }

    @Test func eventsOfSchedulesAreDecoded() throws {
        let event = try #require(
            QueueEvent(
                json: """
                    {"event":"schedule","cursor":"1-1","task_id":"\(id)","type":"report","schedule":"nightly",\
                    "outcome":"missed","tick":"2026-01-02T01:30:00.000Z","count":3,\
                    "timestamp":"2026-01-02T02:00:00.000Z"}
                    """))
        #expect(event.kind == .schedule)
        #expect(event.taskID == TaskID(id))
        #expect(event.schedule == "nightly")
        #expect(event.outcome == .missed)
        #expect(try event.tick == time("2026-01-02T01:30:00Z"))
        #expect(event.count == 3)
        #expect(event.status == nil)
    }

    @Test func otherEventsAreAsBefore() throws {
        let unknown = try #require(
            QueueEvent(json: #"{"event":"eclipse","cursor":"1-2","outcome":"partial"}"#))
        #expect(unknown.kind.rawValue == "eclipse")
        #expect(unknown.outcome?.rawValue == "partial")
        let status = try #require(
            QueueEvent(
                json: #"{"event":"status","cursor":"1-3","task_id":"\#(id)","type":"a","status":"success"}"#))
        #expect(status.schedule == nil)
        #expect(status.outcome == nil)
        #expect(status.tick == nil)
        #expect(status.count == nil)
    }

    @Test func aBackfillIsDecoded() throws {
        let backfill: ScheduleBackfill = try decoded(
            """
            {"dry_run":true,"ticks":[{"tick":"2026-03-29T01:00:00.000Z","local":"2026-03-29T03:00:00+02:00",\
            "task_id":"\(id)","new":false}]}
            """)
        #expect(backfill.isDryRun)
        #expect(backfill.ticks.map(\.isNew) == [false])
        #expect(backfill.ticks.map(\.taskID) == [TaskID(id)])
    }
}
