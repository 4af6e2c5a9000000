import Testing
import XQueueClient
import XQueueCore

/// What the client sends for each operation on schedules.
@Suite struct ScheduleRequestTests {
    private static let report = """
        {"name":"a:b","version":4,"cron":"@daily","overlap":"skip","catch_up":"last","catch_up_window":86400,"jitter":0,\
        "task":{"type":"report"},"paused":false,"created_at":"2026-01-01T00:00:00.000Z",\
        "counts":{"fired":0,"late":0,"skipped":0,"missed":0},"explain":{"en":"","zh":""},"next":[]}
        """

    /// Calls a server that answers everything with `answer`; returns what it got.
    private func sent(
        _ answer: String = report, status: String = "200 OK",
        _ body: @Sendable (QueueClient) async throws -> Void
    ) async throws -> SentRequest {
        try await SentRequest.last(answer, status: status, body)
    }

    @Test func aScheduleIsSentWithWhatIsGiven() async throws {
        let call = try await sent { client in
            let schedule = ScheduleDefinition(.init(.cron("@daily")), task: Submission(type: "report"))
            let report = try await client.setSchedule("a:b", schedule)
            #expect(report.version == 4)
        }
        #expect(call.line == "PUT /api/v1/schedules/a%3Ab HTTP/1.1")
        #expect(call.version == nil)
        #expect(call.body == #"{"cron":"@daily","task":{"type":"report"}}"#)
    }

    @Test func aWholeScheduleIsSent() async throws {
        let call = try await sent { client in
            var task = Submission(type: "report", payload: try RawJSON(#"{"z": 1.50}"#))
            task.maxRetry = 1
            var schedule = ScheduleDefinition(
                .init(.every(.seconds(900), offset: .seconds(60)), timeZone: "Europe/Berlin"), task: task)
            schedule.overlap = .queue
            schedule.catchUp = ScheduleDefinition.CatchUp.none
            schedule.catchUpWindow = .seconds(3600)
            schedule.jitter = .milliseconds(1500)
            schedule.startsAt = Timestamp(milliseconds: 0)
            schedule.endsAt = Timestamp(milliseconds: 1000)
            schedule.maxRuns = 10
            schedule.pauseAfterFailures = 5
            try await client.setSchedule("nightly", schedule, version: 0)
        }
        #expect(call.version == #""0""#)
        #expect(
            call.body == """
                {"every":900,"offset":60,"time_zone":"Europe/Berlin","overlap":"queue","catch_up":"none",\
                "catch_up_window":3600,"jitter":1.5,"starts_at":"1970-01-01T00:00:00.000Z",\
                "ends_at":"1970-01-01T00:00:01.000Z","max_runs":10,"pause_after_failures":5,\
                "task":{"type":"report","payload":{"z": 1.50},"max_retry":1}}
                """)
    }

    @Test func aPatchIsSentAsItIs() async throws {
        let call = try await sent { client in
            try await client.patchSchedule("nightly", RawJSON(#"{"ends_at": null}"#), version: 3)
        }
        #expect(call.line == "PATCH /api/v1/schedules/nightly HTTP/1.1")
        #expect(call.version == #""3""#)
        #expect(call.body == #"{"ends_at": null}"#)
    }

    @Test func schedulesAreReadByPage() async throws {
        let page = #"{"schedules":[\#(Self.report)],"has_more":true,"next":"a:b"}"#
        let call = try await sent(page) { client in
            let page = try await client.schedules(after: "a b", limit: 1)
            #expect(page.next == "a:b")
        }
        #expect(call.line == "GET /api/v1/schedules?limit=1&after=a%20b HTTP/1.1")
    }

    @Test func anUnknownScheduleIsNil() async throws {
        let answer = #"{"error":"no such schedule: x","code":"not_found"}"#
        let call = try await sent(answer, status: "404 Not Found") { client in
            let schedule = try await client.schedule("x")
            #expect(schedule == nil)
        }
        #expect(call.line == "GET /api/v1/schedules/x HTTP/1.1")
        _ = try await sent(answer, status: "403 Forbidden") { client in
            let error = await #expect(throws: QueueClientError.self) { try await client.schedule("x") }
            #expect(error?.status == 403)
        }
    }

    @Test func aConflictIsReported() async throws {
        let answer = #"{"error":"the schedule has version 5","code":"version_conflict"}"#
        let call = try await sent(answer, status: "412 Precondition Failed") { client in
            let error = await #expect(throws: QueueClientError.self) {
                try await client.removeSchedule("nightly", version: 4)
            }
            #expect(error?.code == .versionConflict)
        }
        #expect(call.line == "DELETE /api/v1/schedules/nightly HTTP/1.1")
        #expect(call.version == #""4""#)
    }

    @Test func actionsHaveTheirPaths() async throws {
        let paused = try await sent { try await $0.pauseSchedule("nightly", reason: "a \"move\"") }
        #expect(paused.line == "POST /api/v1/schedules/nightly/pause HTTP/1.1")
        #expect(paused.body == #"{"reason":"a \"move\""}"#)
        let unexplained = try await sent { try await $0.pauseSchedule("nightly") }
        #expect(unexplained.body == "")
        let resumed = try await sent { try await $0.resumeSchedule("nightly") }
        #expect(resumed.line == "POST /api/v1/schedules/nightly/resume HTTP/1.1")
        let backfilled = try await sent(#"{"dry_run":true,"ticks":[]}"#) { client in
            let backfill = try await client.backfillSchedule(
                "nightly", from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 1000), isDryRun: true
            )
            #expect(backfill.ticks == [])
        }
        #expect(backfilled.line == "POST /api/v1/schedules/nightly/backfill HTTP/1.1")
        #expect(
            backfilled.body
                == #"{"from":"1970-01-01T00:00:00.000Z","to":"1970-01-01T00:00:01.000Z","dry_run":true}"#)
    }
}
