import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Submitting a file of tasks with the real program, whatever may interrupt it.
@Suite struct FileSubmitTests {
    private let folder: ServerFolder
    private let tool: Tool

    init() async throws {
        folder = try ServerFolder()
        tool = Tool(nil, in: folder)
    }

    private struct Summary: Decodable {
        var lines: Int
        var accepted: Int
        var answered: Int
        var refused: Int
    }

    /// Writes `count` lines; the payload of each is its number.
    private func write(_ name: String, _ count: Int, type: String = "nobody-serves-this") throws {
        let lines = (1...count).map { #"{"type":"\#(type)","payload":{"n":\#($0)}}"# + "\n" }
        try folder.write(name, lines.joined())
    }

    /// The number of tasks with each payload.
    private func numbers(_ api: API) async throws -> [Int: Int] {
        struct Payload: Decodable { var n: Int }
        var counts: [Int: Int] = [:]
        for task in try await api.allTasks() {
            let payload = try task.payload.decode(Payload.self)
            counts[payload.n, default: 0] += 1
        }
        return counts
    }

    private func expectOnceEach(_ count: Int, _ api: API) async throws {
        let numbers = try await numbers(api)
        #expect(numbers.count == count)
        #expect(numbers.values.allSatisfy { $0 == 1 })
        #expect(firstDifference(numbers.keys.sorted(), 1...count) == nil)
    }

    @Test func aFileIsSubmittedInOrder() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let tool = Tool(server, in: folder)
        try write("tasks.ndjson", 2500)
        let outcome = try await tool.run("submit", "--file", "tasks.ndjson", "--json")
        #expect(outcome.status == 0)
        let summary: Summary = try outcome.decoded()
        #expect(summary.lines == 2500 && summary.accepted == 2500 && summary.answered == 0)
        let api = API(server)
        try await expectOnceEach(2500, api)
        // Newest first: identifiers sort like the lines.
        let ids = try await tool.run("list", "--all", "--ids").lines
        #expect(ids == ids.sorted(by: >))
        // No state is left that would prevent submitting the file again.
        #expect(folder.read("tasks.ndjson.xqueue-state") == "")
        #expect(try await tool.run("submit", "--file", "-", input: folder.read("tasks.ndjson")).status == 0)
        #expect(try await api.stats()[.pending] == 5000)
    }

    @Test func aKilledRunResumesWithoutLossOrDuplicates() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let proxy = try await TCPProxy.start(to: #require(server.address.port))
        let tool = Tool(nil, in: folder, environment: ["XQUEUE_URL": "http://127.0.0.1:\(proxy.port)"])
        let api = API(server)
        let count = 6000
        try write("tasks.ndjson", count)
        let arguments = ["submit", "--file", "tasks.ndjson", "--batch", "50", "--resume"]
        for round in 1...4 {
            let before = try await api.stats()[.pending]
            // In the middle of a request or a reply, wherever that is.
            proxy.stall(afterBytes: 100_000)
            let run = try tool.start(arguments)
            try await eventually("the run is in the middle in round \(round)") {
                proxy.isStalled || !run.program.isRunning
            }
            run.program.send(SIGKILL)
            #expect(try await run.end().status == -SIGKILL)
            proxy.dropConnections()
            proxy.setStalled(false)
            // Round 4 begins where round 1 did.
            let now = try await api.stats()[.pending]
            #expect(round == 4 || now > before)
            // This also works if the end of the state file never reached the disk.
            if round == 3 {
                let state = folder.read("tasks.ndjson.xqueue-state").split(separator: "\n")
                try folder.write("tasks.ndjson.xqueue-state", state.prefix(3).joined(separator: "\n") + "\n")
            }
        }
        #expect(try await tool.start(arguments).end().status == 0)
        try await expectOnceEach(count, api)
        // The same command again submits nothing.
        #expect(try await tool.start(arguments).end().status == 0)
        #expect(try await api.stats()[.pending] == count)
    }

    @Test func aKilledServerCausesNoLossOrDuplicates() async throws {
        let home = try ServerFolder()
        let port = try FreePort.next()
        var server = try await ServerProcess(in: home, port: port)
        let count = 6000
        try write("tasks.ndjson", count, type: "example")
        let tool = Tool(server, in: folder)
        let run = try tool.start(["submit", "--file", "tasks.ndjson", "--batch", "50", "--retry-for", "120s"])
        for _ in 1...3 {
            let api = API(server)
            let before = try await api.stats()
            try await eventually("more tasks are submitted") {
                let now = try await api.stats()
                return !run.program.isRunning
                    || now[.pending] + now[.success] > before[.pending] + before[.success] + 200
            }
            try await server.kill9()
            server = try await ServerProcess(in: home, port: port)
        }
        #expect(try await run.end().status == 0)
        // Finished tasks are recognized too.
        try await expectOnceEach(count, API(server))
    }

