import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// A store file is removed under a running server, which is then killed.
@Suite(.timeLimit(.minutes(5))) struct FileLossTests {
    private static let flags = ["--no-workers", "--store-path", "data/xqueue.db"]

    @Test(arguments: ["-wal", "-shm"])
    func noAcceptedTaskIsLost(suffix: String) async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder, Self.flags)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/data")[.posixPermissions]
        #expect(mode as? Int == 0o700)
        let api = API(server)
        var accepted: Set<TaskID> = []
        for _ in 0..<20 { accepted.insert(try await api.submit("later").id) }
        try FileManager.default.removeItem(atPath: folder.path + "/data/xqueue.db" + suffix)
        var rejection = ""
        try await eventually("a submission is rejected") {
            let reply = try await api.send("POST", "/tasks", #"{"type":"later"}"#)
            if reply.status == 201 {
                accepted.insert(try reply.decoded(QueueTask.self).id)
            }
            rejection = reply.text
            return reply.status == 503
        }
        #expect(rejection.contains("xqueue.db\(suffix) was removed while it was in use"))
        try await eventually("health reports it") { try await api.send("GET", "/health").status == 503 }
        try await server.kill9()

        let next = API(try await ServerProcess(in: folder, Self.flags))
        #expect(Set(try await next.allTasks().map(\.id)) == accepted)
    }
}
