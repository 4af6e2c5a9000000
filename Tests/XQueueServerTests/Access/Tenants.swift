import HTTPTypes
import Logging
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

/// One of two tenants of a queue. Everything that belongs only to a tenant contains its name.
struct Tenant: Sendable {
    let name: String
    var waiting = TaskID(high: 0, low: 0)
    var running = TaskID(high: 0, low: 0)
    var lease = ""

    var type: String { name }
    var token: String { "the token of \(name)" }
    var worker: String { "\(name)-worker" }
    var schedule: String { "\(name)-nightly" }
}

/// A queue with two tenants, each with a pending task, a running one, a worker and a schedule; one of them calls.
struct Tenants {
    let api: TestAPI
    let own: Tenant
    let victim: Tenant

    static func run(isTurned: Bool, _ body: @Sendable (Tenants) async throws -> Void) async throws {
        let names = isTurned ? ["alpha", "beta"] : ["beta", "alpha"]
        var configuration = ServerConfiguration()
        configuration.access.tokens = names.map { name in
            let tenant = Tenant(name: name)
            return AccessToken(
                name: name, hash: TokenHash(of: tenant.token), scopes: .admin, types: [tenant.type])
        }
        try await TestAPI.run(
            configuration: configuration, metrics: PrometheusRegistry(), logControl: LogControl(.info)
        ) { api in
            var tenants: [Tenant] = []
            for name in names { tenants.append(try await moveIn(Tenant(name: name), api)) }
            try await body(Tenants(api: api, own: tenants[1], victim: tenants[0]))
        }
    }

    /// Both use the same keys.
    private static func moveIn(_ tenant: Tenant, _ api: TestAPI) async throws -> Tenant {
        var tenant = tenant
        func submit(_ members: String) async throws -> TaskID {
            let body = #"{"type":"\#(tenant.type)","payload":"\#(tenant.name)"\#(members)}"#
            let reply = try await api.call(.post, "/api/v1/tasks", body, token: tenant.token)
            return try #require(reply.string("id").flatMap { TaskID($0) }, "\(reply.text)")
        }
        tenant.running = try await submit(#","concurrency_key":"k","max_concurrency":2,"priority":1"#)
        let leased = try await api.call(
            .post, "/api/v1/leases", #"{"worker":"\#(tenant.worker)","types":["\#(tenant.type)"]}"#,
            token: tenant.token)
        tenant.lease = try #require(leased.elements("leases").first?.string("lease"), "\(leased.text)")
        tenant.waiting = try await submit(#","unique_key":"k","concurrency_key":"k","max_concurrency":2"#)
        let schedule = #"{"cron":"@daily","task":{"type":"\#(tenant.type)","concurrency_key":"k"}}"#
        let made = try await api.call(
            .put, "/api/v1/schedules/\(tenant.schedule)", schedule, token: tenant.token)
        #expect(made.status == 201, "\(made.text)")
        #expect(made.raw("task", "concurrency_key") == #""k""#, "as the tenant wrote it")
        return tenant
    }

    func call(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws -> APIReply {
        try await api.call(method, path, body, token: own.token)
    }

    /// The victim's view of the queue.
    func everythingOfTheVictim() async throws -> [String] {
        var seen: [String] = []
        for path in [
            "tasks", "tasks/\(victim.waiting)", "tasks/\(victim.running)", "types", "workers", "schedules",
            "schedules/\(victim.schedule)",
        ] {
            seen.append(try await api.call(.get, "/api/v1/\(path)", token: victim.token).text)
        }
        return seen
    }

    /// Checks that the reply reveals nothing about the victim.
    ///
    /// - Parameter shows: Whether the reply must contain the caller's own data.
    @discardableResult
    func showsNothing(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, shows: Bool = false
    ) async throws -> APIReply {
        let reply = try await call(method, path, body)
        #expect(200..<300 ~= reply.status, "\(method) \(path): \(reply.text)")
        #expect(!reply.text.contains(victim.name), "\(method) \(path): \(reply.text)")
        for id in [victim.waiting, victim.running] { #expect(!reply.text.contains(id.description)) }
        if shows { #expect(reply.text.contains(own.name), "\(method) \(path): \(reply.text)") }
        return reply
    }

    /// Checks that a call for the victim's resource, `TARGET`, is answered like one for a missing resource.
    func sameAsAbsent(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ thing: String, absent: String
    ) async throws {
        func ask(_ target: String) async throws -> APIReply {
            try await call(
                method, path.replacing("TARGET", with: target), body?.replacing("TARGET", with: target))
        }
        let about = try await ask(thing)
        let none = try await ask(absent)
        #expect(about.status == none.status, "\(method) \(path): \(about.text)")
        #expect(
            about.text.replacing(thing, with: "TARGET") == none.text.replacing(absent, with: "TARGET"),
            "\(method) \(path)")
    }

    func sameAsAbsent(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ thing: KeyPath<Tenant, String>,
        absent: String
    ) async throws {
        try await sameAsAbsent(method, path, body, victim[keyPath: thing], absent: absent)
    }

    func sameForATask(_ method: HTTPRequest.Method, _ path: String, _ body: String? = nil) async throws {
        for id in [victim.waiting, victim.running] {
            try await sameAsAbsent(
                method, path, body, id.description, absent: "0199d4f0-0000-7000-8000-000000000001")
        }
    }

    func sameForAType(_ method: HTTPRequest.Method, _ verb: String, _ body: String? = nil) async throws {
        try await sameAsAbsent(method, "/api/v1/types/TARGET\(verb)", body, \.type, absent: "nobody")
    }

    func sameForASchedule(_ method: HTTPRequest.Method, _ verb: String, _ body: String? = nil) async throws {
        try await sameAsAbsent(
            method, "/api/v1/schedules/TARGET\(verb)", body, \.schedule, absent: "no-such-one")
    }

    private static let absentLease = "0199d4f0-0000-7000-8000-000000000001.1234567"

    func sameForALease(_ method: HTTPRequest.Method, _ verb: String, _ body: String? = nil) async throws {
        let reply = try await call(method, "/api/v1/leases/\(victim.lease)\(verb)", body)
        #expect(reply.status == 409 || reply.string("reason") == "lost", "\(reply.text)")
        try await sameAsAbsent(
            method, "/api/v1/leases/TARGET\(verb)", body, victim.lease, absent: Self.absentLease)
    }

    func sameForLeases(_ method: HTTPRequest.Method, _ verb: String, _ members: String = "") async throws {
        let body = #"{"leases":[{"lease":"TARGET"\#(members)}]}"#
        try await sameAsAbsent(
            method, "/api/v1/leases\(verb)", body, victim.lease, absent: Self.absentLease)
    }
}
