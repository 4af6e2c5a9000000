package import XQueueCore

/// Copies a whole queue from one store to another while no node runs on either.
///
/// The target stores the transfer's progress atomically with each page of tasks, so that an interrupted run can be
/// resumed by another.
package struct QueueTransfer: Sendable {
    /// A store and its name for people.
    package struct Side: Sendable {
        package let store: any Store
        package let name: String

        package init(_ store: any Store, name: String) {
            self.store = store
            self.name = name
        }
    }

    /// Size of content after which a step ends, in bytes.
    private static let pageBytes = 4 << 20

    private let source: Side
    private let target: Side
    private let merges: Bool
    private let pageSize: Int

    /// - Parameters:
    ///   - source: The queue to copy; it is not changed.
    ///   - target: The store to copy to.
    ///   - merges: Whether the target may have tasks of its own.
    ///   - pageSize: Maximum number of tasks per step.
    package init(from source: Side, to target: Side, merges: Bool, pageSize: Int = 500) {
        self.source = source
        self.target = target
        self.merges = merges
        self.pageSize = pageSize
    }

    /// Copies what has not been copied yet.
    ///
    /// - Parameter progress: Called after each step.
    /// - Throws: ``TransferError``, ``StoreError``, or `CancellationError` if the Swift task is canceled. Tasks
    ///   copied so far stay.
    package func run(progress: (TransferReport) -> Void) async throws -> TransferReport {
        try await checkNoNodes()
        var report = TransferReport()
        var note: TransferNote
        var isResumed = false
        switch try await start() {
        case .ended(let time):
            report.endedBefore = time
            return report
        case .resume(let noted): (note, isResumed) = (noted, true)
        case .begin(let fresh): note = fresh
        }
        report.types = try await copyTypes()
        (report.outcomes, report.conflicts) = (note.outcomes, note.conflicts)
        report.resumedAt = report.read
        try await copyTasks(&note, &report, isResumed: isResumed, progress)
        report.schedules = try await copySchedules()
        try await checkNoNodes()
        guard try await source.store.lastEvent() == note.events else { throw sourceChanged }
        note.endedAt = try await target.store.now()
        try await target.store.endTransfer(note: note.description)
        return report
    }

    // MARK: - Before the first task

    private enum Start {
        case begin(TransferNote)
        case resume(TransferNote)
        case ended(Timestamp)
    }

    /// Determines what an earlier run has left to do.
    private func start() async throws -> Start {
        let (birth, other) = (try await source.store.birth(), try await target.store.birth())
        if let birth, birth.id == other?.id {
            throw TransferError(.sameQueue, "\(source.name) and \(target.name) are the same queue")
        }
        let identity = birth?.id ?? source.name
        let events = try await source.store.lastEvent()
        let note = try await target.store.transferNote().flatMap { TransferNote($0) }
        if let note, note.source == identity {
            switch note.endedAt {
            case nil where note.events == events: return .resume(note)
            case nil: throw sourceChanged
            case let time? where !merges: return .ended(time)
            default: break
            }
        }
        try await checkTarget(note)
        return .begin(TransferNote(source: identity, from: source.name, events: events))
    }

    private var sourceChanged: TransferError {
        TransferError(
            .sourceChanged,
            "\(source.name) has changed since the copy to \(target.name) began: stop everything that uses it, and "
                + "copy it again, to an empty target")
    }

    /// Rejects a target that has tasks of its own, unless merging, and one with an incomplete copy in any case.
    private func checkTarget(_ note: TransferNote?) async throws {
        let count = try await target.store.types().reduce(0) { $0 + $1.counts.total }
        guard count > 0 else { return }
        if let note, note.endedAt == nil {
            throw TransferError(
                .targetInUse,
                "\(target.name) holds an incomplete copy of \(note.from): rerun the command that copies it, or empty it"
            )
        }
        guard !merges else { return }
        throw TransferError(
            .targetInUse,
            "\(target.name) already has \(count) tasks: choose an empty target, or use --merge to add the tasks of "
                + source.name)
    }

    private func checkNoNodes() async throws {
        for side in [source, target] {
            let nodes = try await side.store.nodes().filter { !$0.roles.contains(.remote) }
            guard nodes.isEmpty else {
                let names = nodes.map { "\($0.id) (\($0.program.version), on \($0.program.host))" }
                throw TransferError(
                    .nodesRun,
                    "nodes are running on \(side.name) and must be stopped first: \(names.joined(separator: ", ")). "
                        + "A killed node is forgotten after three heartbeat intervals, 90 s by default")
            }
        }
    }

    /// Copies the types with their pauses and limits; those set in the target stay. Returns the number of types.
    private func copyTypes() async throws -> Int {
        let types = try await source.store.types()
        let hasSchedules = try await !source.store.schedules(after: nil, limit: 1).isEmpty
        guard !types.isEmpty || hasSchedules else {
            throw TransferError(
                .nothingThere, "no queue at \(source.name): it has neither tasks, types nor schedules")
        }
        let own = Dictionary(uniqueKeysWithValues: try await target.store.types().map { ($0.type, $0) })
        for type in types {
            let there = own[type.type]
            let limit = merges ? there?.limit ?? type.limit : type.limit
            if there == nil || there?.limit != limit {
                try await target.store.setLimit(limit, ofType: type.type)
            }
            let isPaused = type.isPaused || (merges && there?.isPaused == true)
            if isPaused != there?.isPaused ?? false {
                try await target.store.setPaused(isPaused, type: type.type)
            }
        }
        return types.count
    }

    /// Copies the schedules, with what they have done; those of the target stay. Returns how many were copied.
    ///
    /// They come after the tasks: a tick that was fired before must not be fired again in the target.
    private func copySchedules() async throws -> Int {
        var count = 0
        var last: String?
        while true {
            try Task.checkCancellation()
            let page = try await source.store.schedules(after: last, limit: pageSize)
            for record in page {
                var copy = record
                copy.version = 0
                // A conflict means that the target has one of that name.
                if case .saved = try await target.store.save(copy) { count += 1 }
            }
            guard page.count == pageSize else { return count }
            last = page.last?.name
        }
    }

    // MARK: - Tasks

    private func copyTasks(
        _ note: inout TransferNote, _ report: inout TransferReport, isResumed: Bool,
        _ progress: (TransferReport) -> Void
    ) async throws {
        var (isRepeated, isLast) = (isResumed, false)
        while !isLast {
            try Task.checkCancellation()
            let query = TaskQuery(limit: pageSize, after: note.after, maxBytes: Self.pageBytes)
            let page = try await source.store.copies(query)
            let adoptions = try await target.store.adopt(page.copies, note: note.description)
            report.total = page.total
            report.add(adoptions, of: page.copies, isRepeated: isRepeated)
            progress(report)
            (isRepeated, isLast) = (false, page.next == nil)
            note.after = page.next ?? note.after
            (note.outcomes, note.conflicts) = (report.outcomes, report.conflicts)
            if !isLast { try await checkNoNodes() }
        }
    }
}
