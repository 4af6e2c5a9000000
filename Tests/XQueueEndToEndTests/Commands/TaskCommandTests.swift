import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Task commands with a real server.
@Suite struct TaskCommandTests {
    private let folder: ServerFolder
    private let server: ServerProcess
    private let api: API
    private let tool: Tool
    private let unknown = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"

    init() async throws {
        folder = try ServerFolder()
        server = try await ServerProcess(in: folder)
        api = API(server)
        tool = Tool(server, in: folder)
    }

    @Test func aTaskIsSubmittedFoundAndListed() async throws {
        let submitted = try await tool.run(
            "submit", "nobody-serves-this", #"{"to":"小明"}"#, "--priority", "-3", "--max-retry", "1",
            "--queue-timeout",
            "1h", "--concurrency-key", "k", "--max-concurrency", "2",
            "--metadata", #"{"user": "小明"}"#)
        #expect(submitted.status == 0)
        let id = try #require(submitted.lines.first.flatMap { TaskID($0) })
        let task = try await api.task(id)
        #expect(task.priority == -3)
        #expect(task.maxRetry == 1)
        #expect(task.queueTimeout == .seconds(3600))
        #expect(task.concurrencyKey == "k")
        #expect(task.maxConcurrency == 2)

        let sheet = try await tool.run("get", "\(id)")
        #expect(sheet.output.contains(#"{"to":"小明"}"#))
        #expect(sheet.output.contains("nobody-serves-this"))
        #expect(sheet.output.contains(#"{"user": "小明"}"#))
        let json: QueueTask = try await tool.run("get", "\(id)", "--json").decoded()
        #expect(json.id == id)

        let list = try await tool.run("list", "--type", "nobody-serves-this", "--status", "pending")
        #expect(list.lines.count == 1)
        #expect(
            list.lines.first?.split(separator: "\t").prefix(3) == ["\(id)", "nobody-serves-this", "pending"])
        let page: QueueTaskPage = try await tool.run("list", "--json").decoded()
        #expect(page.total == 1)
        #expect(try await tool.run("list", "--concurrency-key", "other").output == "")
    }

