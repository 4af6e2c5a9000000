import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Log of invalid tokens") struct AccessTraceTests {
    private static let wrong = AccessRejection.unauthorized("unknown token", isTokenWrong: true)

    @Test("A limited number of lines per minute, then a count") func bounded() {
        let (log, clock) = (RecordedLog(), ManualClock())
        let trace = AccessTrace(maxFailures: 0, clock: clock, logger: log.logger)
        for _ in 0..<50 { _ = trace.record(Self.wrong, at: .request, from: "192.0.2.1") }
        #expect(log.lines.count == AccessTrace.linesPerMinute)
        #expect(log.lines[0] == "warning Token rejected client=192.0.2.1 reason=unknown token")
        trace.flush()
        #expect(log.lines.count == AccessTrace.linesPerMinute)
        clock.advance(by: .seconds(61))
        trace.flush()
        #expect(log.lines.last == "warning Suppressed messages about rejected tokens count=40")
        _ = trace.record(Self.wrong, at: .login, from: nil)
        #expect(log.lines.last == "warning Login rejected client=unknown reason=unknown token")
        #expect(log.lines.count == AccessTrace.linesPerMinute + 2)
    }

    @Test("Only an address with too many invalid tokens is slowed down") func slowed() {
        let clock = ManualClock()
        let trace = AccessTrace(maxFailures: 6, clock: clock)
        func show(_ address: String?) -> QueueError.Code {
            trace.record(Self.wrong, at: .request, from: address).error.code
        }
        for _ in 0..<6 { #expect(show("2001:db8::1") == .unauthorized) }
        let rejection = trace.record(Self.wrong, at: .request, from: "2001:db8::ffff")
        #expect(rejection.error.code == .rateLimited && rejection.isSlowed)
        #expect(rejection.reply.headers[.retryAfter] == "10")
        #expect(show("2001:db8:0:1::1") == .unauthorized)
        #expect(show("192.0.2.1") == .unauthorized)
        for _ in 0..<20 { #expect(show(nil) == .unauthorized) }
        clock.advance(by: .seconds(10))
        #expect(show("2001:db8::1") == .unauthorized)
        #expect(show("2001:db8::1") == .rateLimited)
        trace.setMaxFailures(0)
        for _ in 0..<20 { #expect(show("2001:db8::1") == .unauthorized) }
    }

    @Test("Invalid tokens are counted by door, and logins are logged") func recorded()
        async throws
    {
        let (log, metrics) = (RecordedLog(), PrometheusRegistry())
        try await TestAPI.run(configuration: ScopeTests.locked, metrics: metrics, logger: log.logger) { api in
            for headers in [[.authorization: "Bearer nonsense"], [.authorization: "Basic x"]] as [HTTPFields]
            {
                _ = try await api.send(.get, "/api/v1/stats", headers: headers)
                // Counted on public routes, too.
                _ = try await api.send(.get, "/api/v1/session", headers: headers)
            }
            _ = try await api.post("/api/v1/session", #"{"token":"nonsense"}"#)
            // A missing token, an old cookie and a missing scope are not counted.
            _ = try await api.get("/api/v1/stats")
            _ = try await api.send(.get, "/api/v1/stats", headers: [.cookie: "xqueue_session=old"])
            _ = try await api.send(
                .get, "/api/v1/stats", headers: [.authorization: "Bearer \(ScopeTests.token("work"))"])
            let text = metrics.text()
            #expect(text.contains(#"xqueue_access_refused_total{door="request"} 4"#), "\(text)")
            #expect(text.contains(#"xqueue_access_refused_total{door="login"} 1"#))
            #expect(log.lines.count { $0.contains(" rejected client=") } == 5)
            _ = try await api.post("/api/v1/session", #"{"token":"\#(ScopeTests.token("read"))"}"#)
            #expect(log.lines.last == "info Console logged in client=unknown token=read")
            #expect(!log.lines.contains { $0.contains("nonsense") || $0.contains("a token for") })
        }
    }

    @Test("A login counts toward its token's rate limit") func loginRate() async throws {
        var configuration = ScopeTests.locked
        configuration.access.rateLimit = 1
        configuration.access.rateBurst = 2
        try await TestAPI.run(configuration: configuration) { api in
            let body = #"{"token":"\#(ScopeTests.token("read"))"}"#
            for _ in 0..<2 { #expect(try await api.post("/api/v1/session", body).status == 200) }
            try await api.post("/api/v1/session", body).expectError(429, "rate_limited")
        }
    }

    @Test("Guessing tokens over HTTP ends in 429, while valid ones are accepted") func live()
        async throws
    {
        var configuration = ScopeTests.locked
        configuration.access.maxFailures = 3
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            func ask(_ token: String) async throws -> Int {
                try await connection.send(
                    "GET /api/v1/stats HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n")
                return try #require(await connection.reply()).status
            }
            for _ in 0..<3 { #expect(try await ask("wrong") == 401) }
            #expect(try await ask("wrong") == 429)
            #expect(try await ask(ScopeTests.token("read")) == 200)
        }
    }
}
