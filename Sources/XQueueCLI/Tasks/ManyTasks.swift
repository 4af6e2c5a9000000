import XQueueCore

/// One call for each of several tasks.
enum ManyTasks {
    /// Calls `body` for each task, in order, and goes on when one is refused: that is told at once, and the
    /// exit code is that of the first refusal. An error that would meet all others too ends it.
    static func each(_ ids: [TaskID], _ body: (TaskID, Int) async throws -> Void) async throws {
        var first: CommandExit?
        var refused = 0
        for (index, id) in ids.enumerated() {
            do {
                try await body(id, index)
            } catch let error as ClientError where [.refused, .noSuchTask].contains(error.exit) {
                StandardError.report("\(id): \(error.description)")
                first = first ?? error.exit
                refused += 1
            }
        }
        guard let first else { return }
        if ids.count > 1 { StandardError.write("xqueue: \(refused) of \(ids.count) tasks were refused\n") }
        throw first.code
    }
}
