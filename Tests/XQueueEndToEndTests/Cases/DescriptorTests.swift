import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The program with a very low limit of open files.
@Suite struct DescriptorTests {
    private static func limit(_ count: Int) -> String { "ulimit -n \(count); exec \"$@\"" }

    @Test func programsRunAFewAtATime() async throws {
        let folder = try ServerFolder()
        try folder.write("job.sh", "#!/bin/sh\nsleep 0.1\n", executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let server = try await ServerProcess(in: folder, shell: Self.limit(56))
        let api = API(server)
        let ids = try await Self.submit(30, "job", to: api)
        for id in ids {
            let task = try await api.end(of: id)
            #expect(task.status == .success, "\(task.error ?? "")")
        }
        #expect(server.isRunning)
        #expect(server.output.contains("Few file descriptors are free"))
    }

    @Test func anAttemptWithoutDescriptorsIsRetriedAndOthersContinue() async throws {
        let folder = try ServerFolder()
        try folder.write("job.sh", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.05; done\n", executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let server = try await ServerProcess(in: folder, shell: Self.limit(56))
        let api = API(server)
        let ids = try await Self.submit(20, "job", to: api)
        try await eventually("an attempt fails") {
            try await api.send("GET", "/tasks?type=job").text.contains("too few file descriptors are free")
        }
        for _ in 0..<20 {
            let other = try await api.submit("example")
            #expect(try await api.end(of: other.id).status == .success)
        }
        try folder.write("go", "")
        for id in ids { #expect(try await api.end(of: id).status == .success) }
        #expect(server.isRunning)
    }

    @Test func webhooksAreSentAFewAtATime() async throws {
        let service = try await ScriptedService.start { _ in
            [.pause(.milliseconds(100)), ScriptedService.answer()]
        }
        let folder = try ServerFolder()
        try folder.write(
            "xqueue.yaml", "handlers:\n  hook: { webhook: \"http://127.0.0.1:\(service.port)/\" }\n")
        let server = try await ServerProcess(in: folder, shell: Self.limit(64))
        let api = API(server)
        for id in try await Self.submit(60, "hook", to: api) {
            let task = try await api.end(of: id)
            #expect(task.status == .success, "\(task.error ?? "")")
        }
        #expect(server.isRunning)
    }

    @Test func connectionsLeaveRoomForPrograms() async throws {
        let folder = try ServerFolder()
        try folder.write("job.sh", "#!/bin/sh\nsleep 0.1\necho 1 >> done\n", executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let server = try await ServerProcess(in: folder, shell: Self.limit(128))
        let api = API(server)
        let ids = try await Self.submit(20, "job", to: api, #""delay": 2"#)
        do {
            let idle = IdleConnections(200, to: try #require(server.address.port))
            try await eventually("the programs have run") {
                folder.read("done").split(separator: "\n").count == 20
            }
            // Idle connections are closed for it.
            try await eventually("a new client is answered") { (try? await API(server).stats()) != nil }
            #expect(idle.count == 200)
        }
        for id in ids { #expect(try await api.end(of: id).status == .success) }
        #expect(server.isRunning)
    }

    #if Redis
    @Test func theStoreIsReachedAgainDespiteGreedyClients() async throws {
        let redis = try await RedisServer.shared
        let proxy = try await TCPProxy.start(to: redis.port)
        let folder = try ServerFolder()
        let server = try await ServerProcess(
            in: folder,
            ["--redis-addr", "127.0.0.1:\(proxy.port)", "--redis-key-prefix", RedisServer.prefix()],
            shell: Self.limit(128))
        let api = API(server)
        let before = try await api.submit("example")
        #expect(try await api.end(of: before.id).status == .success)
        let ids = try await Self.submit(20, "example", to: api, #""delay": 3"#)
        do {
            let idle = IdleConnections(200, to: try #require(server.address.port))
            for _ in 1...3 {
                proxy.dropConnections()
                try await eventually("Redis is reached again") { proxy.connectionCount >= 2 }
            }
            #expect(idle.count == 200)
        }
        for id in ids { #expect(try await api.end(of: id).status == .success) }
        #expect(server.isRunning)
    }
    #endif

    @Test func tooFewDescriptorsToStartAreReportedInALine() async throws {
        let folder = try ServerFolder()
        let program = try RunningProgram(
            program: URL(filePath: "/bin/sh"),
            ["-c", Self.limit(20), "sh", try ProgramFile.built("xqueue"), "serve", "--server-port", "0"],
            in: folder, name: "server")
        #expect(try await program.exitStatus() == 78)
        #expect(
            program.output.hasPrefix("xqueue: open file limit 20 is too low: "), "\(program.output)")
    }

    private static func submit(
        _ count: Int, _ type: String, to api: API, _ members: String = #""delay": 0"#
    ) async throws -> [TaskID] {
        let task = #"{"type":"\#(type)","payload":{},"max_retry":50,\#(members)}"#
        let body = #"{"tasks":[\#(Array(repeating: task, count: count).joined(separator: ","))]}"#
        let reply = try await api.send("POST", "/tasks/batch", body)
        return try reply.decoded(SubmittedBatch.self).tasks.map(\.id)
    }
}
