#if Redis

import Testing
@testable import XQueueRedis

@Suite("Server requirements")
struct ServerReportTests {
    private func text(version: String = "7.0.15", role: String = "master", policy: String? = "noeviction")
        -> String
    {
        "# Server\r\nredis_version:\(version)\r\nos:Linux\r\n\r\n# Replication\r\nrole:\(role)\r\n"
            + (role == "slave" ? "master_host:10.0.0.7\r\nmaster_port:6379\r\n" : "")
            + (policy.map { "# Memory\r\nmaxmemory_policy:\($0)\r\n" } ?? "")
    }

    private func rejection(_ text: String) -> String? {
        do {
            try ServerReport(text).checkRequirements()
            return nil
        } catch {
            #expect(error.kind == .unsuitable)
            return error.message
        }
    }

    @Test("A primary that never evicts is accepted", arguments: ["6.0.0", "6.2.14", "7.0.15", "10.1.0"])
    func fit(_ version: String) {
        #expect(rejection(text(version: version)) == nil)
        #expect(rejection(text(version: version, policy: nil)) == nil)
    }

    @Test("A server older than 6.0 is rejected with its version", arguments: ["5.0.14", "2.8.0", "x", ""])
    func old(_ version: String) throws {
        let message = try #require(rejection(text(version: version)))
        #expect(message.contains("version \(version)") && message.contains("6.0"))
    }

    @Test("A replica is rejected with the address of its primary")
    func replica() throws {
        let message = try #require(rejection(text(role: "slave")))
        #expect(message.contains("read-only replica of 10.0.0.7:6379"))
    }

    @Test(
        "A server that evicts is rejected with its policy and the fix",
        arguments: ["allkeys-lru", "volatile-ttl"])
    func evicting(_ policy: String) throws {
        let message = try #require(rejection(text(policy: policy)))
        #expect(message.contains(policy) && message.contains("CONFIG SET maxmemory-policy noeviction"))
    }

    @Test("An empty report is rejected")
    func empty() {
        #expect(rejection("") != nil)
    }
}

#endif
