import Dispatch
import GRDB
import Synchronization
import XQueueCore
import XQueueStoreKit

/// Combines the writes of concurrent callers into one transaction at a time (group commit).
///
/// While one group is being committed, the next one gathers. There is no timer, so an idle store answers
/// immediately. A caller gets its result only after the commit that made it durable.
final class GroupCommitWriter: Sendable {
    /// Maximum number of callers in one transaction, so that the first ones do not wait too long.
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
        files?.recordFiles()
    }

    /// Runs `verb` in a transaction shared with other callers, and returns once it is durable.
    func run<Value: Sendable>(
        _ verb: @escaping @Sendable (WriteSession) throws -> Value
    ) async throws(StoreError) -> Value {
        if let rejection = files?.rejection { throw rejection }
        // The writer sets it before it answers the caller, who reads it only then.
        nonisolated(unsafe) var result: Result<Value, StoreError>?
        let job: WriteJob = { session, now in
            do {
                result = .success(try session.run(at: now, verb))
            } catch let error as StoreError where error.cause == nil && error.code != .corrupt {
                // By contract a verb throws such an error before it changes anything.
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

    /// Commits the group. If the database fails, each member gets a transaction of its own, so that one failing
    /// write does not fail the others.
    private func commit(_ group: [WriteCall], _ session: WriteSession) {
        if let gone = stopIfFilesAreLost(session.db) {
            for call in group { call.answer(.failure(gone.rejection)) }
            return
        }
        let (now, step) = self.session.watch?.read(clock) ?? (clock.now(), .zero)
        do {
            try session.begin()
            if step != .zero { try session.run(at: now) { try $0.rebase(by: step) } }
            for call in group { try call.item(session, now) }
            try session.commit()
        } catch {
            // If even the rollback fails, the next group's BEGIN fails too and reports it.
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
        if let gone = stopIfFilesAreLost(session.db), !gone.isSaved {
            // The files were lost during the commit, which would count only if it had been saved since.
            for call in group { call.answer(.failure(gone.rejection)) }
            return
        }
        if session.effects.flow != FlowCounts() { failures.succeeded() }
        answer(group, session.effects, now)
    }

    /// Answers all callers. If more calls are waiting for the database, another thread does so.
    private func answer(_ group: [WriteCall], _ effects: Effects, _ now: Timestamp) {
        guard gatherer.hasWaiting else { return complete(group, effects, now) }
        DispatchQueue.global().async { [self] in complete(group, effects, now) }
    }

    private func complete(_ group: [WriteCall], _ effects: Effects, _ now: Timestamp) {
        committed(effects, now)
        for call in group { call.answer(.success(())) }
    }

    // MARK: - Files

    /// Checks now, not only at the next write, whether the files are still there: the sooner their contents are
    /// saved, the less there is to lose.
    func checkFiles() {
        guard let files, files.rejection == nil, files.findLoss() != nil else { return }
        writer.asyncWriteWithoutTransaction { [self] db in
            // A closed store no longer owns its files.
            if session.value != nil { _ = stopIfFilesAreLost(db) }
        }
    }

    private struct LostFiles {
        let rejection: StoreError
        /// Whether everything written before the loss is saved.
        let isSaved: Bool
    }

    /// Whatever is written to a removed file is lost with this process: at the first sign of a loss, saves the
    /// contents and rejects all further writes.
    private func stopIfFilesAreLost(_ db: Database) -> LostFiles? {
        guard let files else { return nil }
        if let rejection = files.rejection { return LostFiles(rejection: rejection, isSaved: false) }
        guard let loss = files.findLoss() else { return nil }
        // Saving may take long; callers should not wait for it in vain.
        files.reject(StoreError(.unavailable, "\(loss): no further writes are accepted"))
        let outcome = StoreRescue(watch: files).run(db)
        let rejection = StoreError(.unavailable, "\(loss): no further writes are accepted; \(outcome.advice)")
        files.reject(rejection)
        failures.failed(rejection, at: clock.instant())
        return LostFiles(rejection: rejection, isSaved: outcome.isSaved)
    }

    /// Finishes waiting calls and rejects further ones. Returns true only for the first caller.
    func finish() async -> Bool {
        guard gatherer.close() else { return false }
        await withCheckedContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [self] db in finish(db, continuation) }
        }
        return true
    }

    private func finish(_ db: Database, _ continuation: CheckedContinuation<Void, Never>) {
        guard !gatherer.hasWaiting else {
            // Let the waiting group run first.
            return writer.asyncWriteWithoutTransaction { [self] db in finish(db, continuation) }
        }
        // Its statements must be released before the connection can be closed.
        session.value = nil
        guard stopIfFilesAreLost(db) == nil else { return continuation.resume() }
        // Leaves a single file with everything in it. If this fails, the data is in the WAL and found at the
        // next start.
        _ = try? db.checkpoint(.truncate)
        continuation.resume()
    }
}

/// Holds the writer's session and clock watch.
///
/// `@unchecked Sendable`: only closures on the writer's serial queue touch the values.
private final class SessionBox: @unchecked Sendable {
    var value: WriteSession?
    var watch: ClockWatch?
}

/// One caller's write: it keeps an error of the verb for the caller, and throws one of the database.
private typealias WriteJob = @Sendable (WriteSession, Timestamp) throws -> Void
private typealias WriteCall = CallGatherer<WriteJob, Void>.Call

/// Remembers the database's last failure for a while, since a passing check means little while real work fails.
final class FailureMemory: Sendable {
    private static let window = Duration.seconds(10)

    private let last = Mutex<(error: StoreError, time: MonotonicInstant)?>(nil)

    func failed(_ error: StoreError, at now: MonotonicInstant) {
        last.withLock { $0 = (error, now) }
    }

    /// Records that real work was stored.
    func succeeded() {
        last.withLock { $0 = nil }
    }

    /// The last failure, if it is recent and nothing has been stored since.
    func recent(at now: MonotonicInstant) -> StoreError? {
        last.withLock { last in
            guard let last, now - last.time < Self.window else { return nil }
            return last.error
        }
    }
}
