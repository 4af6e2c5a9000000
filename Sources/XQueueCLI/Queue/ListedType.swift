/// What `types` and `stats` tell of a task type.
struct ListedType: Decodable {
    let type: String
    let hasHandler: Bool
    let paused: Bool
    let maxConcurrency: Int?
    let pending: Int
    let processing: Int
    let success: Int
    let failed: Int
    let canceled: Int
    let timeout: Int

    enum CodingKeys: String, CodingKey {
        case type, paused, pending, processing, success, failed, canceled, timeout
        case hasHandler = "has_handler"
        case maxConcurrency = "max_concurrency"
    }

    static func table(_ types: [ListedType]) -> TextTable {
        var table = TextTable([
            .init(head: "TYPE", least: 10, isName: true), .init(head: "SERVED"), .init(head: "STATE"),
            .init(head: "LIMIT", isOnRight: true, leaves: 1), .init(head: "PENDING", isOnRight: true),
            .init(head: "RUNNING", isOnRight: true), .init(head: "SUCCESS", isOnRight: true),
            .init(head: "FAILED", isOnRight: true), .init(head: "CANCELED", isOnRight: true, leaves: 2),
            .init(head: "TIMEOUT", isOnRight: true, leaves: 3),
        ])
        table.rows = types.map { type in
            [
                type.type, type.hasHandler ? "yes" : "no", type.paused ? "paused" : "open",
                type.maxConcurrency.map(String.init) ?? "-",
            ]
                + [type.pending, type.processing, type.success, type.failed, type.canceled, type.timeout]
                .map(String.init)
        }
        return table
    }
}
