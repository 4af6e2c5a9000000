package import XQueueCore

/// Copies a whole queue from one store to another, while no node runs on either.
///
/// The target keeps, in the same step as each page of tasks, how far the transfer is: a run that was interrupted, in whatever
/// way, is resumed by another one.
package struct QueueTransfer: Sendable {
    /// A store and what people call it.
    package struct Side: Sendable {
        package let store: any Store
        package let name: String

        package init(_ store: any Store, name: String) {
            self.store = store
            self.name = name
        }
    }

    /// After how many bytes of content a step ends.
    private static let pageBytes = 4 << 20

    private let source: Side
    private let target: Side
    private let merges: Bool
    private let pageSize: Int

    /// - Parameters:
    ///   - source: What is copied; it stays as it is.
    ///   - target: Where to.
    ///   - merges: Whether the target may have tasks of its own.
    ///   - pageSize: How many tasks one step copies.
    package init(from source: Side, to target: Side, merges: Bool, pageSize: Int = 500) {
        self.source = source
        self.target = target
        self.merges = merges
        self.pageSize = pageSize
    }

    /// Copies what is not copied yet.
    ///
    /// - Parameter progress: Called after each step.
    /// - Throws: ``TransferError``, ``StoreError``, or `CancellationError` if the Swift task is canceled. What was copied
    ///   stays.
    package func run(progress: (TransferReport) -> Void) async throws -> TransferReport {
        try await refuseNodes()
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
        try await refuseNodes()
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

    /// Finds out what an earlier run has left to do.
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
        try await refuseTasks(note)
        return .begin(TransferNote(source: identity, from: source.name, events: events))
    }

    private var sourceChanged: TransferError {
        TransferError(
            .sourceChanged,
            "\(source.name) has changed since it began to be copied to \(target.name): stop whatever works on it, and "
                + "copy it again, to an empty target")
    }

    /// Refuses a target that has tasks of its own, unless they are meant to be joined; and half a queue in any case.
    private func refuseTasks(_ note: TransferNote?) async throws {
        let count = try await target.store.types().reduce(0) { $0 + $1.counts.total }
        guard count > 0 else { return }
        if let note, note.endedAt == nil {
            throw TransferError(
                .targetInUse,
                "\(target.name) has a part of \(note.from): run the command that copies it again, or empty it"
            )
        }
        guard !merges else { return }
        throw TransferError(
            .targetInUse,
            "\(target.name) has \(count) tasks already: name an empty target, or use --merge to add the tasks of "
                + "\(source.name) to them")
    }

    private func refuseNodes() async throws {
        for side in [source, target] {
            let nodes = try await side.store.nodes().filter { !$0.roles.contains(.remote) }
            guard nodes.isEmpty else {
                let names = nodes.map { "\($0.id) (\($0.program.version), on \($0.program.host))" }
                throw TransferError(
                    .nodesRun,
                    "nodes run on \(side.name) and must be stopped first: \(names.joined(separator: ", ")). "
                        + "A killed one is forgotten within half a minute")
            }
        }
    }

    /// Copies the types with their pauses and limits; answers how many there are. What the target's own types have stays.
    private func copyTypes() async throws -> Int {
        let types = try await source.store.types()
        guard !types.isEmpty else {
            throw TransferError(
                .nothingThere, "there is no queue at \(source.name): it has neither tasks nor types")
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
            if !isLast { try await refuseNodes() }
        }
    }
}
