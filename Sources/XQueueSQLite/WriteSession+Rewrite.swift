import XQueueCore

/// The only step that writes the columns of the definition.
extension WriteSession {
    func saveRewrite(_ task: StoredTask, _ rewrite: TaskRewrite) throws {
        let record = task.record
        let isLarge = record.payload.text.utf8.count > Self.inlinePayloadBytes
        let statement = try statement(.saveRewrite, Self.rewriting)
        statement.bind(1, record.state.pendingReason.map { Int64($0.code) })
        statement.bind(2, record.dueAt)
        statement.bind(3, record.version)
        statement.bind(4, record.updatedAt)
        statement.bind(5, record.runAt)
        statement.bind(6, rewrite.schedule == nil ? 1 : 0)
        let isGiven = record.state.pendingReason != .ready && rewrite.schedule?.isGiven == true
        statement.bind(7, isGiven ? record.runAt : nil)
        statement.bind(8, isLarge ? nil : record.payload.text)
        var binder = ColumnBinder(statement: statement, index: 9)
        var definition = record.definition
        try DefinitionColumns.walk(&binder, &definition)
        statement.bind(binder.index, task.seq)
        try statement.run(db)
        try deleteLargePayload(of: task.seq)
        if isLarge { try writeLargePayload(record.payload, of: task.seq) }
    }

    private static let rewriting: String = {
        let definition = DefinitionColumns.names.map { "\($0) = ?" }.joined(separator: ", ")
        return """
            UPDATE tasks SET reason = ?, due_at = ?, version = ?, updated_at = ?, run_at = ?,
                given_run_at = CASE ? WHEN 1 THEN given_run_at ELSE ? END, payload = ?, \(definition)
            WHERE seq = ?
            """
    }()
}