    @Test func payloadsComeFromFilesAndStandardInput() async throws {
        try folder.write("payload.json", #"{"from": "file"}"#)
        let file = try await tool.run("submit", "t", "@payload.json", "--json")
        #expect(file.output.contains(#""payload":{"from": "file"}"#))
        let input = try await tool.run("submit", "t", "-", "--json", input: "[1, 2]\n")
        #expect(input.output.contains(#""payload":[1, 2]"#))
        let missing = try await tool.run("submit", "t", "@missing.json")
        #expect(missing.status == 66)
        #expect(missing.errors.contains("missing.json"))
        let nonsense = try await tool.run("submit", "t", "hello")
        #expect(nonsense.status == 65)
        #expect(nonsense.errors.contains("quotes"))
    }

    @Test func waitingExitsWithTheOutcomeOfTheTask() async throws {
        let good = try await tool.run(
            "submit", "example", #"{"message":"hi","steps":3,"duration_ms":30}"#, "--wait")
        #expect(good.status == 0)
        #expect(good.output.contains(#""message""#))
        #expect(good.errors.contains("success"))
        let bad = try await tool.run(
            "submit", "example", #"{"fail_times":1}"#, "--max-retry", "0", "--wait", "-q")
        #expect(bad.status == 1)
        #expect(bad.output == "")
        #expect(bad.errors.split(separator: "\n").count == 1)
        #expect(bad.errors.contains("failed"))
        let json: QueueTask = try await tool.run("submit", "example", "--wait", "--json").decoded()
        #expect(json.status == .success)
        let long = try await tool.run("submit", "nobody-serves-this", "--wait", "--wait-for", "200ms")
        #expect(long.status == 3)
        #expect(long.errors.contains("has not ended"))
    }

    @Test func anInterruptEndsTheWaitNotTheTask() async throws {
        let run = try tool.start(["submit", "nobody-serves-this", "--wait"])
        try await eventually("it waits") { run.errors.contains("pending") }
        run.program.send(SIGINT)
        let outcome = try await run.end()
        #expect(outcome.status == 130)
        #expect(outcome.errors.contains("continues"))
        #expect(try await api.stats()[.pending] == 1)
    }

    @Test func cancelAndRetryTakeManyTasksAndReportTheRejectedOnes() async throws {
        let first = try await api.submit("nobody-serves-this").id
        let second = try await api.submit("nobody-serves-this").id
        let both = try await tool.run("cancel", "\(first)", unknown, "\(second)")
        #expect(both.status == 2)
        #expect(both.lines.map { $0.prefix(36) } == ["\(first)", "\(second)"])
        #expect(both.errors.contains("no such task: \(unknown)"))
        #expect(both.errors.contains("1 of 3 tasks were rejected"))
        #expect(try await api.task(second).status == .canceled)
        #expect(try await tool.run("cancel", "\(first)").status == 1)

        let ids = try await tool.run("list", "--status", "canceled", "--all", "--ids")
        #expect(Set(ids.lines) == ["\(first)", "\(second)"])
        let retried = try await tool.run("retry", "-", input: ids.output)
        #expect(retried.status == 0)
        #expect(try await api.stats()[.pending] == 2)
        #expect(try await tool.run("retry", "\(first)").status == 1)
        #expect(try await tool.run("get", unknown).status == 2)
    }

    @Test func aUniquePrefixOfAnIdentifierIsEnough() async throws {
        let lone = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"
        let twins = ["01834b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f", "01834b8e-7d5a-7c2e-9f01-4a5b6c7d8e9f"]
        for id in [lone] + twins {
            #expect(try await tool.run("submit", "nobody-serves-this", "--id", id).status == 0)
        }
        for _ in 0..<20 { _ = try await api.submit("nobody-serves-this") }
        #expect(try await tool.run("get", "01934B8e", "--json").decoded(QueueTask.self).id == TaskID(lone))
        #expect(try await tool.run("cancel", "0193").lines == ["\(lone)\ttask canceled"])
        #expect(try await tool.run("retry", "-", input: "01934b8e-7d5a\n").lines == ["\(lone)\tpending"])
        #expect(try await tool.run("get", "01834b8e-7d5a-7c2e-9f01-4").lines.contains("id\t\(twins[1])"))
        let several = try await tool.run("cancel", "0183")
        #expect(several.status == 64)
        for twin in twins { #expect(several.errors.contains(twin)) }
        #expect(try await api.task(#require(TaskID(twins[0]))).status == .pending)
        #expect(try await tool.run("get", "01734b8e").status == 2)
        #expect(try await tool.run("get", "fffffff").status == 2)
        #expect(try await tool.run("get", "019").status == 64)
        #expect(try await tool.run("get", "mail").status == 64)
        #expect(try await tool.run("cancel", lone).status == 0)
        #expect(
            try await tool.run("watch", "01934b8e").lines.last?.hasSuffix("\tcanceled\tnobody-serves-this")
                == true)
    }

    @Test func aFullDiskIsReportedWithWhatWasDone() async throws {
        let submit = try await tool.shell("submit nobody-serves-this > /dev/full")
        #expect(submit.status == 74)
        let page: QueueTaskPage = try await tool.run("list", "--json").decoded()
        let id = try #require(page.tasks.first?.id)
        #expect(submit.errors.contains("task \(id) was submitted"))
        #expect(submit.errors.contains("No space left on device"))
        let cancel = try await tool.shell("cancel \(id) > /dev/full")
        #expect(cancel.status == 74)
        #expect(cancel.errors.contains("\(id): task canceled"))
        for command in ["list", "list --json", "types", "workers", "stats", "get \(id)", "watch \(id)"] {
            let run = try await tool.shell("\(command) > /dev/full")
            #expect(run.status == 74, "\(command)")
            #expect(run.errors.contains("No space left on device"), "\(command)")
        }
        try folder.write("tasks.ndjson", #"{"type":"a"}"# + "\n")
        let file = try await tool.shell("submit --file tasks.ndjson > /dev/full")
        #expect(file.status == 74)
        #expect(file.errors.contains("the whole file is submitted"))
    }

    @Test func argumentsThatAreNotUTF8AreRejected() async throws {
        let run = try await tool.shell(#"submit mail "$(printf '"caf\351"')""#)
        #expect(run.status == 64)
        #expect(run.errors.contains("argument 3 is not UTF-8"))
        #expect(try await tool.run("list", "--json").decoded(QueueTaskPage.self).total == 0)
    }

    @Test func everyPageIsListed() async throws {
        let tasks = Array(repeating: #"{"type":"many"}"#, count: 700).joined(separator: ",")
        for _ in 0..<3 {
            #expect(try await api.send("POST", "/tasks/batch", #"{"tasks":[\#(tasks)]}"#).status == 201)
        }
        let all = try await tool.run("list", "--all", "--ids")
        #expect(all.lines.count == 2100)
        #expect(Set(all.lines).count == 2100)
        let page = try await tool.run("list", "--limit", "5", "--offset", "2098", "--ids")
        #expect(page.lines == Array(all.lines.suffix(2)))
        let first: QueueTaskPage = try await tool.run("list", "--limit", "1000", "--json").decoded()
        let next = try #require(first.next)
        let rest = try await tool.run("list", "--limit", "1000", "--after", next, "--ids")
        #expect(rest.lines == Array(all.lines.dropFirst(1000).prefix(1000)))
        #expect(try await tool.run("list", "--after", "10").status == 65)
        #expect(try await tool.run("list", "--offset", "10001").status == 64)
    }

    @Test func typesArePausedLimitedAndListed() async throws {
        _ = try await api.submit("mail.large")
        #expect(try await tool.run("types", "pause", "mail.large").output.contains("paused"))
        #expect(try await tool.run("types", "resume", "mail.large").output.contains("open"))
        #expect(try await tool.run("types", "limit", "mail.large", "4").status == 0)
        let types = try await tool.run("types")
        #expect(types.lines.contains { $0.hasPrefix("mail.large\tno\topen\t4\t1\t") })
        let limited: QueueType = try await tool.run("types", "limit", "mail.large", "none", "--json")
            .decoded()
        #expect(limited.maxConcurrency == nil)
        #expect(try await tool.run("types", "pause", "a b").status == 65)
    }

    @Test func aMisspelledTypeIsNotCreated() async throws {
        for step in [["pause", "tpyo"], ["resume", "tpyo"], ["limit", "tpyo", "3"], ["delete", "tpyo"]] {
            let outcome = try await tool.start(["types"] + step).end()
            #expect(outcome.status == 2, "\(step): \(outcome.errors)")
            #expect(outcome.errors.contains("tpyo"))
        }
        #expect(try await !tool.run("types").output.contains("tpyo"))
        #expect(try await tool.run("types", "pause", "early", "--create").output.contains("paused"))
        #expect(try await tool.run("types", "limit", "later", "2", "--create").status == 0)
        #expect(try await tool.run("types", "delete", "early").lines == ["deleted early"])
        #expect(try await !tool.run("types").output.contains("early"))
        _ = try await api.submit("mail.large")
        let used = try await tool.run("types", "delete", "mail.large")
        #expect(used.status != 0)
        #expect(used.errors.contains("type mail.large still has tasks"))
    }

    @Test func statsShowTheQueue() async throws {
        _ = try await api.submit("nobody-serves-this")
        let stats = try await tool.run("stats")
        #expect(stats.lines.contains("pending\t1"))
        #expect(try await tool.run("stats", "--json").decoded(ServerStatistics.self)[.pending] == 1)
        let workers = try await tool.run("workers", "--json").decoded(WorkerList.self).workers
        #expect(workers.map(\.processID) == [server.processIdentifier])
        #expect(try await tool.run("workers").lines.count == 1)
    }

    @Test func anUnreachableServerIsNamed() async throws {
        let port = try FreePort.next()
        let nobody = Tool(nil, in: folder, environment: ["XQUEUE_URL": "http://127.0.0.1:\(port)"])
        for arguments in [["stats"], ["submit", "t"], ["watch"], ["cancel", unknown]] {
            let outcome = try await nobody.start(arguments).end()
            #expect(outcome.status == 69)
            #expect(outcome.errors.contains("no server is listening at http://127.0.0.1:\(port)"))
            #expect(outcome.errors.contains("xqueue serve"))
        }
        #expect(try await nobody.run("stats", "--url", "nonsense").status == 64)
    }

    @Test func aCommandWaitsForItsServerOnRequest() async throws {
        let port = try FreePort.next()
        let patient = Tool(nil, in: folder, environment: ["XQUEUE_URL": "http://127.0.0.1:\(port)"])
        let run = try patient.start(["submit", "t", "--retry-for", "60s"])
        let late = try await ServerProcess(in: ServerFolder(), port: port)
        #expect(try await run.end().status == 0)
        #expect(try await API(late).stats()[.pending] == 1)
    }
}
