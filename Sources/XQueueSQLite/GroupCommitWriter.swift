import Dispatch
import GRDB
import Synchronization
import XQueueCore

/// Gathers the writes of all callers into one transaction at a time (group commit).
///
/// While one group is being committed, the next one gathers; there is no timer, so an idle store answers
/// at once. A caller hears of its write after the commit that made it durable.
final class GroupCommitWriter: Sendable {
    /// The most callers in one transaction, so that the first ones do not wait for ever.
    private static let groupLimit = 1024

    private struct State {
        var waiting: [WriteJob] = []
        var isScheduled = false
        var isClosed = false
    }

    private let writer: any DatabaseWriter
    private let path: String
    private let options: SQLiteStoreOptions
    private let clock: any QueueClock
    private let failures: FailureMemory
    /// Nil for a database in memory.
    private let files: FileWatch?
    private let committed: @Sendable (Effects, Timestamp) -> Void
    private let state = Mutex(State())
    private let session = SessionBox()

    init(
        _ writer: any DatabaseWriter, path: String, files: FileWatch?, options: SQLiteStoreOptions,
        clock: any QueueClock, failures: FailureMemory,
        committed: @escaping @Sendable (Effects, Timestamp) -> Void
    ) throws {
        self.writer = writer
        self.path = path
        self.options = options
        self.clock = clock
        self.failures = failures
        self.files = files
        self.committed = committed
        try writer.writeWithoutTransaction { [session] db in
            session.value = try WriteSession(db, options: options)
            session.watch = ClockWatch(clock)
        }
        files?.learn()
    }

