import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// What the client sends to edit a task.
@Suite struct EditRequestTests {
    private static let task = """
        {"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","type":"mail","payload":null,"priority":9,"max_retry":3,\
        "queue_timeout":0,"process_timeout":60,"retry_policy":{"strategy":"fixed","delay":1,"max_delay":9,"jitter":0},\
        "status":"pending","attempt":0,"retry_count":0,"errors":[],"version":4,"created_at":"2026-01-01T00:00:00.000Z",\
        "updated_at":"2026-01-01T00:00:00.000Z","run_at":"2026-01-01T00:00:00.000Z"}
        """
    private let id: TaskID

    init() throws {
        id = try #require(TaskID("01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"))
    }

    private func body(of edit: TaskEdit) async throws -> String {
        try await SentRequest.last(Self.task) { try await $0.edit(id, edit) }.body
    }

    @Test func onlyWhatIsGivenIsSent() async throws {
        var edit = TaskEdit()
        edit.priority = 9
        let sent = try await SentRequest.last(Self.task) { [edit] client in
            let task = try await client.edit(id, edit)
            #expect(task.version == 4)
        }
        #expect(sent.line == "PATCH /api/v1/tasks/\(id) HTTP/1.1")
        #expect(sent.version == nil)
        #expect(sent.body == #"{"priority":9}"#)
        #expect(try await body(of: TaskEdit()) == "{}")
    }

    @Test func everyFieldIsSent() async throws {
        var edit = TaskEdit()
        edit.payload = try RawJSON(#"{"z": 1.50}"#)
        edit.priority = -1
        edit.maxRetry = 0
        edit.queueTimeout = .zero
        edit.processTimeout = .milliseconds(1500)
        edit.concurrencyKey = "k"
        edit.maxConcurrency = 2
        edit.runAt = Timestamp(milliseconds: 1000)
        edit.uniqueKey = "u"
        edit.metadata = try RawJSON(#"{"user":7}"#)
        edit.retryPolicy.maxDelay = .seconds(60)
        #expect(
            try await body(of: edit) == """
                {"payload":{"z": 1.50},"priority":-1,"max_retry":0,"queue_timeout":0,"process_timeout":1.5,\
                "concurrency_key":"k","max_concurrency":2,"run_at":"1970-01-01T00:00:01.000Z","unique_key":"u",\
                "metadata":{"user":7},"retry_policy":{"max_delay":60}}
                """)
        edit = TaskEdit()
        edit.unique = .init(until: .window, window: .seconds(60))
        #expect(try await body(of: edit) == #"{"unique":{"until":"window","window":60}}"#)
        edit = TaskEdit()
        edit.delay = .seconds(90)
        #expect(try await body(of: edit) == #"{"delay":90}"#)
    }

    @Test func aResetFieldIsNullWhateverItsValue() async throws {
        var edit = TaskEdit(resets: Set(TaskEdit.Field.allCases))
        edit.priority = 9
        edit.delay = .seconds(90)
        edit.retryPolicy.jitter = 0.5
        #expect(
            try await body(of: edit) == """
                {"payload":null,"priority":null,"max_retry":null,"queue_timeout":null,"process_timeout":null,\
                "concurrency_key":null,"max_concurrency":null,"run_at":null,"unique_key":null,"unique":null,\
                "metadata":null,"retry_policy":null}
                """)
    }

    @Test func aPatchIsSentAsItIs() async throws {
        let sent = try await SentRequest.last(Self.task) { client in
            try await client.edit(id, RawJSON(#"{"run_at": null}"#), version: 3)
        }
        #expect(sent.version == #""3""#)
        #expect(sent.body == #"{"run_at": null}"#)
    }

    @Test(
        "An edit is repeated after a failure only if it has no version",
        arguments: [nil, 3] as [Int?])
    func repetition(version: Int?) async throws {
        let service = try await ScriptedService.start { call in
            let answer = ScriptedService.answer(body: Self.task)
            return [call.request == 1 ? ScriptedService.answer("503 Service Unavailable") : answer]
        }
        var configuration = QueueClient.Configuration(url: "http://127.0.0.1:\(service.port)")
        configuration.retryTimeout = .seconds(60)
        try await QueueClient.with(configuration) { client in
            let patch = try RawJSON(#"{"priority":9}"#)
            if version == nil {
                try await client.edit(id, patch)
            } else {
                let error = await #expect(throws: QueueClientError.self) {
                    try await client.edit(id, patch, version: version)
                }
                #expect(error?.status == 503)
            }
        }
        #expect(service.calls.count == (version == nil ? 2 : 1))
    }
}
