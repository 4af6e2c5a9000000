import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// What handler programs can learn about the server that starts them, and do to its log.
@Suite struct SecrecyTests {
    /// Root can read any process, except in most containers.
    private static let withoutPrivilege = """
        [ "$(id -u)" != 0 ] || exec setpriv --bounding-set=-all --inh-caps=-all "$@"
        exec "$@"
        """

    #if os(Linux)
    @Test func aProgramCannotReadTheServersEnvironment() async throws {
        let folder = try ServerFolder()
        try folder.write(
            "job.sh",
            """
            #!/bin/sh
            cat /proc/$PPID/environ > seen 2> refused
            cat /proc/$$/environ > own
            """, executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        try folder.write("token", "hunter3hunter3hunter3\n")
        let server = try await ServerProcess(
            in: folder,
            environment: [
                "XQUEUE_AUTH_JWT_SECRET": "hunter2hunter2hunter2hunter2hunter2",
                "XQUEUE_AUTH_TOKEN_FILE": folder.path + "/token",
            ],
            shell: Self.withoutPrivilege)
        let api = API(server)
        let headers = ["Authorization": "Bearer hunter3hunter3hunter3"]
        let reply = try await api.send("POST", "/tasks", #"{"type":"job","max_retry":0}"#, headers: headers)
        try #require(reply.status == 201, "\(reply.text)")
        let id = try reply.decoded(QueueTask.self).id
        try await eventually("the program has run") {
            let task = try await api.send("GET", "/tasks/\(id)", headers: headers)
            return try task.decoded(QueueTask.self).status == .success
        }
        #expect(folder.read("seen").isEmpty)
        #expect(folder.read("refused").contains("Permission denied"))
        #expect(folder.read("own").contains("XQUEUE_TASK_ID=\(id)"))
        #expect(!folder.read("own").contains("hunter"))
    }
    #endif

    @Test(arguments: [
        ("text", #"a\u{1B}[31mred\r12:00:00.000 info fake\u{9B}2Jb\u{202E}c"#),
        ("json", #"a\u001b[31mred\r12:00:00.000 info fake\u009b2Jb\u202ec"#),
    ])
    func programOutputIsEscapedInTheLog(format: String, shown: String) async throws {
        let folder = try ServerFolder()
        try folder.write(
            "job.sh",
            #"""
            #!/bin/sh
            printf 'a\033[31mred\r12:00:00.000 info fake\302\2332Jb\342\200\256c\r\n' >&2
            """#, executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let server = try await ServerProcess(in: folder, ["--log-format", format])
        let api = API(server)
        let task = try await api.submit("job")
        #expect(try await api.end(of: task.id).status == .success)
        try await eventually("the log shows it") { server.output.contains(shown) }
        #expect(
            !server.output.unicodeScalars.contains {
                $0.value == 0x1B || $0 == "\r" || 0x7F...0x9F ~= $0.value
            }
        )
    }
}
