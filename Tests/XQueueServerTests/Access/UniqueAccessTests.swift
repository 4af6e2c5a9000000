import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("Keys of all types and tokens limited to some") struct UniqueAccessTests {
    private static let whole = "a token for all"
    private static let rule = #""unique":{"key":"k","across_types":true}"#

    private static func run(_ body: @Sendable (TestAPI) async throws -> Void) async throws {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "all", hash: TokenHash(of: whole), scopes: .admin),
            AccessToken(
                name: "some", hash: TokenHash(of: TypeLimitedTests.token), scopes: .admin, types: ["a", "b"]),
        ]
        try await TestAPI.run(configuration: configuration) { try await body($0) }
    }

    @Test("Such a token cannot submit or schedule a task with one") func submit() async throws {
        try await Self.run { api in
            let hidden = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"c","payload":"secret",\#(Self.rule)}"#, token: Self.whole)
            #expect(hidden.status == 201)
            let task = #"{"type":"a",\#(Self.rule)}"#
            try await api.call(.post, "/api/v1/tasks", task)
                .expectError(
                    400, "invalid_field", field: "unique.across_types", says: "a token for all types")
            try await api.call(.post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"b"},\#(task)]}"#)
                .expectError(400, "invalid_field", field: "tasks[1].unique.across_types")
            try await api.call(.put, "/api/v1/schedules/s", #"{"every":60,"task":\#(task)}"#)
                .expectError(400, "invalid_field", field: "task.unique.across_types")
            #expect(try await api.call(.get, "/api/v1/tasks").integer("total") == 0)
            let shared = try await api.call(.post, "/api/v1/tasks", task, token: Self.whole)
            #expect(shared.status == 200 && shared.raw("payload") == #""secret""#)
        }
    }

    @Test("Nor edit a task to have one, whether or not the edit has a concurrency key") func edit()
        async throws
    {
        try await Self.run { api in
            let made = try await api.call(.post, "/api/v1/tasks", #"{"type":"a","unique_key":"k"}"#)
            let path = "/api/v1/tasks/\(made.string("id") ?? "")"
            for more in ["", #","concurrency_key":"c""#] {
                for unique in [Self.rule, #""unique":{"across_types":true}"#] {
                    try await api.call(.patch, path, "{\(unique)\(more)}")
                        .expectError(400, "invalid_field", field: "unique.across_types")
                }
            }
            _ = try await api.call(.put, "/api/v1/schedules/s", #"{"every":60,"task":{"type":"a"}}"#)
            try await api.call(.patch, "/api/v1/schedules/s", #"{"task":{\#(Self.rule)}}"#)
                .expectError(400, "invalid_field", field: "task.unique.across_types")
        }
    }

    @Test("It may edit anything else of a task that has one") func other() async throws {
        try await Self.run { api in
            let made = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"a",\#(Self.rule)}"#, token: Self.whole)
            let path = "/api/v1/tasks/\(made.string("id") ?? "")"
            let edited = try await api.call(.patch, path, #"{"priority":1,"concurrency_key":"c"}"#)
            #expect(edited.status == 200 && edited.raw("unique") == made.raw("unique"), "\(edited.text)")
            try await api.call(.patch, path, #"{"unique":{"key":"j"}}"#)
                .expectError(400, "invalid_field", field: "unique.across_types")
            let own = try await api.call(.patch, path, #"{"unique":{"across_types":false}}"#)
            #expect(own.status == 200 && own.raw("unique", "across_types") == "false")
            _ = try await api.call(
                .put, "/api/v1/schedules/s", #"{"every":60,"task":{"type":"a",\#(Self.rule)}}"#,
                token: Self.whole)
            #expect(try await api.call(.patch, "/api/v1/schedules/s", #"{"jitter":1}"#).status == 200)
        }
    }

    @Test("Running a schedule that has one does not show a task of another type") func run() async throws {
        try await Self.run { api in
            let hidden = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"c","payload":"secret",\#(Self.rule)}"#, token: Self.whole)
            let id = try #require(hidden.string("id"))
            _ = try await api.call(
                .put, "/api/v1/schedules/s", #"{"every":60,"task":{"type":"a",\#(Self.rule)}}"#,
                token: Self.whole)
            let reply = try await api.call(.post, "/api/v1/schedules/s/run")
            reply.expectError(409, "not_unique", says: "another type")
            #expect(!reply.text.contains(id) && !reply.text.contains("secret"))
            let seen = try await api.call(.post, "/api/v1/schedules/s/run", token: Self.whole)
            #expect(seen.status == 200 && seen.string("id") == id)
        }
    }
}
