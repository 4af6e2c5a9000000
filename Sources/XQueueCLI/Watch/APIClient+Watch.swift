import XQueueCore

extension APIClient {
    /// The task as the server tells it.
    ///
    /// - Throws: ``ClientError`` if there is none, or the server cannot be reached.
    func task(_ id: TaskID) async throws -> WatchedTask {
        try await get("/tasks/\(id)").decoded()
    }
}
