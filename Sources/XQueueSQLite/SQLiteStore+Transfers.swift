import GRDB
public import XQueueCore

extension SQLiteStore {
    /// Number of keys processed per transaction.
    private static let keysPerStep = 500

    public func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        let page = try await tasks(query)
        let given = try await givenRunTimes(
            of: page.tasks.filter { $0.pendingReason == .scheduled || $0.pendingReason == .blocked })
        let holders = try await holders(among: page.tasks.filter { $0.definition.unique != nil })
        let copies = page.tasks.map {
            TaskCopy($0, givenRunAt: given[$0.id], holdsUniqueKey: holders.contains($0.id))
        }
        return TransferPage(copies: copies, total: page.total, next: page.next)
    }

    private func holders(among tasks: [TaskRecord]) async throws(StoreError) -> Set<TaskID> {
        guard !tasks.isEmpty else { return [] }
        let now = clock.now()
        return try await read { db in
            let statement = try PreparedStatement(
                cachedBy: db,
                """
                SELECT 1 FROM tasks JOIN unique_keys ON unique_keys.key = unique_key AND holder = seq
                WHERE id = ? AND unique_keys.type IN (0, tasks.type)
                    AND (next IS NOT NULL OR expires_at IS NULL OR expires_at > ?)
                """)
            statement.bind(2, now)
            var holders: Set<TaskID> = []
            for task in tasks {
                statement.bind(1, task.id)
                if try statement.step(db) { holders.insert(task.id) }
                statement.reset()
            }
            return holders
        }
    }

    private func givenRunTimes(
        of tasks: [TaskRecord]
    ) async throws(StoreError) -> [TaskID: Timestamp] {
        guard !tasks.isEmpty else { return [:] }
        return try await read { db in
            let statement = try PreparedStatement(cachedBy: db, "SELECT given_run_at FROM tasks WHERE id = ?")
            var times: [TaskID: Timestamp] = [:]
            for task in tasks {
                statement.bind(1, task.id)
                if try statement.step(db) { times[task.id] = statement.time(0) }
                statement.reset()
            }
            return times
        }
    }

    public func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption] {
        try await writer.run { try $0.adopt(copies, note: note) }
    }

    public func endTransfer(note: String) async throws(StoreError) {
        var last: String? = ""
        while let key = last {
            last = try await writer.run { try $0.refillParked(after: key, limit: Self.keysPerStep) }
        }
        try await writer.run { try $0.saveTransferNote(note) }
    }

    public func transferNote() async throws(StoreError) -> String? {
        try await writer.run { try $0.transferNote() }
    }
}
