import Foundation
import HTTPTypes
import NIOCore

/// The API's OpenAPI 3.1 description, assembled from the folder `Parts` and the routes.
///
/// The parts describe what is specific to each operation. The replies common to all operations, sent before a handler
/// is called, are added here.
struct OpenAPIDocument {
    private(set) var root: [String: Any]

    init(routes: [Route], version: String) {
        root = Self.parts.reduce([:]) { Self.merged($0, Self.object($1)) }
        root = Self.merged(root, ["info": ["version": version]])
        for route in routes { addCommonReplies(of: route) }
    }

    /// Returns the document as JSON, members sorted by name.
    func json() throws -> ByteBuffer {
        ByteBuffer(
            bytes: try JSONSerialization.data(
                withJSONObject: root, options: [.sortedKeys, .withoutEscapingSlashes]))
    }

    private static let parts = [
        PackageResources.openapi_info_json, PackageResources.openapi_tasks_json,
        PackageResources.openapi_types_json, PackageResources.openapi_schedules_json,
        PackageResources.openapi_events_json,
        PackageResources.openapi_leases_json, PackageResources.openapi_operations_json,
        PackageResources.openapi_access_json, PackageResources.openapi_console_json,
    ]

    private static func object(_ bytes: [UInt8]) -> [String: Any] {
        // Tests read the whole document, so they would detect a malformed part.
        (try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]) ?? [:]
    }

    private static func merged(_ first: [String: Any], _ second: [String: Any]) -> [String: Any] {
        first.merging(second) { old, new in
            guard let old = old as? [String: Any], let new = new as? [String: Any] else { return new }
            return merged(old, new)
        }
    }

    private mutating func addCommonReplies(of route: Route) {
        let method = route.method.rawValue.lowercased()
        guard var paths = root["paths"] as? [String: Any],
            var path = paths[route.path.text] as? [String: Any],
            var operation = path[method] as? [String: Any]
        else { return }
        var replies = ["400": "BadRequest", "405": "MethodNotAllowed", "408": "RequestTimeout"]
        replies["421"] = "UnknownHost"
        replies["431"] = "HeadersTooLarge"
        replies["500"] = "InternalError"
        if route.scope != .public {
            replies["401"] = "Unauthorized"
            replies["403"] = "Forbidden"
            replies["429"] = "TooManyRequests"
        }
        if operation["requestBody"] != nil {
            replies["413"] = "ContentTooLarge"
            replies["415"] = "UnsupportedMediaType"
        }
        let common = replies.mapValues { ["$ref": "#/components/responses/\($0)"] }
        // The part's own description of a reply takes precedence.
        operation["responses"] = Self.merged(common, operation["responses"] as? [String: Any] ?? [:])
        path[method] = operation
        paths[route.path.text] = path
        root["paths"] = paths
    }
}
