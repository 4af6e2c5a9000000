#if Redis

import Foundation
import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueTestServers

@Suite("Rights of XQueue's Redis user")
struct RedisRightsTests {
    @Test("The documented rights are those that scripts and client need")
    func document() throws {
        let page = try String(
            contentsOf: RedisRights.root.appending(path: "docs/redis.md"), encoding: .utf8)
        let line =
            "ACL SETUSER xqueue on >secret "
            + (try RedisRights.rules(keys: "{xqueue}*", channels: "{xqueue}:signals"))
        let lines = page.split(separator: "\n").filter { $0.hasPrefix("ACL SETUSER") }
        #expect(lines == [Substring(line)])
    }

    @Test("Scripts name every command they run, except in shared helpers")
    func named() throws {
        for script in RedisScript.allCases {
            let text = try ScriptText.text(of: script)
            let unnamed = text.matches(of: /redis\.p?call\((?!\s*')([^)]*)/).map { String($0.1) }
            let known = unnamed.allSatisfy {
                $0.hasPrefix("command, key") || $0.hasPrefix("unpack(step") || $0.hasPrefix("kind, key")
            }
            #expect(known, "\(script.rawValue): \(unnamed)")
        }
    }

    @Test("The health check runs every command that a submission runs")
    func probe() throws {
        let submission = RedisRights.commands(in: try ScriptText.text(of: .insert))
        let probe = RedisRights.commands(in: try ScriptText.text(of: .probe))
        #expect(submission.subtracting(probe) == [])
    }

    @Test("The health check names a missing right")
    func missingRight() async throws {
        let server = try await RedisServer.start()
        let rules = try RedisRights.rules(keys: "{q}*", channels: "{q}:signals")
        let setUser =
            ["ACL", "SETUSER", "xqueue", "on", ">secret"] + rules.split(separator: " ").map(String.init)
        try await server.run(setUser)
        var configuration = try RedisConfiguration(address: server.guardedAddress)
        configuration.keyPrefix = "q"
        let store = try await RedisStore(configuration: configuration)
        try await store.check()
        for command in RedisRights.commands(in: try ScriptText.text(of: .insert)).sorted() {
            try await server.run(["ACL", "SETUSER", "xqueue", "-" + command.lowercased()])
            do throws(StoreError) {
                try await store.check()
                Issue.record("a missing right for \(command) is not noticed")
            } catch {
                #expect(error.message.contains(command), "\(error)")
            }
            try await server.run(["ACL", "SETUSER", "xqueue", "+" + command.lowercased()])
        }
        try await server.run(["ACL", "SETUSER", "xqueue", "resetchannels", "&other"])
        do throws(StoreError) {
            try await store.check()
            Issue.record("a missing right for the channel is not noticed")
        } catch {
            #expect(error.message.contains("PUBLISH"), "\(error)")
        }
        await store.close()
    }

    @Test(
        "The health check names a key of the wrong type",
        arguments: [
            "tasks", "states.2", "results", "errors", "counts", "unique", "types.2", "meta", "time",
            "leases", "ended",
            "odd-ends", "events", "nodes", "node-times.2", "held.2", "sinks", "keys", "ready:a", "index:a",
        ])
    func wrongKind(_ key: String) async throws {
        let server = try await RedisServer.guarded
        var configuration = try RedisConfiguration(address: server.guardedAddress)
        configuration.keyPrefix = RedisServer.prefix()
        let store = try await RedisStore(configuration: configuration)
        _ = try await store.insert([NewTask(id: TaskIDGenerator().next(), type: "a")])
        try await store.check()
        let name = "{\(configuration.keyPrefix)}:\(key)"
        try await server.command("DEL", name)
        try await server.command("SET", name, "x")
        do throws(StoreError) {
            try await store.check()
            Issue.record("the wrong type of \(key) is not noticed")
        } catch {
            #expect(error.message.contains(name), "\(error)")
        }
        await store.close()
    }
}

#endif
