import Testing
import XQueueClient
import XQueueCore

/// The client against a real server.
@Suite struct QueueClientTests {
    @Test func payloadAndResultAreKeptByteForByte() async throws {
        try await ClientServer.run { client in
            let payload = try RawJSON(#"{"z": 1.50, "a": [1e2, "ü"], "big": 123456789012345678901234567890}"#)
            var submission = Submission(type: "mirror", payload: payload)
            submission.priority = 7
            submission.concurrencyKey = "k"
            submission.retryPolicy.strategy = .linear
            submission.retryPolicy.delay = .milliseconds(1500)
            let submitted = try await client.submit(submission)
            #expect(submitted.payload == payload)
            #expect(submitted.priority == 7)
            #expect(submitted.concurrencyKey == "k")
            #expect(submitted.retryPolicy.strategy == .linear)
            #expect(submitted.retryPolicy.delay == .milliseconds(1500))
            let ended = try await client.end(of: submitted.id)
            #expect(ended.status == .success)
            #expect(ended.result == payload)
            #expect(ended.attempt == 1)
            #expect(ended.completedAt != nil)
        }
    }

    @Test func manyAreSubmittedAndListed() async throws {
        try await ClientServer.run { client in
            let tasks = (0..<5).map { Submission(type: "later", payload: try? RawJSON("\($0)")) }
            let submitted = try await client.submit(tasks)
            #expect(submitted.map(\.payload.text) == ["0", "1", "2", "3", "4"])
            var filter = TaskFilter()
            filter.types = ["later"]
            filter.statuses = [.pending]
            filter.limit = 3
            let first = try await client.tasks(filter)
            #expect(first.total == 5)
            let next: String = try #require(first.next)
            filter.after = next
            let second = try await client.tasks(filter)
            #expect(second.next == nil)
            #expect((first.tasks + second.tasks).map(\.id) == submitted.map(\.id).reversed())
        }
    }

    @Test func aTaskIsCanceledAndRetried() async throws {
        try await ClientServer.run { client in
            let id = try await client.submit(Submission(type: "later")).id
            try await client.cancel(id)
            #expect(try await client.task(id).status == .canceled)
            #expect(try await client.retry(id).status == .pending)
            try await client.cancel(id)
            let error = await #expect(throws: QueueClientError.self) { try await client.cancel(id) }
            #expect(error?.code.rawValue == "already_ended")
            #expect(error?.status == 409)
        }
    }

    @Test func theServersErrorsAreReported() async throws {
        try await ClientServer.run { client in
            let missing = await #expect(throws: QueueClientError.self) {
                try await client.task(TaskID(high: 0x7000, low: 0x8000_0000_0000_0000))
            }
            #expect(missing?.code == .notFound)
            #expect(missing?.status == 404)
            let bad = await #expect(throws: QueueClientError.self) {
                try await client.submit([Submission(type: "a"), Submission(type: "not a type")])
            }
            #expect(bad?.field == "tasks[1].type")
            #expect(bad?.message.isEmpty == false)
        }
    }

    @Test func anUnreachableServerIsReported() async throws {
        try await QueueClient.with(.init(url: "http://127.0.0.1:1")) { client in
            let error = await #expect(throws: QueueClientError.self) { try await client.types() }
            #expect(error?.code == .connectionRefused)
            #expect(error?.isUnsent == true)
            #expect(error?.message == "no server is listening at http://127.0.0.1:1")
        }
        #expect(throws: QueueClientError.self) { try QueueClient(.init(url: "ftp://x")) }
        #expect(throws: QueueClientError.self) { try QueueClient(.init(url: "http://")) }
    }

    @Test func typesAreControlled() async throws {
        try await ClientServer.run { client in
            #expect(try await client.pause("odd:type", create: true).isPaused)
            #expect(try await client.setLimit(3, of: "odd:type").maxConcurrency == 3)
            #expect(try await client.setLimit(nil, of: "odd:type").maxConcurrency == nil)
            #expect(try await !client.resume("odd:type").isPaused)
            try await client.submit(Submission(type: "odd:type"))
            let types = try await client.types()
            #expect(types.first { $0.type == "odd:type" }?.counts[.pending] == 1)
            #expect(types.first { $0.type == "mirror" }?.hasHandler == true)
            let statistics = try await client.statistics()
            #expect(statistics.counts[.pending] == 1)
            #expect(statistics.workers.map(\.id) == [statistics.instanceID])
            #expect(try await client.workers().first?.types == ["mirror"])
        }
    }

    @Test func eventsAreWatched() async throws {
        try await ClientServer.run { client in
            let submission = Submission(type: "mirror", payload: try RawJSON("\"fail\""))
            var seen: [TaskStatus] = []
            for try await event in client.watch(EventFilter(types: ["mirror"])) {
                switch event.kind {
                case .hello: try await client.submit(submission)
                case .status: if let status = event.status { seen.append(status) }
                default: continue
                }
                if event.status == .failed {
                    #expect(event.error?.contains("as asked") == true)
                    #expect(event.json.contains(#""event":"status""#))
                    break
                }
            }
            #expect(seen == [.pending, .processing, .failed])
        }
    }

    @Test func aWorkerRunsTasks() async throws {
        try await ClientServer.run { client in
            let id = try await client.submit(Submission(type: "mail", payload: try RawJSON("[1.0]"))).id
            let batch = try await client.lease(["mail"], as: "mailer-1", wait: .seconds(10))
            let leased = try #require(batch.leases.first)
            #expect(leased.task.id == id)
            #expect(leased.task.payload.text == "[1.0]")
            #expect(try await !client.report(leased.lease, percent: 50, message: "half").stop)
            #expect(try await client.task(id).progressMessage == "half")
            #expect(try await client.extend(leased.lease).duration > .zero)
            try await client.complete(leased.lease, result: leased.task.payload)
            #expect(try await client.task(id).result?.text == "[1.0]")
            let late = await #expect(throws: QueueClientError.self) { try await client.release(leased.lease) }
            #expect(late?.code == .leaseLost)
        }
    }

    @Test func anAttemptFailsPermanently() async throws {
        try await ClientServer.run { client in
            let id = try await client.submit(Submission(type: "mail")).id
            let lease = try #require(
                try await client.lease(["mail"], as: "m", wait: .seconds(10)).leases.first)
            try await client.fail(lease.lease, error: "no such mailbox", isPermanent: true)
            let task = try await client.task(id)
            #expect(task.status == .failed)
            #expect(task.errors.map(\.error) == ["no such mailbox"])
            #expect(task.errors.map(\.kind) == ["error"])
        }
    }

    @Test func theCodeOfTheArticleWorks() async throws {
        try await ClientServer.run { client in
            let url = client.configuration.url
            async let task = ClientArticle.submit(url: url, token: nil)
            try await ClientArticle.work(client)
            #expect(try await task.result?.text == #"{"to":"ann"}"#)
            try await ClientArticle.schedule(client)
            let build = try await ClientArticle.build(client)
            #expect(try await ClientArticle.build(client).id == build.id)
            let later = try await client.submit(Submission(type: "later"))
            try await ClientArticle.edit(later, client)
            #expect(try await client.task(later.id).priority == 9)
        }
    }
}
