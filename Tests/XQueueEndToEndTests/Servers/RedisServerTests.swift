import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// The Redis servers that other tests rely on behave as expected.
@Suite struct RedisServerTests {
    @Test func onlyPersistedDataSurvivesAKill() async throws {
        for (options, expected) in [(RedisOptions(), nil), (Self.durable, "kept")]
            as [(RedisOptions, String?)]
        {
            let server = try await RedisServer.start(options)
            try await server.command("SET", "key", "kept")
            try await server.kill()
            try await server.start()
            #expect(try await server.command("GET", "key").text == expected)
            try await server.restart()
            #expect(try await server.command("GET", "key").text == expected)
        }
    }

    @Test func itSupportsPasswordsLimitsAndASocketFile() async throws {
        var options = RedisOptions()
        options.password = "secret"
        options.users = ["worker on >other ~only:* +@all"]
        options.hasSocketFile = true
        options.maxMemory = "20mb"
        let server = try await RedisServer.start(options)
        #expect(try await server.command("ACL", "LIST").list.count == 2)
        #expect(try await server.command("CONFIG", "GET", "maxmemory").list.last?.number == 20 << 20)
        #expect(FileManager.default.fileExists(atPath: try #require(server.socketFile)))
        await #expect(throws: (any Error).self) { try await server.command("NO-SUCH-COMMAND") }
    }

    @Test func itSpeaksTLS() async throws {
        let files = try await TLSFiles.make()
        var options = RedisOptions()
        options.tls = files.options()
        let server = try await RedisServer.start(options)
        let port = try #require(server.tlsPort)
        let folder = try ServerFolder()
        let client = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("redis-cli")),
            ["--tls", "--cacert", files.authority, "-h", "localhost", "-p", "\(port)", "PING"],
            in: folder, name: "client")
        #expect(try await client.exitStatus() == 0)
        #expect(client.output == "PONG\n")
    }

    @Test func itCanBePausedAndDisconnected() async throws {
        let server = try await RedisServer.start()
        let proxy = try await TCPProxy.start(to: server.port)
        let folder = try ServerFolder()
        let client = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("redis-cli")),
            ["-p", "\(proxy.port)", "BLPOP", "list", "0"], in: folder, name: "client")
        try await eventually("the client waits") { try await server.info("blocked_clients") == "1" }
        proxy.dropConnections()
        try await eventually("the server notices the disconnect") {
            try await server.info("blocked_clients") == "0"
        }
        client.send(SIGKILL)
        server.pause()
        let answer = Task { try await server.command("PING").text }
        server.resume()
        #expect(try await answer.value == "PONG")
    }

    @Test func oneServerIsShared() async throws {
        async let first = RedisServer.shared
        async let second = RedisServer.shared
        #expect(try await first.port == second.port)
        #expect(RedisServer.prefix() != RedisServer.prefix())
    }

    @Test func sentinelsMakeAnotherServerThePrimary() async throws {
        let trio = try await RedisSentinelTrio.start()
        let first = try await trio.primaryPort()
        #expect(first == trio.servers[0].port)
        let killed = try await trio.killPrimary()
        let next = try await trio.waitForFailover(from: first)
        #expect(next == trio.servers[1].port, "\(trio.output)")
        try await killed.start()
        try await eventually("the old primary is a replica") {
            (try? await killed.info("role")) == "slave"
        }
    }

    private static var durable: RedisOptions {
        var options = RedisOptions()
        options.appendOnly = .always
        return options
    }
}
