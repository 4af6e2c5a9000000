import HTTPTypes
import Testing
import XQueueCore

@testable import XQueueServer

@Suite("GET /api/v1/tasks") struct ListTests {
    @Test("Newest first, ten by default, in pages") func pages() async throws {
        try await TestAPI.run { api in
            var ids: [String] = []
            for _ in 0..<12 { ids.insert(try await api.makeTask().description, at: 0) }
            let first = try await api.get("/api/v1/tasks")
            #expect(first.status == 200)
            #expect(first.memberNames == ["tasks", "count", "total", "limit", "offset", "has_more", "next"])
            #expect(first.elements("tasks").map { $0.string("id") } == Array(ids.prefix(10)))
            #expect(first.integer("count") == 10)
            #expect(first.integer("total") == 12)
            #expect(first.integer("limit") == 10)
            #expect(first.integer("offset") == 0)
            #expect(first.raw("has_more") == "true")
            let next = try #require(first.string("next"))
            let rest = try await api.get("/api/v1/tasks?limit=5&offset=10")
            #expect(rest.elements("tasks").map { $0.string("id") } == Array(ids.suffix(2)))
            #expect(rest.integer("limit") == 5)
            #expect(rest.integer("offset") == 10)
            #expect(rest.raw("has_more") == "false")
            #expect(rest.raw("next") == "null")
            let after = try await api.get("/api/v1/tasks?limit=5&after=\(next)")
            #expect(after.raw("tasks") == rest.raw("tasks"))
            #expect(after.integer("total") == 12 && after.integer("offset") == 0)
            #expect(after.raw("has_more") == "false" && after.raw("next") == "null")
            let beyond = try await api.get("/api/v1/tasks?offset=10000&limit=1000")
            #expect(beyond.raw("tasks") == "[]")
            #expect(beyond.integer("total") == 12)
        }
    }

    @Test("Paging with any filter returns each task once") func follow() async throws {
        try await TestAPI.run { api in
            var ids: [String] = []
            for number in 0..<30 {
                let id = try await api.makeTask(
                    type: ["a", "b", "c"][number % 3], #","concurrency_key":"k\#(number % 2)""#)
                if number.isMultiple(of: 5) { _ = try await api.send(.delete, "/api/v1/tasks/\(id)") }
                ids.insert(id.description, at: 0)
            }
            for (filter, count) in [
                ("", 30), ("type=a", 10), ("type=a&type=c", 20), ("status=pending", 24),
                ("status=pending&status=canceled&type=b", 10), ("concurrency_key=k1", 15),
                ("concurrency_key=k0&type=a&type=b&status=pending", 8), ("type=nobody", 0),
            ] {
                var (found, next): ([String], String?) = ([], nil)
                repeat {
                    let after = next.map { "&after=\($0)" } ?? ""
                    let page = try await api.get("/api/v1/tasks?limit=4&\(filter)\(after)")
                    #expect(page.status == 200 && page.integer("total") == count, "\(filter)")
                    found += page.elements("tasks").compactMap { $0.string("id") }
                    next = page.string("next")
                    #expect(page.raw("has_more") == "\(next != nil)")
                } while next != nil && found.count < 100
                #expect(found == ids.filter(Set(found).contains) && found.count == count, "\(filter)")
            }
        }
    }

    @Test("Filters by status, type and key") func filters() async throws {
        try await TestAPI.run { api in
            let canceled = try await api.makeTask(type: "a")
            _ = try await api.send(.delete, "/api/v1/tasks/\(canceled)")
            let keyed = try await api.makeTask(type: "a:b", #","concurrency_key":"k é+&""#)
            let running = try await api.makeTask(type: "c")
            _ = try await api.claim(type: "c")
            func ids(_ query: String) async throws -> [String?] {
                try await api.get("/api/v1/tasks?\(query)").elements("tasks").map { $0.string("id") }
            }
            #expect(try await ids("status=canceled") == [canceled.description])
            #expect(
                try await ids("status=canceled&status=processing") == [running, canceled].map(\.description))
            #expect(try await ids("status=pending&status=pending") == [keyed.description])
            #expect(try await ids("type=c") == [running.description])
            #expect(try await ids("type=a%3Ab") == [keyed.description])
            #expect(try await ids("concurrency_key=k+%C3%A9%2B%26") == [keyed.description])
            #expect(try await ids("type=c&status=pending") == [])
            #expect(try await ids("").count == 3)
            #expect(try await ids("&&").count == 3)
        }
    }

    @Test(
        "An invalid parameter is named",
        arguments: [
            ("limit=0", "limit", "1 to 1000"), ("limit=1001", "limit", "1 to 1000"),
            ("limit=-1", "limit", "1 to 1000"), ("limit=ten", "limit", "must be an integer"),
            ("limit=1.5", "limit", "must be an integer"), ("limit=", "limit", "empty"),
            ("limit", "limit", "empty"),
            ("limit=99999999999999999999", "limit", "integer"), ("offset=-1", "offset", "0 to 10000"),
            ("offset=10001", "offset", "0 to 10000"), ("after=10", "after", "`next`"),
            ("after=", "after", "empty"),
            ("after=1764000000000-42", "after", "`next`"),
            ("after=v1.019ab3c47d42b1c91f0a2b3c4d5e6f70&after=x", "after", "2 times"),
            ("type=a&type=", "type", "empty"),
            ("limit=1&limit=2", "limit", "2 times"), ("type=", "type", "empty"),
            ("status=done", "status", "pending, processing, success, failed, canceled, timeout"),
            ("status=", "status", "pending, processing"), ("status=pending,failed", "status", "pending,"),
            ("status=Pending", "status", "one of"),
        ])
    func wrong(query: String, field: String, says: String) async throws {
        try await TestAPI.run { api in
            try await api.get("/api/v1/tasks?\(query)")
                .expectError(400, "invalid_field", field: field, says: says)
        }
    }

    @Test("An unknown parameter is named, anywhere") func unknown() async throws {
        try await TestAPI.run { api in
            for path in ["tasks", "stats", "health", "types", "tasks/\(TaskID(high: 1, low: 1))"] {
                try await api.get("/api/v1/\(path)?page=2").expectError(400, "unknown_field", field: "page")
            }
            try await api.post("/api/v1/types/a/pause?x").expectError(400, "unknown_field", field: "x")
        }
    }

    @Test("A malformed escape is an error", arguments: ["type=%", "type=%4", "type=%zz", "type=%ff", "%=1"])
    func escapes(query: String) async throws {
        try await TestAPI.run { api in
            try await api.get("/api/v1/tasks?\(query)").expectError(400, "invalid_field", says: "escape")
        }
    }
}