    /// Runs `verb` in a transaction shared with other callers, and returns once it is durable.
    func run<Value: Sendable>(
        _ verb: @escaping @Sendable (WriteSession) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            // The writer sets it, and whoever answers the caller reads it after that.
            nonisolated(unsafe) var result: Result<Value, StoreError>?
            enqueue(
                WriteJob(
                    perform: { session, now in
                        do {
                            result = .success(try session.run(at: now, verb))
                        } catch let error as StoreError where error.cause == nil && error.code != .corrupt {
                            // By contract a verb refuses before it changes anything.
                            result = .failure(error)
                        }
                    },
                    succeed: { [path] in
                        continuation.resume(
                            returning: result
                                ?? .failure(StoreError(.unavailable, "\(path): the write was not performed")))
                    },
                    fail: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    private func enqueue(_ job: WriteJob) {
        if let refusal = files?.refusal { return job.fail(refusal) }
        let refusal: StoreError? = state.withLock { state in
            if state.isClosed { return StoreError(.closed, "the store has been closed") }
            guard state.waiting.count < options.maxWaitingWrites else {
                return StoreError(
                    .unavailable, "\(options.maxWaitingWrites) writes are waiting for the store already")
            }
            state.waiting.append(job)
            schedule(&state)
            return nil
        }
        if let refusal { job.fail(refusal) }
    }

    private func schedule(_ state: inout State) {
        guard !state.isScheduled, !state.waiting.isEmpty else { return }
        state.isScheduled = true
        writer.asyncWriteWithoutTransaction { [self] _ in commitGroup() }
    }

    private func commitGroup() {
        let group = state.withLock { state -> [WriteJob] in
            let group = Array(state.waiting.prefix(Self.groupLimit))
            state.waiting.removeFirst(group.count)
            return group
        }
        if let session = session.value { commit(group, session) }
        state.withLock { state in
            state.isScheduled = false
            schedule(&state)
        }
    }

    /// Commits the group; if the database fails, each member gets a transaction of its own, so that one
    /// that cannot be done does not fail the others.
    private func commit(_ group: [WriteJob], _ session: WriteSession) {
        if let gone = refuseIfFilesAreGone(session.db) {
            for job in group { job.fail(gone.refusal) }
            return
        }
        let (now, step) = self.session.watch?.look(at: clock) ?? (clock.now(), .zero)
        do {
            try session.begin()
            if step != .zero { try session.run(at: now) { try $0.rebase(by: step) } }
            for job in group { try job.perform(session, now) }
            try session.commit()
        } catch {
            // If even the rollback fails, the next group's BEGIN does too, and says so.
            try? session.rollBack()
            if group.count > 1 {
                for job in group { commit([job], session) }
            } else {
                let failure = StoreError(driver: error, path: path)
                failures.failed(failure, at: clock.instant())
                group.first?.fail(failure)
            }
            return
        }
        if step != .zero { self.session.watch?.accept(step) }
        if let gone = refuseIfFilesAreGone(session.db), !gone.isSaved {
            // They went while the commit was under way, which would count if it had been saved since.
            for job in group { job.fail(gone.refusal) }
            return
        }
        if session.effects.flow != FlowCounts() { failures.succeeded() }
        answer(group, session.effects, now)
    }

    /// Tells everybody what has been committed. While others wait for the database, another thread does that.
    private func answer(_ group: [WriteJob], _ effects: Effects, _ now: Timestamp) {
        guard state.withLock({ !$0.waiting.isEmpty }) else { return tell(group, effects, now) }
        DispatchQueue.global().async { [self] in tell(group, effects, now) }
    }

    private func tell(_ group: [WriteJob], _ effects: Effects, _ now: Timestamp) {
        committed(effects, now)
        for job in group { job.succeed() }
    }

    // MARK: - Files

    /// Looks whether the files are still there, now and not only at the next write: the sooner what they held is
    /// saved, the less there is to lose.
    func lookAtFiles() {
        guard let files, files.refusal == nil, files.look() != nil else { return }
        writer.asyncWriteWithoutTransaction { [self] db in
            // A store that has been closed leaves its files to anybody.
            if session.value != nil { _ = refuseIfFilesAreGone(db) }
        }
    }

    private struct FilesGone {
        let refusal: StoreError
        /// What had been written before is saved.
        let isSaved: Bool
    }

    /// What is written to a file that has been removed is lost with this process: at the first sign of that, saves
    /// what is there and has everything further refused.
    private func refuseIfFilesAreGone(_ db: Database) -> FilesGone? {
        guard let files else { return nil }
        if let refusal = files.refusal { return FilesGone(refusal: refusal, isSaved: false) }
        guard let loss = files.look() else { return nil }
        // Saving may take long: nobody should wait for it in vain.
        files.refuse(StoreError(.unavailable, "\(loss): nothing further is accepted"))
        let outcome = StoreRescue(watch: files).run(db)
        let refusal = StoreError(.unavailable, "\(loss): nothing further is accepted; \(outcome.advice)")
        files.refuse(refusal)
        failures.failed(refusal, at: clock.instant())
        return FilesGone(refusal: refusal, isSaved: outcome.isSaved)
    }

    /// Finishes what is waiting and takes nothing further; only the first caller gets true.
    func finish() async -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return false }
        await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [self] db in finish(db, continuation) }
        }
        return true
    }

    private func finish(_ db: Database, _ continuation: CheckedContinuation<Void, Never>) {
        let isEmpty = state.withLock { $0.waiting.isEmpty }
        guard isEmpty else {
            commitGroup()
            return writer.asyncWriteWithoutTransaction { [self] db in finish(db, continuation) }
        }
        // Its statements must be gone before the connection can be closed.
        session.value = nil
        guard refuseIfFilesAreGone(db) == nil else { return continuation.resume() }
        // Leaves one file with everything in it. What fails here is in the WAL, and found at the next start.
        _ = try? db.checkpoint(.truncate)
        continuation.resume()
    }
}

/// Holds the session for the writer, and its eye on the clock.
///
/// `@unchecked Sendable`: only closures on the writer's serial queue touch the values.
private final class SessionBox: @unchecked Sendable {
    var value: WriteSession?
    var watch: ClockWatch?
}

/// One caller's write.
private struct WriteJob: Sendable {
    /// Does the work; an error the verb decided on is kept for the caller, one of the database is thrown.
    let perform: @Sendable (WriteSession, Timestamp) throws -> Void
    let succeed: @Sendable () -> Void
    let fail: @Sendable (StoreError) -> Void
}
