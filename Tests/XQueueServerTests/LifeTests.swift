import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting

@testable import XQueueServer

@Suite("Server lifecycle", .timeLimit(.minutes(5))) struct LifeTests {
    @Test("A shutdown finishes requests in progress, and accepts no more") func shutdown() async throws {
        try await LiveServer.run { server in
            let busy = try await server.connect()
            let idle = try await server.connect()
            try await idle.send(ConnectionTests.get("/livez"))
            #expect(await idle.reply()?.status == 200)
            server.store.hold(.insert)
            try await busy.send(ConnectionTests.post(#"{"type":"a"}"#))
            await server.store.waitForHeldCalls(of: .insert)
            await server.shutDown()
            #expect(await idle.end() == "")
            await #expect(throws: (any Error).self) { try await server.connect() }
            server.store.release(.insert)
            #expect(await busy.reply()?.status == 201)
            #expect(await busy.end() == "")
        }
    }

    @Test("A shutdown completes a long reply") func longReply() async throws {
        // How long a shutdown waits for it. A busy machine takes its time.
        var configuration = ServerConfiguration()
        configuration.requestTimeout = .seconds(240)
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            let payload = "\"" + String(repeating: "x", count: 1_000_000) + "\""
            for _ in 0..<8 {
                try await connection.send(ConnectionTests.post(#"{"type":"a","payload":\#(payload)}"#))
                #expect(await connection.reply()?.status == 201)
            }
            server.store.hold(.tasks)
            try await connection.send(ConnectionTests.get("/api/v1/tasks?limit=1000"))
            await server.store.waitForHeldCalls(of: .tasks)
            await server.shutDown()
            server.store.release(.tasks)
            #expect(await connection.reply()?.body.hasSuffix("\"next\":null}") == true)
        }
    }

    @Test("A shutdown does not wait forever for a missing body") func stuckClient() async throws {
        var configuration = ServerConfiguration()
        configuration.requestTimeout = .milliseconds(50)
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{")
            await server.shutDown()
            _ = await connection.end()
        }
    }

    @Test("A port in use is a clear error") func portInUse() async throws {
        try await LiveServer.run { server in
            let manager = TaskManager(store: server.store, logger: TestAPI.logger)
            let configuration = ServerConfiguration(host: "127.0.0.1", port: server.port)
            let second = QueueServer(manager: manager, configuration: configuration, logger: TestAPI.logger)
            let error = await #expect(throws: ServerError.self) { try await second.run() }
            #expect(error?.code == .addressInUse)
            #expect(error?.message.contains("127.0.0.1:\(server.port)") == true)
        }
    }

    @Test(
        "A host of another machine is a clear error",
        arguments: ["192.0.2.1", "no-such-host.invalid"])
    func foreignHost(host: String) async throws {
        try await TestAPI.withStore { store, _ in
            let manager = TaskManager(store: store, logger: TestAPI.logger)
            let configuration = ServerConfiguration(host: host, port: 0)
            let server = QueueServer(manager: manager, configuration: configuration, logger: TestAPI.logger)
            let error = await #expect(throws: ServerError.self) { try await server.run() }
            #expect(error?.code == .cannotListen)
            #expect(error?.message.contains(host) == true)
        }
    }
}
