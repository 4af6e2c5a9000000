#if Redis

import Testing
@testable import XQueueRedis

@Suite("Addresses")
struct RedisAddressTests {
    @Test(
        "Every form of an address",
        arguments: [
            ("redis.example:1234", .host("redis.example", port: 1234)),
            ("redis.example", .host("redis.example", port: 6379)),
            ("[::1]:7000", .host("::1", port: 7000)),
            ("[::1]", .host("::1", port: 6379)),
            ("redis://h:1", .host("h", port: 1)),
            ("rediss://h", .host("h", port: 6379)),
            ("unix:///run/redis.sock", .socket(path: "/run/redis.sock")),
            ("/run/redis.sock", .socket(path: "/run/redis.sock")),
        ] as [(String, RedisAddress.Place)])
    func forms(_ text: String, _ place: RedisAddress.Place) throws {
        #expect(try RedisAddress(text).place == place)
    }

    @Test("An address can set user, password, database and encryption")
    func url() throws {
        let configuration = try RedisConfiguration(address: "rediss://us%40er:p%3Aw%25@host:7000/3")
        #expect(configuration.username == "us@er")
        #expect(configuration.password == "p:w%")
        #expect(configuration.database == 3)
        #expect(configuration.tls != nil)
        #expect(configuration.address.description == "host:7000")
        let only = try RedisConfiguration(address: "redis://:secret@host")
        #expect(only.username == nil && only.password == "secret" && only.tls == nil)
    }

    @Test("No description shows a password")
    func secrecy() throws {
        var configuration = try RedisConfiguration(address: "redis://user:hunter2@host/1")
        configuration.sentinel = .init(addresses: [configuration.address], primaryName: "p")
        configuration.sentinel?.password = "hunter2"
        var text = "\(configuration) \(String(reflecting: configuration))"
        dump(configuration, to: &text)
        if let sentinel = configuration.sentinel { dump(sentinel, to: &text) }
        #expect(!text.contains("hunter2"))
    }

    @Test(
        "The error for an invalid address gives the reason without quoting it",
        arguments: [
            "", ":6379", "host:", "host:0", "host:70000", "host:x", "::1", "[::1", "[::1]x", "a b",
            "http://host", "user:hunter2@host", "redis://u:hunter2@host:x", "redis://u:hunter2@host/one",
            "redis://u:hunter2%2@host", "redis://u:hunter2%@host", "unix://run/redis.sock", "redis://h?db=1",
        ])
    func mistakes(_ text: String) {
        do {
            _ = try RedisConfiguration(address: text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.kind == .unsuitable)
            #expect(error.message.hasPrefix("invalid Redis address: "))
            #expect(!error.message.contains("hunter2"))
        }
    }

    @Test("An address in a list must not include credentials")
    func plain() {
        #expect(throws: RedisError.self) { try RedisAddress("redis://u:p@host") }
    }
}

#endif
