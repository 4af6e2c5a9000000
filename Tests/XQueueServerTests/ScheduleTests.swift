import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("Schedules over HTTP") struct ScheduleTests {
    private static let path = "/api/v1/schedules/nightly"
    private static let body =
        #"{"cron":"30 2 * * *","time_zone":"Europe/Berlin","task":{"type":"report","payload":{"kind":"daily"}}}"#

    private static func send(
        _ api: TestAPI, _ method: HTTPRequest.Method, _ path: String = path, _ body: String? = nil,
        ifMatch: String? = nil
    ) async throws -> APIReply {
        var headers: HTTPFields = body == nil ? [:] : [.contentType: "application/json"]
        headers[.ifMatch] = ifMatch
        return try await api.send(method, path, body.map { ByteBuffer(string: $0) }, headers: headers)
    }

    @Test("A schedule is made, shown with its next ticks and in words, and deleted") func whole() async throws
    {
        try await TestAPI.run { api in
            let made = try await api.put(Self.path, Self.body)
            #expect(made.status == 201 && made.headers[.eTag] == "\"1\"", "\(made.text)")
            #expect(made.string("name") == "nightly" && made.string("source") == "api")
            #expect(made.raw("explain", "en") == #""at 02:30 every day""#)
            #expect(made.elements("next").count == 5)
            #expect(made.elements("next").first?.string("at") == made.string("next_at"))
            #expect(made.raw("overlap") == #""skip""# && made.raw("catch_up_window") == "86400")
            #expect(made.raw("task", "max_retry") == "3", "defaults are filled in")
            #expect(made.raw("counts") == #"{"fired":0,"late":0,"skipped":0,"missed":0}"#)
            let again = try await api.put(Self.path, Self.body)
            #expect(again.status == 200 && again.integer("version") == 2)
            #expect(try await api.get(Self.path).text == again.text)
            let list = try await api.get("/api/v1/schedules")
            #expect(list.elements("schedules").map(\.text) == [again.text])
            #expect(list.raw("has_more") == "false" && list.raw("next") == "null")
            #expect(try await Self.send(api, .delete).status == 200)
            try await api.get(Self.path).expectError(404, "not_found", says: "no such schedule")
            try await Self.send(api, .delete).expectError(404, "not_found")
        }
    }

    @Test("If-Match protects from overwriting another's change") func versions() async throws {
        try await TestAPI.run { api in
            for version in ["\"3\"", "*"] {
                try await Self.send(api, .put, Self.path, Self.body, ifMatch: version)
                    .expectError(412, "version_conflict")
            }
            #expect(try await Self.send(api, .put, Self.path, Self.body, ifMatch: "\"0\"").status == 201)
            for version in ["\"0\"", "\"2\"", "9"] {
                try await Self.send(api, .put, Self.path, Self.body, ifMatch: version)
                    .expectError(412, "version_conflict")
                try await Self.send(api, .patch, Self.path, "{}", ifMatch: version)
                    .expectError(412, "version_conflict")
                try await Self.send(api, .delete, ifMatch: version).expectError(412, "version_conflict")
            }
            for version in ["\"x\"", "-1", "\"1", "W/\"1\""] {
                try await Self.send(api, .put, Self.path, Self.body, ifMatch: version)
                    .expectError(400, "invalid_field", field: "If-Match")
            }
            #expect(try await Self.send(api, .put, Self.path, Self.body, ifMatch: "*").status == 200)
            #expect(try await Self.send(api, .patch, Self.path, "{}", ifMatch: "\"2\"").status == 200)
            #expect(try await Self.send(api, .delete, ifMatch: "\"3\"").status == 200)
        }
    }

    @Test("A patch changes what it names; null is the default") func patches() async throws {
        try await TestAPI.run { api in
            try await Self.send(api, .patch, Self.path, "{}").expectError(404, "not_found")
            _ = try await api.put(Self.path, Self.body)
            let patched = try await Self.send(
                api, .patch, Self.path,
                #"{"overlap":"queue","max_runs":5,"task":{"payload":{"kind":"weekly","n":1e400},"priority":7}}"#
            )
            #expect(patched.status == 200, "\(patched.text)")
            #expect(patched.string("overlap") == "queue" && patched.integer("max_runs") == 5)
            #expect(patched.raw("task", "payload") == #"{"kind":"weekly","n":1e400}"#)
            #expect(patched.raw("task", "type") == #""report""# && patched.raw("task", "priority") == "7")
            #expect(patched.string("cron") == "30 2 * * *" && patched.string("time_zone") == "Europe/Berlin")
            let reset = try await Self.send(
                api, .patch, Self.path,
                #"{"overlap":null,"time_zone":null,"max_runs":null,"task":{"payload":{"kind":null}}}"#)
            #expect(reset.string("overlap") == "skip" && reset.string("time_zone") == "UTC")
            #expect(reset.raw("max_runs") == "null" && reset.raw("task", "payload") == #"{"n":1e400}"#)
            let patches = [
                (#"{"task":{"unique_key":"u"}}"#, #""u""#, nil),
                (
                    #"{"task":{"unique":{"window":60}}}"#, nil,
                    #"{"key":"u","until":"done","window":60,"across_types":false}"#
                ),
                (#"{"task":{"unique_key":"v"}}"#, #""v""#, nil), (#"{"task":{"unique":null}}"#, nil, nil),
            ]
            for (patch, key, rule) in patches {
                let unique = try await Self.send(api, .patch, Self.path, patch)
                #expect(unique.raw("task", "unique_key") == key && unique.raw("task", "unique") == rule)
            }
            let every = try await Self.send(api, .patch, Self.path, #"{"cron":null,"dst":null,"every":60}"#)
            #expect(every.raw("every") == "60" && every.raw("cron") == nil)
            try await Self.send(api, .patch, Self.path, #"{"task":null}"#)
                .expectError(400, "invalid_field", field: "task")
            try await Self.send(api, .patch, Self.path, #"{"cron":"@daily"}"#)
                .expectError(400, "invalid_field", field: "every")
            try await Self.send(api, .patch, Self.path, #"{"colour":1}"#)
                .expectError(400, "unknown_field", field: "colour")
            try await Self.send(api, .patch, Self.path, "[1]").expectError(400, "malformed_json")
        }
    }

    @Test("Pausing, resuming and running by hand") func pausing() async throws {
        try await TestAPI.run { api in
            _ = try await api.put(Self.path, Self.body)
            let paused = try await api.post(Self.path + "/pause", #"{"reason":"holidays"}"#)
            #expect(paused.raw("paused") == "true" && paused.string("pause_reason") == "holidays")
            #expect(paused.raw("next_at") == "null" && paused.elements("next").isEmpty)
            #expect(try await api.post(Self.path + "/pause").string("pause_reason")?.isEmpty == true)
            try await api.post(Self.path + "/pause", #"{"why":"?"}"#).expectError(
                400, "unknown_field", field: "why")
            let resumed = try await api.post(Self.path + "/resume")
            #expect(resumed.raw("paused") == "false" && resumed.raw("pause_reason") == "null")
            #expect(resumed.string("next_at") != nil)
            let task = try await api.post(Self.path + "/run")
            #expect(task.status == 201 && task.raw("scheduled") == "null")
            #expect(task.raw("payload") == #"{"kind":"daily"}"#)
            for verb in ["pause", "resume", "run"] {
                try await api.post("/api/v1/schedules/other/\(verb)").expectError(404, "not_found")
            }
        }
    }

    @Test("A back-fill is tried, done, and harmless when repeated") func backfill() async throws {
        try await TestAPI.run { api in
            _ = try await api.put(Self.path, Self.body)
            func fill(_ members: String = "") async throws -> APIReply {
                try await api.post(
                    Self.path + "/backfill",
                    #"{"from":"2025-10-25T00:00:00Z","to":"2025-10-28T00:00:00Z"\#(members)}"#)
            }
            let tried = try await fill(#","dry_run":true"#)
            #expect(tried.status == 200 && tried.raw("dry_run") == "true")
            #expect(
                tried.elements("ticks").map { $0.string("local") } == [
                    "2025-10-25T02:30:00+02:00", "2025-10-26T02:30:00+02:00", "2025-10-27T02:30:00+01:00",
                ])
            let filled = try await fill()
            #expect(filled.elements("ticks").map { $0.raw("new") } == ["true", "true", "true"])
            #expect(try await fill().elements("ticks").map { $0.raw("new") } == ["false", "false", "false"])
            let id = try #require(filled.elements("ticks").last?.string("task_id"))
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(
                task.raw("scheduled")
                    == #"{"schedule":"nightly","tick":"2025-10-27T01:30:00.000Z","#
                    + #""previous_tick":"2025-10-26T00:30:00.000Z","late":true}"#)
            for (body, field) in [
                ("{}", "from"), (#"{"from":"2025-10-25T00:00:00Z"}"#, "to"),
                (#"{"from":"yesterday","to":"2025-10-25T00:00:00Z"}"#, "from"),
                (#"{"from":"2025-10-25T00:00:00Z","to":"2099-10-25T00:00:00Z"}"#, "to"),
                (#"{"from":"1900-10-25T00:00:00Z","to":"2025-10-25T00:00:00Z"}"#, "to"),
                (#"{"from":"2025-10-25T00:00:00Z","to":"2025-10-25T00:00:00Z","dry_run":1}"#, "dry_run"),
            ] {
                try await api.post(Self.path + "/backfill", body).expectError(
                    400, "invalid_field", field: field)
            }
        }
    }

    @Test("Pages follow the names") func pages() async throws {
        try await TestAPI.run { api in
            for name in ["a", "b", "c", "d", "e"] {
                #expect(try await api.put("/api/v1/schedules/\(name)", Self.body).status == 201)
            }
            var found: [String?] = []
            var next = ""
            for _ in 0..<3 {
                let page = try await api.get("/api/v1/schedules?limit=2\(next)")
                found += page.elements("schedules").map { $0.string("name") }
                next = "&after=\(page.string("next") ?? "")"
            }
            #expect(found == ["a", "b", "c", "d", "e"])
            try await api.get("/api/v1/schedules?limit=0").expectError(400, "invalid_field", field: "limit")
        }
    }

    @Test(
        "What is invalid is rejected with the field's name",
        arguments: [
            (#"{"task":{"type":"a"}}"#, "cron"), (#"{"cron":"@daily"}"#, "task"),
            (#"{"cron":"@daily","task":7}"#, "task"), (#"{"cron":"@daily","task":{}}"#, "task.type"),
            (#"{"cron":"61 * * * *","task":{"type":"a"}}"#, "cron"),
            (#"{"cron":"0 0 1--100000000 * *","task":{"type":"a"}}"#, "cron"),
            (#"{"cron":"@daily","overlap":"never","task":{"type":"a"}}"#, "overlap"),
            (#"{"cron":"@daily","jitter":-1,"task":{"type":"a"}}"#, "jitter"),
            (#"{"cron":"@daily","max_runs":0,"task":{"type":"a"}}"#, "max_runs"),
            (#"{"cron":"@daily","pause_after_failures":1e30,"task":{"type":"a"}}"#, "pause_after_failures"),
            (#"{"cron":"@daily","starts_at":"2026-02-30T00:00:00Z","task":{"type":"a"}}"#, "starts_at"),
            (
                #"{"cron":"@daily","starts_at":"2026-02-02T00:00:00Z","ends_at":"2026-02-01T00:00:00Z","task":{"type":"a"}}"#,
                "ends_at"
            ),
            (#"{"cron":"@daily","task":{"type":"a","delay":5}}"#, "task"),
            (
                #"{"cron":"@daily","task":{"type":"a","id":"0199d4f0-0000-7000-8000-000000000001"}}"#,
                "task.id"
            ),
            (#"{"cron":"@daily","task":{"type":"a","max_retry":-1}}"#, "task.max_retry"),
        ])
    func invalid(_ body: String, _ field: String) async throws {
        try await TestAPI.run { api in
            try await api.put(Self.path, body).expectError(400, "invalid_field", field: field)
            #expect(try await api.get(Self.path).status == 404)
        }
    }

    @Test("A schedule that cannot be read is an error that can be replaced and deleted") func damaged()
        async throws
    {
        try await TestAPI.run { api in
            for name in ["nightly", "other"] {
                _ = try await api.store.save(
                    ScheduleRecord(
                        name: name, dueAt: nil, definition: RawJSON(trusted: #"{"cron":"* *"}"#),
                        state: RawJSON(trusted: "[]")))
            }
            let reply = try await api.get(Self.path)
            reply.expectError(503, "store_unavailable", says: "the schedule nightly cannot be read")
            #expect(try await api.get("/api/v1/schedules").elements("schedules").isEmpty)
            #expect(try await api.put(Self.path, Self.body).status == 201)
            #expect(try await api.get("/api/v1/schedules").elements("schedules").count == 1)
            #expect(try await Self.send(api, .delete, "/api/v1/schedules/other").status == 200)
        }
    }

    @Test("The file's schedules can be paused, and not edited") func ownedByFile() async throws {
        try await TestAPI.run { api in
            let schedule = Schedule("nightly", ScheduleTiming(.cron("@daily")), TaskSubmission(type: "a"))
            _ = try await api.manager.setFileSchedules([schedule], revision: 1)
            try await api.put(Self.path, Self.body).expectError(409, "owned_by_file")
            try await Self.send(api, .patch, Self.path, "{}").expectError(409, "owned_by_file")
            try await Self.send(api, .delete).expectError(409, "owned_by_file")
            #expect(try await api.post(Self.path + "/pause").status == 200)
            #expect(try await api.post(Self.path + "/run").status == 201)
        }
    }
}
