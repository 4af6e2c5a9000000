import Testing
import XQueueClient
import XQueueCore

/// Submissions with unique keys to a real server.
@Suite struct UniqueServerTests {
    private func submission(
        _ payload: String = "null", _ conflict: Submission.Unique.Conflict? = nil
    ) throws -> Submission {
        var submission = Submission(type: "later", payload: try RawJSON(payload))
        submission.unique = .init(key: "k", onConflict: conflict)
        return submission
    }

    @Test func theHolderIsReturned() async throws {
        try await ClientServer.run { client in
            let first = try await client.submit(submission())
            #expect(!first.isDeduplicated)
            #expect(first.unique?.key == "k")
            #expect(first.unique?.until == .done)
            let second = try await client.submit(submission())
            #expect(second.id == first.id && second.isDeduplicated)
            #expect(try await !client.task(first.id).isDeduplicated)
        }
    }

    @Test func thePayloadDistinguishesTasks() async throws {
        try await ClientServer.run { client in
            func submit(_ payload: String, by paths: [String]) async throws -> QueueTask {
                var submission = Submission(type: "later", payload: try RawJSON(payload))
                submission.unique = .init(by: paths)
                return try await client.submit(submission)
            }
            let ann = try await submit(#"{"to":{"id":1},"n":1}"#, by: ["to.id"])
            #expect(try await submit(#"{"n":2,"to":{"id":1}}"#, by: ["to.id"]).id == ann.id)
            #expect(try await submit(#"{"to":{"id":2},"n":1}"#, by: ["to.id"]).id != ann.id)
            let whole = try await submit(#"{"a":1,"b":2}"#, by: [])
            #expect(try await submit(#"{ "b": 2, "a": 1 }"#, by: []).id == whole.id)
        }
    }

    @Test func aPendingHolderIsRewritten() async throws {
        try await ClientServer.run { client in
            var first = try submission("1")
            first.delay = .seconds(3600)
            let holder = try await client.submit(first)
            let replaced = try await client.submit(submission("2", .replace))
            #expect(replaced.id == holder.id && replaced.isReplaced)
            #expect(replaced.payload.text == "2")
            #expect(replaced.version == holder.version + 1)
            #expect(replaced.runAt == holder.runAt)
        }
    }

    @Test func aRejectionNamesTheHolder() async throws {
        try await ClientServer.run { client in
            let holder = try await client.submit(submission())
            let rejection = await #expect(throws: QueueClientError.self) {
                try await client.submit(submission("null", .reject))
            }
            #expect(rejection?.code == .notUnique)
            #expect(rejection?.status == 409)
            #expect(rejection?.message.contains("\(holder.id)") == true)
            let batch = try await client.submit([submission("null", .reject), Submission(type: "later")])
            #expect(batch.map(\.rejection) == [.notUnique, nil])
            #expect(batch.first?.id == holder.id)
            #expect(try await client.tasks().total == 2)
        }
    }

    @Test func aRerunWaitsForTheHolder() async throws {
        try await ClientServer.run { client in
            let holder = try await client.submit(submission("1", .rerun))
            let lease = try #require(try await client.lease(["later"], as: "w").leases.first)
            #expect(lease.task.id == holder.id)
            let next = try await client.submit(submission("2", .rerun))
            #expect(next.id != holder.id && !next.isReplaced)
            #expect(next.pendingReason == .blocked)
            let newest = try await client.submit(submission("3", .rerun))
            #expect(newest.id == next.id && newest.isReplaced)
            try await client.complete(lease.lease)
            let task = try await client.task(next.id)
            #expect(task.pendingReason == .ready)
            #expect(task.payload.text == "3")
        }
    }

    @Test func aDebouncedTaskWaits() async throws {
        try await ClientServer.run { client in
            let debounce = Submission.Unique.Conflict.debounce(wait: .seconds(3600), keepsFirst: true)
            let first = try await client.submit(submission("1", debounce))
            #expect(first.pendingReason == .scheduled)
            #expect(first.unique?.until == .started)
            let second = try await client.submit(submission("2", debounce))
            #expect(second.id == first.id && second.isReplaced)
            #expect(second.payload.text == "1")
            #expect(second.runAt >= first.runAt)
        }
    }
}
