import XQueueCore

/// What a task's identifier begins with.
struct TaskIDPrefix {
    /// Fewer digits than this are more likely a mistake than an identifier.
    static let least = 4

    private let text: String
    /// The first and the last identifier that begin with it.
    private let first: TaskID
    private let last: TaskID

    /// Nil unless `text` is the beginning of an identifier, at least ``least`` characters of it.
    init?(_ text: String) {
        let text = text.lowercased()
        let zeros = "00000000-0000-0000-0000-000000000000"
        guard text.utf8.count >= Self.least, text.utf8.count < zeros.utf8.count,
            let first = TaskID(text + zeros.dropFirst(text.utf8.count)),
            let last = TaskID(text + zeros.replacing("0", with: "f").dropFirst(text.utf8.count))
        else { return nil }
        self.text = text
        self.first = first
        self.last = last
    }

    /// The only task whose identifier begins so.
    ///
    /// - Throws: ``CommandError`` if there is none, or more than one, which it names.
    func resolve(_ client: APIClient) async throws -> TaskID {
        // Tasks that come in while it is looked for push it down: then it is looked for again.
        for _ in 0..<3 {
            let found = try await look(client)
            guard let id = found.first else { continue }
            guard found.count == 1 else {
                let names = found.prefix(Self.named).map(\.description).joined(separator: ", ")
                let more = found.count > Self.named ? " and more" : ""
                throw CommandError(.usage, "several tasks begin with \(text): \(names)\(more)")
            }
            return id
        }
        throw CommandError(.noSuchTask, "there is no task that begins with \(text)")
    }

    private static let named = 5

    /// The tasks that begin so, newest first, at most one more than are named.
    private func look(_ client: APIClient) async throws -> [TaskID] {
        // The list is in the order of identifiers, the last first: how many are behind the last that begins so?
        var (low, high) = (0, try await page(client, at: 0, count: 1).total)
        while low < high {
            let middle = low + (high - low) / 2
            guard let id = try await page(client, at: middle, count: 1).ids.first else { return [] }
            if id > last { low = middle + 1 } else { high = middle }
        }
        return try await page(client, at: low, count: Self.named + 1).ids.filter { first <= $0 && $0 <= last }
    }

    private func page(_ client: APIClient, at offset: Int, count: Int) async throws -> (
        ids: [TaskID], total: Int
    ) {
        let query = [(name: "offset", value: "\(offset)"), (name: "limit", value: "\(count)")]
        let page = try await client.get("/tasks", query).decoded(TaskPage.self)
        return (page.tasks.compactMap { TaskID($0.id) }, page.total)
    }
}
