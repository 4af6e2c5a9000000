import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("Probes", .timeLimit(.minutes(5))) struct ProbeTests {
    @Test("livez checks the process, readyz the store; both are public")
    func probes() async throws {
        try await TestAPI.run { api in
            #expect(try await api.get("/livez").text == #"{"status":"ok"}"#)
            // A store that takes a second, as on a busy machine, counts as not responding.
            try await eventually("it is ready") {
                let reply = try await api.get("/readyz")
                return reply.status == 200 && reply.text == #"{"status":"ok"}"#
            }
            api.store.fail(.check, times: .max, with: StoreError(.unavailable, "the disk is full"))
            #expect(try await api.get("/livez").status == 200)
            let broken = try await api.get("/readyz")
            #expect(broken.status == 503)
            #expect(broken.text == #"{"status":"unavailable"}"#)
            api.store.heal()
            try await eventually("it is ready again") { try await api.get("/readyz").status == 200 }
        }
    }

    @Test("A hanging store delays probes only briefly, and is reported after a second") func hanging()
        async throws
    {
        var configuration = ServerConfiguration()
        configuration.healthPatience = .milliseconds(50)
        try await TestAPI.run(configuration: configuration) { api in
            api.store.hold(.check)
            let began = ContinuousClock.now
            let first = try await api.get("/api/v1/health").status
            // The last known state: the store was opened.
            #expect(first == 200 || ContinuousClock.now - began > .seconds(1))
            try await eventually("it is reported") { try await api.get("/readyz").status == 503 }
            let health = try await api.get("/api/v1/health")
            #expect(health.status == 503)
            #expect(health.raw("checks", "store", "error")?.contains("no response from the store") == true)
            #expect(try await api.get("/livez").status == 200)
            api.store.release(.check)
            try await eventually("it is well again") { try await api.get("/readyz").status == 200 }
        }
    }

    @Test("A hanging store is checked once, not by each probe") func economy() async throws {
        var configuration = ServerConfiguration()
        configuration.healthPatience = .milliseconds(20)
        try await TestAPI.run(configuration: configuration) { api in
            api.store.hold(.check)
            for _ in 0..<20 { _ = try await api.get("/api/v1/health") }
            #expect(api.store.calls(of: .check) == 1)
            api.store.release(.check)
        }
    }

    @Test("A server that shuts down is not ready") func stopping() async throws {
        try await TestAPI.run { api in
            let monitor = HealthMonitor(api.manager, patience: .seconds(30))
            #expect(await !monitor.finding().isStopping)
            monitor.stop()
            #expect(await monitor.finding().isStopping)
        }
    }
}
