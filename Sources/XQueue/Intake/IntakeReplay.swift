package import XQueueCore

/// What a replay has found in the log and done so far.
package struct ReplayReport: Sendable, Hashable {
    /// Number of records read.
    package var read = 0
    /// Tasks unknown to the store: they were stored, or would be in a dry run.
    package var restored = 0
    /// Tasks that the store knows, or that are not stored because another task holds their unique key.
    package var known = 0
    /// Tasks that have ended according to the log, and that the store no longer knows.
    package var ended = 0
    /// Records without a valid task.
    package var unusable = 0
    /// Tasks rejected by the store because it has too many types.
    package var rejected = 0

    package init() {}
}

/// Restores the log's tasks into a store that has lost them.
///
/// Tasks that the store knows stay as they are, so a replay may be repeated, and may run while nodes run. In particular, an
/// old task never replaces one that the store had before: only one that the same replay has restored.
package struct IntakeReplay {
    /// Number of records per step.
    private static let batch = 500
    /// Maximum number of concurrent queries.
    private static let queries = 32

    private let archive: any IntakeArchive
    private let store: any Store
    private let decoder: IntakeDecoder
    private let isDry: Bool
    private let clock: any QueueClock
    private let random: any RandomSource

    /// - Parameter isDry: Whether to query the store only, and store nothing.
    package init(
        _ archive: any IntakeArchive, into store: any Store, configuration: QueueConfiguration,
        isDry: Bool, clock: any QueueClock = SystemQueueClock(),
        random: any RandomSource = SystemRandomSource()
    ) {
        self.archive = archive
        self.store = store
        self.decoder = IntakeDecoder(configuration)
        self.isDry = isDry
        self.clock = clock
        self.random = random
    }

    /// Replays the opened archive to its end.
    ///
    /// - Parameter progress: Called after each step.
    /// - Throws: ``IntakeError``; ``StoreError`` if the store is unavailable, or is full and no live node runs its
    ///   tasks. Tasks stored so far stay.
    package func run(progress: (ReplayReport) -> Void) async throws -> ReplayReport {
        let ended = try await archive.ended() ?? []
        var report = ReplayReport()
        var holders: Set<TaskID> = []
        while !Task.isCancelled {
            let records = try await archive.read(limit: Self.batch)
            guard !records.isEmpty else { return report }
            report.read += records.count
            let now = try await store.now()
            var tasks: [NewTask] = []
            for record in records {
                do throws(QueueError) {
                    let task = try decoder.task(record)
                    try task.id.checkTime(by: now, madeBy: "producer")
                    tasks.append(task)
                } catch {
                    report.unusable += 1
                }
            }
            let (over, open) = (
                tasks.filter { ended.contains($0.id) }, tasks.filter { !ended.contains($0.id) }
            )
            let knownEnded = try await known(over)
            report.known += knownEnded
            report.ended += over.count - knownEnded
            if isDry {
                let known = try await known(open)
                report.known += known
                report.restored += open.count - known
            } else {
                try await restore(open, &report, &holders)
            }
            progress(report)
        }
        throw CancellationError()
    }

    /// Returns how many of the tasks the store knows.
    private func known(_ tasks: [NewTask]) async throws -> Int {
        var count = 0
        for start in stride(from: 0, to: tasks.count, by: Self.queries) {
            let some = tasks[start..<min(start + Self.queries, tasks.count)]
            count += try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in some { group.addTask { try await store.task(task.id) != nil } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
        }
        return count
    }

    /// Stores tasks, and then applies their rules to those that this replay has stored.
    ///
    /// - Parameter holders: The tasks with unique keys that this replay has stored.
    private func restore(
        _ tasks: [NewTask], _ report: inout ReplayReport, _ holders: inout Set<TaskID>
    ) async throws {
        var late: [NewTask] = []
        let harmless = tasks.map { task in
            var task = task
            task.onConflict = .returnExisting
            return task
        }
        for (task, outcome) in zip(tasks, try await insert(harmless[...])) {
            if case .existing(let holder) = outcome, holder.id != task.id,
                task.onConflict != .returnExisting, holders.contains(holder.id)
            {
                late.append(task)
            } else {
                count(task, outcome, &report, &holders)
            }
        }
        for (task, outcome) in zip(late, try await insert(late[...])) {
            count(task, outcome, &report, &holders)
        }
    }

    private func count(
        _ task: NewTask, _ outcome: InsertOutcome?, _ report: inout ReplayReport,
        _ holders: inout Set<TaskID>
    ) {
        switch outcome {
        case nil: report.rejected += 1
        case .inserted:
            report.restored += 1
            if task.uniqueKey != nil { holders.insert(task.id) }
        case .existing, .replaced, .conflict: report.known += 1
        }
    }

    /// - Returns: One outcome for each task; nil if the store has too many types for it.
    private func insert(_ tasks: ArraySlice<NewTask>) async throws -> [InsertOutcome?] {
        guard !tasks.isEmpty else { return [] }
        var backOff = BackOff(clock: clock, random: random, longest: .seconds(1))
        while true {
            do throws(StoreError) {
                return try await store.insert(Array(tasks))
            } catch {
                switch error.code {
                case .backlogFull where tasks.count > 1, .tooManyTypes where tasks.count > 1:
                    // The store accepts all or none: halving finds those it accepts.
                    let middle = tasks.startIndex + tasks.count / 2
                    return try await insert(tasks[..<middle]) + insert(tasks[middle...])
                case .tooManyTypes: return [nil]
                case .backlogFull:
                    // Without a worker it stays full forever.
                    guard try await isEmptied(), await backOff.wait() else { throw error }
                default: throw error
                }
            }
        }
    }

    /// Whether a live node runs the store's tasks.
    private func isEmptied() async throws(StoreError) -> Bool {
        try await store.nodes().contains { $0.roles.contains(.worker) }
    }
}
