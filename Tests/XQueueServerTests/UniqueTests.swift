import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Unique tasks over HTTP") struct UniqueTests {
    /// A submission with the rule, and a payload to tell it from others.
    private static func body(_ unique: String, _ payload: Int, _ more: String = "") -> String {
        #"{"type":"a","payload":\#(payload),"unique":{\#(unique)}\#(more)}"#
    }

    @Test("A task shows its key and its rule") func shown() async throws {
        try await TestAPI.run { api in
            let rule = #""key":"k","until":"window","window":1.5,"across_types":true"#
            let made = try await api.submit(Self.body(rule, 1))
            #expect(made.status == 201 && made.string("unique_key") == "k", "\(made.text)")
            #expect(made.raw("unique") == "{\(rule)}")
            let derived = try await api.submit(
                #"{"type":"a","payload":{"b":1},"unique":{"key":"k","by":["b"]}}"#)
            // printf 'by[{"path":"b","value":1}]' | sha256sum
            let key = "k#ab6fdbf817c1bd70711f621b6b1fd997683ba23d394ae574069756e92a4f9b1c"
            #expect(derived.string("unique_key") == key)
            #expect(
                derived.raw("unique")
                    == #"{"key":"\#(key)","until":"done","window":null,"across_types":false}"#)
            let defaults = try await api.submit(
                Self.body(
                    #""key":"d","by":null,"until":null,"window":null,"across_types":null,"on_conflict":null,"#
                        + #""wait":null,"max_wait":null,"keep":null"#, 1, #","unique_key":null"#))
            #expect(
                defaults.raw("unique") == #"{"key":"d","until":"done","window":null,"across_types":false}"#)
            let debounce = try await api.submit(Self.body(#""key":"e","on_conflict":"debounce","wait":5"#, 1))
            #expect(debounce.raw("unique", "until") == #""started""#)
            #expect(try await api.makeTask().description != made.string("id"))
        }
    }

    @Test("Return answers with the holder", arguments: ["", #","on_conflict":"return""#])
    func returned(_ conflict: String) async throws {
        try await TestAPI.run { api in
            let body = #"{"type":"a","payload":{"id":1,"n":N},"unique":{"by":["id"]\#(conflict)}}"#
            let first = try await api.submit(body.replacing("N", with: "1"))
            let second = try await api.submit(body.replacing("N", with: "2"))
            #expect(second.status == 200 && second.text == first.deduplicated)
            #expect(second.headers[.location] == nil)
            #expect(first.raw("deduplicated") == nil)
            #expect(
                try await api.submit(body.replacing("1", with: "2").replacing("N", with: "1")).status == 201)
        }
    }

    @Test("Reject is 409 and names the holder") func rejected() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(#","unique_key":"k""#)
            let body = Self.body(#""key":"k","on_conflict":"reject""#, 2)
            try await api.submit(body).expectError(409, "not_unique", says: "\(id)")
            _ = try await api.claim()
            try await api.submit(body).expectError(409, "not_unique", says: "processing")
            #expect(try await api.get("/api/v1/tasks").integer("total") == 1)
        }
    }

    @Test("Replace rewrites a waiting holder, and is 409 for one that runs") func replaced() async throws {
        try await TestAPI.run { api in
            let rule = #""key":"k","on_conflict":"replace""#
            let first = try await api.submit(Self.body(rule, 1, #","delay":60,"priority":3"#))
            let second = try await api.submit(Self.body(rule, 2, #","metadata":{"u":1}"#))
            #expect(second.status == 200 && second.raw("replaced") == "true", "\(second.text)")
            #expect(second.headers[.location] == nil && second.raw("deduplicated") == nil)
            #expect(second.string("id") == first.string("id") && second.integer("version") == 2)
            #expect(second.raw("payload") == "2" && second.raw("priority") == "0")
            #expect(second.string("run_at") == first.string("run_at"), "none was given")
            let third = try await api.submit(Self.body(rule, 3, #","delay":0"#))
            #expect(third.string("run_at") == "2026-01-01T00:00:00.000Z" && third.integer("version") == 3)
            let events = try await api.store.events(after: .start, limit: 9, waiting: .zero).events
            #expect(events.count == 3)
            guard case .status(let change)? = events.last?.change else { throw Unexpected("no event") }
            #expect(change.isRewriting)
            let attempt = try await api.claim()
            try await api.submit(Self.body(rule, 4)).expectError(409, "not_unique", says: "\(attempt.taskID)")
            try await api.settle(attempt, .success(nil))
            #expect(try await api.submit(Self.body(rule, 5)).status == 201)
        }
    }

    @Test("Behind a running task, rerun has the newest wait") func rerun() async throws {
        try await TestAPI.run { api in
            let rule = #""key":"k","on_conflict":"rerun""#
            let first = try await api.submit(Self.body(rule, 1))
            let rewritten = try await api.submit(Self.body(rule, 2))
            #expect(rewritten.raw("replaced") == "true" && rewritten.string("id") == first.string("id"))
            let attempt = try await api.claim()
            let next = try await api.submit(Self.body(rule, 3))
            #expect(next.status == 201 && next.string("pending_reason") == "blocked", "\(next.text)")
            #expect(next.headers[.location] == "/api/v1/tasks/\(next.string("id") ?? "")")
            let newest = try await api.submit(Self.body(rule, 4))
            #expect(newest.status == 200 && newest.raw("replaced") == "true")
            #expect(newest.string("id") == next.string("id") && newest.raw("payload") == "4")
            #expect(newest.string("pending_reason") == "blocked")
            await #expect(throws: Unexpected.self) { try await api.claim() }
            try await api.settle(attempt, .failure(AttemptFailure("no", isPermanent: true), draw: 0.5))
            #expect(
                try await api.get("/api/v1/tasks/\(next.string("id") ?? "")").string("pending_reason")
                    == "ready")
            #expect(try await api.claim().taskID.description == next.string("id"))
        }
    }

    @Test("Debounce moves the time to run, up to a limit") func debounce() async throws {
        try await TestAPI.run { api in
            let rule = #""key":"k","on_conflict":"debounce","wait":10,"max_wait":25"#
            let first = try await api.submit(Self.body(rule, 1))
            #expect(first.status == 201 && first.string("run_at") == "2026-01-01T00:00:10.000Z")
            for (payload, second) in [(2, "18"), (3, "25"), (4, "25")] {
                api.clock.advance(by: .seconds(8))
                let reply = try await api.submit(Self.body(rule, payload))
                #expect(reply.status == 200 && reply.raw("replaced") == "true")
                #expect(reply.string("run_at") == "2026-01-01T00:00:\(second).000Z", "\(payload)")
                #expect(reply.raw("payload") == "\(payload)" && reply.string("id") == first.string("id"))
            }
            let kept = #""key":"f","on_conflict":"debounce","wait":10,"keep":"first""#
            _ = try await api.submit(Self.body(kept, 1))
            api.clock.advance(by: .seconds(5))
            let reply = try await api.submit(Self.body(kept, 2))
            #expect(reply.raw("payload") == "1" && reply.string("run_at") == "2026-01-01T00:00:39.000Z")
        }
    }

    @Test("A key lasts until started, done, or for its window") func until() async throws {
        try await TestAPI.run { api in
            func status(_ rule: String) async throws -> Int {
                try await api.submit(Self.body(rule, 1)).status
            }
            let rules = [
                #""key":"s","until":"started""#, #""key":"d""#, #""key":"w","until":"window","window":60"#,
                #""key":"l","window":60"#,
            ]
            var counts: [[Int]] = []
            for rule in rules {
                var seen = [try await status(rule), try await status(rule)]
                let attempt = try await api.claim()
                seen.append(try await status(rule))
                if seen == [201, 200, 201] { try await api.settle(try await api.claim(), .success(nil)) }
                try await api.settle(attempt, .success(nil))
                seen.append(try await status(rule))
                if seen.last == 201 { try await api.settle(try await api.claim(), .success(nil)) }
                counts.append(seen)
            }
            #expect(
                counts == [
                    [201, 200, 201, 201], [201, 200, 200, 201], [201, 200, 200, 200], [201, 200, 200, 200],
                ])
            api.clock.advance(by: .seconds(60))
            #expect(try await status(rules[2]) == 201)
            #expect(try await status(rules[3]) == 201)
        }
    }

    @Test("An ID that is known is answered with its task, whatever the key") func knownID() async throws {
        try await TestAPI.run { api in
            let id = TaskIDGenerator(clock: api.clock).next()
            let first = try await api.submit(#"{"type":"a","id":"\#(id)"}"#)
            _ = try await api.makeTask(#","unique_key":"k""#)
            let again = try await api.submit(
                #"{"type":"a","id":"\#(id)","unique":{"key":"k","on_conflict":"reject"}}"#)
            #expect(again.status == 200 && again.text == first.deduplicated)
        }
    }

    @Test("Types share a key only if both say so") func acrossTypes() async throws {
        try await TestAPI.run { api in
            func send(_ type: String, _ conflict: String = "return") async throws -> APIReply {
                try await api.submit(
                    #"{"type":"\#(type)","unique":{"key":"k","across_types":true,"on_conflict":"\#(conflict)"}}"#
                )
            }
            let first = try await send("a")
            #expect(try await send("b").text == first.deduplicated)
            for conflict in ["reject", "replace", "rerun"] {
                try await send("b", conflict).expectError(409, "not_unique", says: first.string("id") ?? "")
            }
            #expect(try await api.submit(#"{"type":"a","unique_key":"k"}"#).status == 201)
        }
    }

    @Test("In a batch, each rule counts by itself, in order") func batch() async throws {
        try await TestAPI.run { api in
            func task(_ conflict: String, _ payload: Int, key: String = "k") -> String {
                Self.body(#""key":"\#(key)","on_conflict":"\#(conflict)""#, payload)
            }
            let tasks = [
                task("return", 1), task("replace", 2), task("return", 3), task("reject", 4),
                task("reject", 5, key: "j"),
            ]
            let reply = try await api.submitBatch(#"{"tasks":[\#(tasks.joined(separator: ","))]}"#)
            #expect(reply.status == 201 && reply.integer("count") == 5)
            let answers = reply.elements("tasks")
            #expect(
                answers.map { $0.memberNames.last } == [
                    "cancel_requested_at", "replaced", "deduplicated", "rejected", "cancel_requested_at",
                ])
            #expect(answers[3].string("rejected") == "not_unique")
            #expect(Set(answers.prefix(4).map { $0.string("id") }).count == 1)
            #expect(answers[3].raw("payload") == "2", "the holder, not what was rejected")
            #expect(try await api.get("/api/v1/tasks").integer("total") == 2)
            let none = try await api.submitBatch(#"{"tasks":[\#(task("reject", 6))]}"#)
            #expect(none.status == 200 && none.elements("tasks").first?.string("rejected") == "not_unique")
        }
    }
}
