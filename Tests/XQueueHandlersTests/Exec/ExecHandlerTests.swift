import Foundation
import Testing
import XQueue
import XQueueCore
import XQueueTestServers

@testable import XQueueHandlers

/// A program's input, and how its output and exit status are interpreted.
@Suite struct ExecHandlerTests {
    @Test func thePayloadGoesInAndTheLastLineComesOut() async throws {
        try await ExecQueue.run("payload=$(cat); echo some words; echo \"{\\\"got\\\": $payload}\"") {
            queue in
            let task = try await queue.result(of: #"{"a":[1,2],"b":"ü"}"#)
            #expect(task.status == .success)
            #expect(task.result?.text == #"{"got": {"a":[1,2],"b":"ü"}}"#)
        }
    }

    @Test(arguments: [
        ("true", nil), ("echo words", nil), ("echo 42", "42"), ("printf 42", "42"),
        ("echo '[1]'; echo", "[1]"),
        (#"echo '{"progress": 50, "url": "x"}'"#, #"{"progress": 50, "url": "x"}"#),
        (#"echo '{"done":true}'; echo '{"progress": 100}'"#, #"{"done":true}"#),
        ("echo 1; echo words", nil),
    ])
    func resultsAreJSONOrNothing(script: String, result: String?) async throws {
        try await ExecQueue.run(script) { queue in
            let task = try await queue.result()
            #expect(task.status == .success)
            #expect(task.result?.text == result)
        }
    }

    @Test func progressIsReportedWhileTheProgramRuns() async throws {
        let script = #"echo '{"progress": 40, "message": "halfway"}'; until [ -e go ]; do sleep 0.01; done"#
        try await ExecQueue.run(script) { queue in
            let id = try await queue.submit()
            let running = try await queue.task(id, "progress arrives") { $0.progress != nil }
            #expect(running.status == .processing)
            #expect(running.progress == TaskProgress(percent: 40, message: "halfway"))
            try queue.folder.write("go", "")
            #expect(try await queue.end(of: id).status == .success)
        }
    }

    @Test func theEnvironmentNamesTheTaskAndHidesTheConfiguration() async throws {
        let environment = [
            "PATH": "/usr/bin:/bin", "XQUEUE_STORE_PATH": "secret", "HOME": "/home/x", "LC_ALL": "C",
            "AWS_SECRET_ACCESS_KEY": "secret", "DATABASE_URL": "secret", "WANTED": "named",
        ]
        try await ExecQueue.run(
            "env > environment; pwd > directory", environment: environment,
            change: {
                $0.environment = ["COLOUR": "red", "HOME": "/elsewhere"]
                $0.inheritedVariables = ["WANTED", "MISSING"]
            }
        ) { queue in
            let task = try await queue.end(
                of: try await queue.submit {
                    $0.metadata = RawJSON(trusted: #"{"user": 7}"#)
                    $0.scheduled = ScheduledTick(
                        schedule: "nightly", tick: Timestamp(milliseconds: 1_767_225_600_000))
                })
            let lines = Set((queue.folder.read("environment") ?? "").split(separator: "\n").map(String.init))
            #expect(
                lines.isSuperset(of: [
                    "XQUEUE_TASK_ID=\(task.id)", "XQUEUE_TASK_TYPE=job", "XQUEUE_ATTEMPT=1", "COLOUR=red",
                    #"XQUEUE_METADATA={"user": 7}"#, "XQUEUE_SCHEDULE=nightly",
                    "XQUEUE_TICK=2026-01-01T00:00:00.000Z",
                    "HOME=/elsewhere", "PATH=/usr/bin:/bin", "LC_ALL=C", "WANTED=named",
                ]))
            #expect(!lines.contains { $0.contains("secret") })
            #expect(queue.folder.read("directory") == queue.folder.path + "\n")
        }
    }

    @Test func standardErrorGoesToTheLogAndIntoTheError() async throws {
        try await ExecQueue.run("echo one >&2; echo two >&2; exit 3") { queue in
            let task = try await queue.result()
            #expect(task.status == .failed)
            #expect(task.error == "exit status 3: one\ntwo")
            #expect(queue.log.all.contains("one"))
            #expect(queue.log.all.contains("two"))
        }
    }

    @Test func onlyTheEndOfALongErrorIsKept() async throws {
        try await ExecQueue.run("seq 1 5000 >&2; exit 1", maxOutput: 1024) { queue in
            let error = try #require(try await queue.result().error)
            #expect(error.hasSuffix("4999\n5000"))
            #expect(error.utf8.count <= ExecErrors.tailBytes + 20)
            #expect(queue.log.all.contains("further lines of standard error are not logged"))
            #expect(!queue.log.all.contains("5000"))
        }
    }

    @Test(arguments: [(1, 2), (75, 2), (70, 2), (64, 1), (65, 1)])
    func someStatusesArePermanent(status: Int, attempts: Int) async throws {
        try await ExecQueue.run("echo x >> runs; exit \(status)") { queue in
            let id = try await queue.submit { $0.retryOnceAtOnce() }
            let task = try await queue.end(of: id)
            #expect(task.status == .failed)
            #expect(task.error == "exit status \(status)")
            #expect(queue.folder.read("runs")?.count == attempts * 2)
        }
    }

    @Test func aFatalSignalIsNamed() async throws {
        try await ExecQueue.run("echo bye >&2; kill -KILL $$") { queue in
            let task = try await queue.result()
            #expect(task.error == "killed by signal 9 (SIGKILL): bye")
        }
    }

    @Test func aMissingProgramIsReported() async throws {
        try await ExecQueue.run("", change: { $0.path = "./missing.sh" }) { queue in
            let id = try await queue.submit { $0.retryOnceAtOnce() }
            let task = try await queue.end(of: id)
            #expect(task.status == .failed)
            #expect(task.retryCount == 1)
            #expect(task.error?.hasPrefix("cannot run './missing.sh': ") == true, "\(task.error ?? "")")
        }
        try await ExecQueue.run("", change: { $0.path = "xqueue-no-such-program" }) { queue in
            let task = try await queue.result()
            #expect(task.error == "cannot run 'xqueue-no-such-program': no such program")
        }
        try await ExecQueue.run("", change: { $0.workingDirectory += "/gone" }) { queue in
            let error = try await queue.result().error ?? ""
            #expect(error.contains("working directory"), "\(error)")
        }
    }

    @Test(arguments: [
        ("#!/bin/sh\n", false, "the file is not executable (chmod +x)"),
        ("#!/no/such/shell -e\n", true, "its interpreter '/no/such/shell' does not exist"),
        (
            "#!/bin/sh\r\necho 1\r\n", true,
            "its lines end with CR LF, as on Windows, so its interpreter would be '/bin/sh\\r': use LF"
        ),
        (
            "echo 1\n", true,
            "the file is not a program for this machine, nor a script with a #! line"
        ),
    ])
    func theReasonAProgramCannotRunIsReported(text: String, isExecutable: Bool, reason: String) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("program", text, executable: isExecutable)
        try await ExecQueue.run("", change: { $0.path = path }) { queue in
            let task = try await queue.result()
            #expect(task.error == "cannot run '\(path)': \(reason)")
        }
        // The same for a name found in PATH.
        guard !text.hasPrefix("echo") else { return }
        try await ExecQueue.run(
            "", environment: ["PATH": folder.path + ":/usr/bin:/bin"], change: { $0.path = "program" }
        ) { queue in
            let task = try await queue.result()
            #expect(task.error == "cannot run 'program': \(path): \(reason)")
        }
    }

    @Test func aFolderIsNotAProgram() async throws {
        try await ExecQueue.run("", change: { $0.path = "../" }) { queue in
            let task = try await queue.result()
            #expect(task.error == "cannot run '../': is a folder, not a program")
        }
    }

    @Test func aBareNameIsLookedUpInThePath() async throws {
        try await ExecQueue.run(
            "",
            change: {
                $0.path = "printf"
                $0.arguments = ["%s", "[7]"]
            }
        ) { queue in
            let task = try await queue.result()
            #expect(task.result?.text == "[7]")
        }
    }

    @Test func unreadInputDoesNoHarm() async throws {
        let payload = "\"" + String(repeating: "x", count: 900_000) + "\""
        try await ExecQueue.run("echo 1") { queue in
            let task = try await queue.result(of: payload)
            #expect(task.result?.text == "1")
        }
        try await ExecQueue.run("exec <&-; echo 2") { queue in
            let task = try await queue.result(of: payload)
            #expect(task.result?.text == "2")
        }
        try await ExecQueue.run("wc -c | tr -d ' '") { queue in
            let task = try await queue.result(of: payload)
            #expect(task.result?.text == "900002")
        }
    }

    @Test func outputWithoutEndIsBounded() async throws {
        // 16 MiB in one line, then in many, then the result.
        let script = """
            head -c 16777216 /dev/zero | tr '\\0' x; echo
            yes some more words for a line | head -c 4194304; echo
            head -c 4194304 /dev/zero | tr '\\0' e >&2
            echo '{"ok":true}'
            """
        try await ExecQueue.run(script, maxOutput: 4096) { queue in
            let task = try await queue.result()
            #expect(task.result?.text == #"{"ok":true}"#)
        }
        try await ExecQueue.run("head -c 5000 /dev/zero | tr '\\0' 1", maxOutput: 4096) { queue in
            let task = try await queue.result()
            #expect(task.status == .success)
            #expect(task.result == nil)
            #expect(
                queue.log.all.contains(
                    "The last line of output exceeds max_output, so there is no result"))
        }
    }

    @Test func aChildThatKeepsThePipesOpenIsNotWaitedFor() async throws {
        try await ExecQueue.run("(echo $$ > started; exec sleep 600) & echo $! > pids; echo 1") { queue in
            let task = try await queue.result()
            #expect(task.result?.text == "1")
            let left = try await queue.processes(1)
            // It ended by itself, so what it left behind is left alone.
            #expect(kill(left[0], 0) == 0)
            kill(left[0], SIGKILL)
        }
    }

    @Test func manyRunAtOnce() async throws {
        try await ExecQueue.run("cat") { queue in
            var ids: [TaskID] = []
            for number in 0..<100 { ids.append(try await queue.submit("\(number)")) }
            for (number, id) in ids.enumerated() {
                #expect(try await queue.end(of: id).result?.text == "\(number)")
            }
        }
    }
}

extension TaskSubmission {
    fileprivate mutating func retryOnceAtOnce() {
        maxRetry = 1
        definition.retryPolicy = RetryPolicy(strategy: .fixed, delay: .milliseconds(1), jitter: 0)
    }
}
