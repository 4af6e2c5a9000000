import Foundation
import HTTPTypes
import Testing

@testable import XQueueServer

@Suite("GET /api/v1/openapi.json") struct OpenAPITests {
    private static let methods: Set<String> = [
        "get", "put", "post", "delete", "patch", "head", "options", "trace",
    ]

    private let root = OpenAPIDocument(routes: Routes.all, version: "1.2.3").root

    private func operations() throws -> [String: [String: Any]] {
        var operations: [String: [String: Any]] = [:]
        for (path, item) in try #require(root["paths"] as? [String: [String: Any]]) {
            for (method, operation) in item where Self.methods.contains(method) {
                operations["\(method.uppercased()) \(path)"] = try #require(operation as? [String: Any])
            }
        }
        return operations
    }

    @Test("Every route is in it, and nothing else") func routes() throws {
        let routes = Routes.all.map { "\($0.method.rawValue) \($0.path.text)" }
        #expect(Set(try operations().keys) == Set(routes))
    }

    @Test("Each operation has exactly the query parameters of its route") func query() throws {
        let operations = try operations()
        for route in Routes.all {
            let parameters = operations["\(route.method.rawValue) \(route.path.text)"]?["parameters"]
            let names = try ((parameters as? [[String: Any]]) ?? []).compactMap { try resolved($0) }
                .filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
            #expect(Set(names) == route.query, "\(route.path.text)")
        }
    }

    @Test("Each path's parameters are described") func pathParameters() throws {
        let items = try #require(root["paths"] as? [String: [String: Any]])
        for route in Routes.all {
            let item = items[route.path.text] ?? [:]
            let own = item[route.method.rawValue.lowercased()] as? [String: Any] ?? [:]
            let all = [item, own].flatMap { ($0["parameters"] as? [[String: Any]]) ?? [] }
            let names = try all.map { try #require(try resolved($0)) }.filter {
                $0["in"] as? String == "path"
            }
            .compactMap { $0["name"] as? String }
            let wanted = PathPattern.split(route.path.text).filter { $0.hasPrefix("{") }
                .map { String($0.dropFirst().dropLast()) }
            #expect(names == wanted, "\(route.path.text)")
        }
    }

    @Test("Each operation has a unique ID, a summary, and the common replies")
    func replies()
        throws
    {
        let operations = try operations()
        let names = operations.values.compactMap { $0["operationId"] as? String }
        #expect(names.count == operations.count && Set(names).count == names.count)
        for (name, operation) in operations {
            let replies = Set((operation["responses"] as? [String: Any] ?? [:]).keys)
            #expect(replies.isSuperset(of: ["200", "400", "405", "408", "421", "431", "500"]), "\(name)")
            #expect((operation["summary"] as? String)?.isEmpty == false, "\(name)")
            if operation["requestBody"] != nil { #expect(replies.isSuperset(of: ["413", "415"]), "\(name)") }
        }
    }

    @Test("Every reference resolves") func references() throws {
        try walk(root)
    }

    @Test("It is served as JSON, with the version of the server") func served() async throws {
        try await TestAPI.run { api in
            let reply = try await api.get("/api/v1/openapi.json")
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == "application/json; charset=utf-8")
            #expect(reply.raw("info", "version") == "\"dev\"")
            #expect(reply.string("openapi") == "3.1.0")
        }
    }

    private func walk(_ value: Any) throws {
        if let object = value as? [String: Any] {
            _ = try resolved(object)
            for (_, member) in object { try walk(member) }
        } else if let array = value as? [Any] {
            for element in array { try walk(element) }
        }
    }

    private func resolved(_ object: [String: Any]) throws -> [String: Any]? {
        guard let reference = object["$ref"] as? String else { return object }
        var place: Any = root
        for name in reference.dropFirst(2).split(separator: "/") {
            place = try #require((place as? [String: Any])?[String(name)], "\(reference)")
        }
        return place as? [String: Any]
    }
}
