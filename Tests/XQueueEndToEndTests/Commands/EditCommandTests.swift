import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// `xqueue edit` with a real server.
@Suite("xqueue edit") struct EditCommandTests {
    private let folder: ServerFolder
    private let api: API
    private let tool: Tool

    init() async throws {
        folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        api = API(server)
        tool = Tool(server, in: folder)
    }

    @Test("A task that waits is edited, and a watcher sees it") func edit() async throws {
        let id = try await api.submit(
            "nobody-serves-this", #"{"to":"ann","cc":"bob"}"#, #""delay":3600,"unique_key":"u""#
        ).id
        let watch = try tool.start(["watch", "\(id)"])
        try await eventually("it is shown") { watch.output.contains("\tpending\t") }
        try folder.write("payload.json", #"{"cc": null, "n": 1.50}"#)
        let edited = try await tool.run(
            "edit", "\(id)", "--payload", "@payload.json", "--priority", "-3", "--now", "--unset",
            "unique-key",
            "--if-version", "1")
        #expect(edited.status == 0, "\(edited.errors)")
        #expect(edited.lines == ["\(id)\tpending\tversion 2"])
        let task = try await api.task(id)
        #expect(task.payload.text.contains("1.50") && !task.payload.text.contains("cc"))
        #expect(task.payload.text.contains("ann"))
        #expect(task.priority == -3)
        #expect(task.uniqueKey == nil)
        #expect(task.pendingReason == .ready)
        let json: QueueTask = try await tool.run("edit", "\(id)", "--max-retry", "0", "--json").decoded()
        #expect(json.version == 3 && json.maxRetry == 0)

        let conflict = try await tool.run("edit", "\(id)", "--priority", "1", "--if-version", "2")
        #expect(conflict.status == 1 && conflict.errors.contains("version"), "\(conflict.errors)")
        #expect(try await tool.run("edit", "\(id)", "--priority", "5000000000").status == 65)
        #expect(try await tool.run("edit", "\(id)").status == 64)
        #expect(try await api.task(id).version == 3)
        #expect(try await tool.run("cancel", "\(id)").status == 0)
        #expect(try await watch.end().status == 1)
        let words = watch.output.split(separator: "\n").compactMap { line in
            line.split(separator: "\t").dropFirst(2).first.map(String.init)
        }
        #expect(words == ["pending", "edited", "edited", "canceled"])
    }

    @Test("Of many tasks, those that do not wait are reported") func many() async throws {
        let first = try await api.submit("nobody-serves-this").id
        let gone = try await api.submit("nobody-serves-this").id
        let second = try await api.submit("nobody-serves-this").id
        #expect(try await tool.run("cancel", "\(gone)").status == 0)
        let input = "\(first)\n\(gone)\n\(second)\n"
        let edited = try await tool.run("edit", "-", "--priority", "7", input: input)
        #expect(edited.status == 1)
        #expect(edited.lines == [first, second].map { "\($0)\tpending\tversion 2" })
        #expect(edited.errors.contains("\(gone) is not pending"))
        #expect(edited.errors.contains("1 of 3 tasks were rejected"))
        #expect(try await api.task(second).priority == 7)
        let unknown = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"
        #expect(try await tool.run("edit", unknown, "--now").status == 2)
    }
}
