#if Redis

import Testing
@testable import XQueueRedis
import XQueueTestServers

@Suite("Access: users, databases, sockets, encryption")
struct RedisAccessTests {
    @Test("An ACL user with a correct and with a wrong password")
    func user() async throws {
        var options = RedisOptions()
        options.users = ["worker on >secret ~* &* +@all"]
        let server = try await RedisServer.start(options)
        var configuration = try ClientFixture.configuration("redis://worker:secret@\(server.address)")
        try await ClientFixture.with(configuration) { client in
            let reply = try await client.send(RedisCommand("ACL", "WHOAMI"))
            #expect(reply.text == "worker")
        }
        configuration.password = "wrong"
        #expect(await ClientFixture.connectError(configuration)?.kind == .errorReply("WRONGPASS"))
    }

    @Test("The default user's password, and none")
    func password() async throws {
        var options = RedisOptions()
        options.password = "secret"
        let server = try await RedisServer.start(options)
        var configuration = try ClientFixture.configuration(server.address)
        #expect(await ClientFixture.connectError(configuration)?.kind == .errorReply("NOAUTH"))
        configuration.password = "secret"
        try await ClientFixture.with(configuration) { client in
            let reply = try await client.send(RedisCommand("PING"))
            #expect(reply.text == "PONG")
        }
    }

    @Test("A database number")
    func database() async throws {
        let server = try await RedisServer.start()
        try await ClientFixture.with(try ClientFixture.configuration("redis://\(server.address)/3")) {
            client in
            _ = try await client.send(RedisCommand("SET", "key", "value"))
            #expect(try await server.command("GET", "key") == .none)
            #expect(try await server.info("db3")?.hasPrefix("keys=1") == true)
        }
        let none = try ClientFixture.configuration("redis://\(server.address)/99")
        #expect(await ClientFixture.connectError(none)?.kind == .errorReply("ERR"))
    }

    @Test("A unix socket")
    func socket() async throws {
        var options = RedisOptions()
        options.hasSocketFile = true
        let server = try await RedisServer.start(options)
        let path = try #require(server.socketFile)
        for address in [path, "unix://" + path] {
            try await ClientFixture.with(try ClientFixture.configuration(address)) { client in
                let reply = try await client.send(RedisCommand("PING"))
                #expect(reply.text == "PONG")
            }
        }
    }

    @Test("TLS with a private certificate authority, trusted or not", arguments: ["127.0.0.1", "localhost"])
    func tls(_ host: String) async throws {
        let files = try await TLSFiles.make()
        var options = RedisOptions()
        options.tls = files.options(asksClients: true)
        let server = try await RedisServer.start(options)
        let port = try #require(server.tlsPort)
        var configuration = try ClientFixture.configuration("rediss://\(host):\(port)")
        #expect(await ClientFixture.connectError(configuration)?.kind == .disconnected)
        configuration.tls?.certificateFile = files.certificate
        configuration.tls?.privateKeyFile = files.key
        #expect(await ClientFixture.connectError(configuration)?.message.contains("CERTIFICATE") == true)
        configuration.tls?.caFile = files.authority
        try await ClientFixture.with(configuration) { client in
            let reply = try await client.send(RedisCommand("PING"))
            #expect(reply.text == "PONG")
        }
        configuration.tls?.caFile = nil
        configuration.tls?.verifies = false
        #expect(await ClientFixture.connectError(configuration) == nil)
        configuration.tls?.verifies = true
        configuration.tls?.caFile = "/no/such/file"
        let error = await ClientFixture.connectError(configuration)
        #expect(error?.kind == .unsuitable && error?.message.contains("/no/such/file") == true)
    }

    @Test("A server that may evict is rejected, and so is a replica")
    func unsuitable() async throws {
        var options = RedisOptions()
        options.maxMemoryPolicy = "allkeys-lru"
        let evicting = try await RedisServer.start(options)
        let policy = await ClientFixture.connectError(try ClientFixture.configuration(evicting.address))
        #expect(policy?.kind == .unsuitable && policy?.message.contains("allkeys-lru") == true)

        options = RedisOptions()
        options.replicaOf = evicting.port
        let replica = try await RedisServer.start(options)
        let role = await ClientFixture.connectError(try ClientFixture.configuration(replica.address))
        #expect(role?.kind == .unsuitable && role?.message.contains("replica") == true)
    }

    @Test("Nothing listens at the address")
    func unreachable() async throws {
        let address = "127.0.0.1:\(try FreePort.next())"
        let error = await ClientFixture.connectError(try ClientFixture.configuration(address))
        #expect(error?.kind == .disconnected && error?.message.contains(address) == true)
    }
}

#endif