    @Test func anUnreachableServerStopsItAndItResumesLater() async throws {
        let port = try FreePort.next()
        try write("tasks.ndjson", 10)
        let url = ["--url", "http://127.0.0.1:\(port)"]
        let first = try await tool.start(["submit", "--file", "tasks.ndjson", "--retry-for", "0s"] + url)
            .end()
        #expect(first.status == 69)
        #expect(first.errors.contains("--resume"))
        let refused = try await tool.start(["submit", "--file", "tasks.ndjson"] + url).end()
        #expect(refused.status == 64)
        #expect(refused.errors.contains("--restart"))
        let server = try await ServerProcess(in: ServerFolder(), port: port)
        #expect(
            try await tool.start(["submit", "--file", "tasks.ndjson", "--resume"] + url).end().status == 0)
        try await expectOnceEach(10, API(server))
    }

    @Test func aBadLineIsNamedAndCanBeFixed() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let tool = Tool(server, in: folder)
        let api = API(server)
        var lines = (1...30).map { #"{"type":"t","payload":{"n":\#($0)}}"# }
        lines[9] = #"{"type":"t","payload":{"n":10},"priority":"high"}"#
        lines[19] = #"{"type":"t","payload":{"n":20}"#
        try folder.write("tasks.ndjson", lines.joined(separator: "\n"))
        let first = try await tool.run("submit", "--file", "tasks.ndjson")
        #expect(first.status == 65)
        #expect(first.errors.contains("tasks.ndjson:10: priority must be an integer"))
        #expect(first.errors.contains("through line 9"))
        #expect(try await api.stats()[.pending] == 9)

        lines[9] = #"{"type":"t","payload":{"n":10},"priority":1}"#
        try folder.write("tasks.ndjson", lines.joined(separator: "\n"))
        let second = try await tool.run("submit", "--file", "tasks.ndjson", "--resume")
        #expect(second.status == 65)
        #expect(second.errors.contains("tasks.ndjson:20: not JSON"))
        #expect(try await api.stats()[.pending] == 19)

        // Lines already submitted must not change.
        lines[0] = #"{"type":"t","payload":{"n":999}}"#
        try folder.write("tasks.ndjson", lines.joined(separator: "\n"))
        let changed = try await tool.run("submit", "--file", "tasks.ndjson", "--resume")
        #expect(changed.status == 65)
        #expect(changed.errors.contains("the first 19 lines"))

        lines[0] = #"{"type":"t","payload":{"n":1}}"#
        lines[19] = #"{"type":"t","payload":{"n":20}}"#
        try folder.write("tasks.ndjson", lines.joined(separator: "\n"))
        #expect(try await tool.run("submit", "--file", "tasks.ndjson", "--resume").status == 0)
        try await expectOnceEach(30, api)
    }

    @Test func badLinesAreSkippedOnRequest() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let tool = Tool(server, in: folder)
        var lines = (1...20).map { #"{"type":"t","payload":{"n":\#($0)}}"# }
        lines[3] = "nonsense"
        lines[4] = ""
        lines[11] = #"{"payload":{"n":12}}"#
        lines[15] = #"{"type":"t","colour":"red"}"#
        try folder.write("tasks.ndjson", lines.joined(separator: "\n"))
        let outcome = try await tool.run("submit", "--file", "tasks.ndjson", "--keep-going", "--json")
        #expect(outcome.status == 65)
        let summary: Summary = try outcome.decoded()
        #expect(summary.lines == 20 && summary.accepted == 16 && summary.refused == 3)
        for place in [":4: not JSON", ":12: type is required", ":16: unknown field colour"] {
            #expect(outcome.errors.contains(place))
        }
        #expect(try await API(server).stats()[.pending] == 16)
    }

    @Test func anInterruptExplainsHowToResume() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let tool = Tool(server, in: folder)
        let api = API(server)
        try write("tasks.ndjson", 6000)
        let run = try tool.start(["submit", "--file", "tasks.ndjson", "--batch", "50"])
        try await eventually("some tasks are submitted") { try await api.stats()[.pending] > 200 }
        run.program.send(SIGINT)
        let outcome = try await run.end()
        #expect(outcome.status == 130)
        #expect(outcome.errors.contains("--resume"))
        #expect(try await tool.run("submit", "--file", "tasks.ndjson", "--resume").status == 0)
        try await expectOnceEach(6000, api)
    }

    @Test func batchesFitTheServersLimits() async throws {
        let server = try await ServerProcess(
            in: ServerFolder(), ["--server-max-body-size", "4096", "--queue-max-batch", "40"])
        let tool = Tool(server, in: folder)
        try write("tasks.ndjson", 300)
        #expect(try await tool.run("submit", "--file", "tasks.ndjson").status == 0)
        try await expectOnceEach(300, API(server))
    }
}
