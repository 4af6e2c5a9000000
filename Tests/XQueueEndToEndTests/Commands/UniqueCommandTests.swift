import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// Unique keys on the command line, with a real server.
@Suite struct UniqueCommandTests {
    private let folder: ServerFolder
    private let api: API
    private let tool: Tool

    init() async throws {
        folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        api = API(server)
        tool = Tool(server, in: folder)
    }

    private func submit(_ payload: String, _ options: String...) async throws -> Tool.Outcome {
        try await tool.start(["submit", "nobody-serves-this", payload, "--unique-key", "k"] + options).end()
    }

    @Test func aSubmissionSaysWhatBecameOfIt() async throws {
        let first = try await submit("1", "--delay", "1h")
        let id = try #require(first.lines.first.flatMap { TaskID($0) })
        #expect(first.status == 0 && !first.errors.contains("note"))

        let returned = try await submit("2")
        #expect(returned.status == 0 && returned.lines == ["\(id)"])
        #expect(returned.errors.contains("\(id) already exists, scheduled; no task was added"))

        let replaced = try await submit("3", "--on-conflict", "replace")
        #expect(replaced.status == 0 && replaced.lines == ["\(id)"])
        #expect(replaced.errors.contains("\(id) was updated by this submission"))
        #expect(try await api.task(id).payload.text == "3")

        let rejected = try await submit("4", "--on-conflict", "reject")
        #expect(rejected.status == 1 && rejected.output == "")
        #expect(rejected.errors.contains("task \(id) holds the unique key"))

        let json = try await submit("5", "--json")
        #expect(json.errors == "")
        #expect(try json.decoded(QueueTask.self).isDeduplicated)
        #expect(try await api.stats()[.pending] == 1)
    }

    @Test func aTaskShowsItsRule() async throws {
        let options = ["--unique-by", "to", "--unique-until", "window", "--unique-window", "1h"]
        let submitted = try await tool.start(["submit", "nobody-serves-this", #"{"to":"ann"}"#] + options)
            .end()
        let id = try #require(submitted.lines.first)
        let sheet = try await tool.run("get", id)
        #expect(sheet.lines.contains("unique\tuntil window  window 3600"))
        #expect(sheet.output.contains("\nunique_key\t#"))
        let edited = try await tool.run("edit", id, "--unset", "unique-key")
        #expect(edited.status == 0, "\(edited.errors)")
        #expect(try await !tool.run("get", id).output.contains("unique"))
    }

    @Test func aLineWithATakenKeyIsReported() async throws {
        let first = try await submit("1")
        let unique = #""unique":{"key":"k","on_conflict":"#
        try folder.write(
            "tasks.ndjson",
            """
            {"type":"nobody-serves-this","payload":2}
            {"type":"nobody-serves-this","payload":3,\(unique)"reject"}}
            {"type":"nobody-serves-this","payload":4,\(unique)"replace"}}
            {"type":"nobody-serves-this","payload":5}
            """)
        let stopped = try await tool.run("submit", "--file", "tasks.ndjson", "--resume")
        #expect(stopped.status == 65)
        let message = "tasks.ndjson:2: task \(first.lines.first ?? "") holds the unique key; it is pending"
        #expect(stopped.errors.contains(message))
        #expect(stopped.errors.contains("submitted through line 1"))
        let rest = try await tool.run("submit", "--file", "tasks.ndjson", "--resume", "--keep-going")
        #expect(rest.status == 65)
        #expect(rest.errors.contains(message))
        #expect(rest.output.contains("1 of them matched existing tasks"))
        // The lines after the rejected one are sent twice.
        let payloads = try await api.allTasks().map(\.payload.text).sorted()
        #expect(payloads == ["2", "4", "5"])
    }
}
