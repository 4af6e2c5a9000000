import Dispatch
import GRDB
import Synchronization
import XQueueCore
import XQueueStoreKit

/// Gathers the writes of all callers into one transaction at a time (group commit).
///
/// While one group is being committed, the next one gathers; there is no timer, so an idle store answers
/// at once. A caller hears of its write after the commit that made it durable.
final class GroupCommitWriter: Sendable {
    /// The most callers in one transaction, so that the first ones do not wait for ever.
    private static let groupLimit = 1024

    private let writer: any DatabaseWriter
    private let path: String
    private let clock: any QueueClock
    private let failures: FailureMemory
    /// Nil for a database in memory.
    private let files: FileWatch?
    private let committed: @Sendable (Effects, Timestamp) -> Void
    private let gatherer: CallGatherer<WriteJob, Void>
    private let session = SessionBox()

    init(
        _ writer: any DatabaseWriter, path: String, files: FileWatch?, limits: StoreLimits,
        clock: any QueueClock, failures: FailureMemory,
        committed: @escaping @Sendable (Effects, Timestamp) -> Void
    ) throws {
        self.writer = writer
        self.path = path
        gatherer = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: Self.groupLimit)
        self.clock = clock
        self.failures = failures
        self.files = files
        self.committed = committed
        try writer.writeWithoutTransaction { [session] db in
            session.value = try WriteSession(db, limits: limits)
            session.watch = ClockWatch(clock)
        }
        files?.learn()
    }

    /// Runs `verb` in a transaction shared with other callers, and returns once it is durable.
    func run<Value: Sendable>(
        _ verb: @escaping @Sendable (WriteSession) throws -> Value
    ) async throws(StoreError) -> Value {
        if let refusal = files?.refusal { throw refusal }
        // The writer sets it before it answers the caller, who reads it after that.
        nonisolated(unsafe) var result: Result<Value, StoreError>?
        let job: WriteJob = { session, now in
            do {
                result = .success(try session.run(at: now, verb))
            } catch let error as StoreError where error.cause == nil && error.code != .corrupt {
                // By contract a verb refuses before it changes anything.
                result = .failure(error)
            }
        }
        try await gatherer.call(job) { schedule() }
        guard let result else { throw StoreError(.unavailable, "\(path): the write was not performed") }
        return try result.get()
    }

    private func schedule() {
        writer.asyncWriteWithoutTransaction { [self] _ in commitGroup() }
    }

    private func commitGroup() {
        let group = gatherer.next()
        if let session = session.value, !group.isEmpty { commit(group, session) }
        if gatherer.finish() { schedule() }
    }

    /// Commits the group; if the database fails, each member gets a transaction of its own, so that one
    /// that cannot be done does not fail the others.
    private func commit(_ group: [WriteCall], _ session: WriteSession) {
        if let gone = refuseIfFilesAreGone(session.db) {
            for call in group { call.answer(.failure(gone.refusal)) }
            return
        }
        let (now, step) = self.session.watch?.look(at: clock) ?? (clock.now(), .zero)
        do {
            try session.begin()
            if step != .zero { try session.run(at: now) { try $0.rebase(by: step) } }
            for call in group { try call.item(session, now) }
            try session.commit()
        } catch {
            // If even the rollback fails, the next group's BEGIN does too, and says so.
            try? session.rollBack()
            if group.count > 1 {
                for call in group { commit([call], session) }
            } else {
                let failure = StoreError(driver: error, path: path)
                failures.failed(failure, at: clock.instant())
                group.first?.answer(.failure(failure))
            }
            return
        }
        if step != .zero { self.session.watch?.accept(step) }
        if let gone = refuseIfFilesAreGone(session.db), !gone.isSaved {
            // They went while the commit was under way, which would count if it had been saved since.
            for call in group { call.answer(.failure(gone.refusal)) }
            return
        }
        if session.effects.flow != FlowCounts() { failures.succeeded() }
        answer(group, session.effects, now)
    }

    /// Tells everybody what has been committed. While others wait for the database, another thread does that.
    private func answer(_ group: [WriteCall], _ effects: Effects, _ now: Timestamp) {
        guard gatherer.hasWaiting else { return tell(group, effects, now) }
        DispatchQueue.global().async { [self] in tell(group, effects, now) }
    }

    private func tell(_ group: [WriteCall], _ effects: Effects, _ now: Timestamp) {
        committed(effects, now)
        for call in group { call.answer(.success(())) }
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
        guard gatherer.close() else { return false }
        await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [self] db in finish(db, continuation) }
        }
        return true
    }

    private func finish(_ db: Database, _ continuation: CheckedContinuation<Void, Never>) {
        guard !gatherer.hasWaiting else {
            // Its group has its turn before this comes again.
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

/// One caller's write: an error the verb decided on is kept for the caller, one of the database is thrown.
private typealias WriteJob = @Sendable (WriteSession, Timestamp) throws -> Void
private typealias WriteCall = CallGatherer<WriteJob, Void>.Call

/// Remembers the last failure of the database for a while: a check that happens to pass says little while
/// real work fails.
final class FailureMemory: Sendable {
    private static let window = Duration.seconds(10)

    private let last = Mutex<(error: StoreError, time: MonotonicInstant)?>(nil)

    func failed(_ error: StoreError, at now: MonotonicInstant) {
        last.withLock { $0 = (error, now) }
    }

    /// Real work was stored.
    func succeeded() {
        last.withLock { $0 = nil }
    }

    /// The last failure, if nothing was stored since and it was not long ago.
    func recent(at now: MonotonicInstant) -> StoreError? {
        last.withLock { last in
            guard let last, now - last.time < Self.window else { return nil }
            return last.error
        }
    }
}
