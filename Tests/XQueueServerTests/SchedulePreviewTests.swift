import Foundation
import Testing

@testable import XQueueServer

@Suite("Previews of schedules") struct SchedulePreviewTests {
    private static let path = "/api/v1/schedules/preview"

    @Test("The next ticks are in UTC and in the schedule's zone") func ticks() async throws {
        try await TestAPI.run { api in
            let reply = try await api.post(
                Self.path,
                #"{"cron":"30 2 * * *","time_zone":"Europe/Berlin","count":2,"after":"2026-03-28T12:00:00Z"}"#
            )
            #expect(reply.status == 200)
            #expect(
                reply.text.contains(
                    #""explain":{"en":"at 02:30 every day","zh":"每天 02:30"},"next":["#
                        + #"{"at":"2026-03-29T01:00:00.000Z","local":"2026-03-29T03:00:00+02:00"},"#
                        + #"{"at":"2026-03-30T00:30:00.000Z","local":"2026-03-30T02:30:00+02:00"}]"#))
        }
    }

    @Test("Without a time it begins now, with five ticks") func now() async throws {
        try await TestAPI.run { api in
            let reply = try await api.post(Self.path, #"{"every":900,"offset":60}"#)
            #expect(reply.status == 200 && reply.text.components(separatedBy: #""at":"#).count == 6)
            #expect(reply.text.contains(":01:00.000Z"))
        }
    }

    @Test("What happens when clocks are changed can be set") func clockChanges() async throws {
        try await TestAPI.run { api in
            let reply = try await api.post(
                Self.path,
                #"{"cron":"30 2 * * *","time_zone":"Europe/Berlin","dst":{"gap":"skip","fold":"last"},"count":1,"#
                    + #""after":"2026-03-28T12:00:00Z"}"#)
            #expect(reply.text.contains("2026-03-30T00:30:00.000Z"))
        }
    }

    @Test(
        "What is invalid is rejected with the field's name",
        arguments: [
            ("{}", "cron"), (#"{"cron":"* * * *"}"#, "cron"), (#"{"cron":"61 * * * *"}"#, "cron"),
            (#"{"cron":"0 0 30 2 *"}"#, "cron"), (#"{"cron":5}"#, "cron"),
            (#"{"cron":"0 0 1--100000000 * *"}"#, "cron"),
            (#"{"cron":"@daily","every":60}"#, "every"), (#"{"cron":"@daily","offset":1}"#, "offset"),
            (#"{"every":0}"#, "every"), (#"{"every":0.5}"#, "every"), (#"{"every":1e300}"#, "every"),
            (#"{"every":60,"offset":60}"#, "offset"), (#"{"every":60,"offset":-1}"#, "offset"),
            (#"{"every":60,"time_zone":"Europe/Bielefeld"}"#, "time_zone"),
            (#"{"every":60,"time_zone":"../../etc/passwd"}"#, "time_zone"),
            (#"{"every":60,"dst":"never"}"#, "dst"),
            (#"{"every":60,"dst":{"gap":"skip"}}"#, "dst"),
            (#"{"every":60,"dst":{"gap":"skip","fold":"last"}}"#, "dst"), (#"{"every":315360001}"#, "every"),
            (#"{"cron":"H H * * *","name":"a b"}"#, "name"),
            (#"{"every":60,"dst":{"gap":"x","fold":"both"}}"#, "dst.gap"),
            (#"{"every":60,"count":0}"#, "count"), (#"{"every":60,"count":101}"#, "count"),
            (#"{"every":60,"after":"yesterday"}"#, "after"),
        ])
    func rejects(body: String, field: String) async throws {
        try await TestAPI.run { api in
            try await api.post(Self.path, body).expectError(400, "invalid_field", field: field)
        }
    }

    @Test("It ends with the year 9999") func end() async throws {
        try await TestAPI.run { api in
            let reply = try await api.post(Self.path, #"{"cron":"@yearly","after":"9998-06-01T00:00:00Z"}"#)
            #expect(
                reply.text.hasSuffix(
                    #""next":[{"at":"9999-01-01T00:00:00.000Z","local":"9999-01-01T00:00:00+00:00"}]}"#))
            let none = try await api.post(Self.path, #"{"every":1,"after":"9999-12-31T23:59:59.999Z"}"#)
            #expect(none.text.hasSuffix(#""next":[]}"#))
        }
    }
}
