import Dispatch
import GRDB
public import XQueueCore
import XQueueStoreKit

/// The embedded store: one SQLite file, used by one process at a time, durable at every answer.
///
/// The file is in WAL mode with `synchronous=FULL`, so what was acknowledged survives a crash of the
/// process and a loss of power. Opening it makes the tasks pending again that ran when the last process
/// died, as lost leases.
public final class SQLiteStore: Store {
    public let name = "sqlite"
    public let capabilities: StoreCapabilities = [
        .exclusive, .globalOrder, .exactTypeLimits, .gapFreeCursors, .followsClockSteps,
    ]
    let path: String
    let database: any DatabaseWriter
    let writer: GroupCommitWriter
    let clock: any QueueClock
    let flow: FlowMeter
    let readers = CallGate()
    let failures = FailureMemory()
    let nodeBook: LocalNodes
    let eventBell = EventBell()
    private let hub = SignalHub()
    private let files: FileWatch?
    /// How often the files are looked at while nobody writes.
    private static let watchInterval = DispatchTimeInterval.milliseconds(250)
    /// Only started and canceled, which any thread may do: dispatch sources lock themselves.
    nonisolated(unsafe) private let watchman: (any DispatchSourceTimer)?

    /// Opens the store, or makes it.
    ///
    /// - Parameters:
    ///   - path: The database file; its folder must exist. `:memory:` keeps everything in memory.
    ///   - limits: The bounds it keeps.
    ///   - maxFileBytes: The largest that the file may grow, in bytes; nil for as large as the disk allows.
    ///   - clock: The store's clock, which decides everything that has to do with time.
    ///   - random: Where back-off gets its jitter from, for attempts that ended with the last process.
    /// - Throws: ``StoreError``: `inUse` if another process has it open, `corrupt` if the file is damaged,
    ///   `newer` if a later version of XQueue has made it, `unavailable` if it cannot be opened.
    public init(
        path: String,
        limits: StoreLimits = StoreLimits(),
        maxFileBytes: Int? = nil,
        clock: any QueueClock = SystemQueueClock(),
        random: any RandomSource = SystemRandomSource()
    ) throws(StoreError) {
        let isInMemory = path == ":memory:"
        let path = isInMemory ? path : FileIdentity.resolve(path)
        self.path = path
        self.clock = clock
        let flow = FlowMeter(start: clock.instant())
        self.flow = flow
        nodeBook = LocalNodes(clock: clock)
        files = isInMemory ? nil : FileWatch(try ProcessLock(path: path))
        do {
            let database = try SQLiteDatabase.open(
                path, maxBytes: maxFileBytes, identity: files?.lock.identity)
            self.database = database
            // Before the writer reads the counts.
            try Self.recover(database, limits, at: clock.now(), draw: SweepDraw(random))
            writer = try GroupCommitWriter(
                database, path: path, files: files, limits: limits, clock: clock, failures: failures,
                committed: { [flow, hub, eventBell, clock] effects, now in
                    flow.add(effects.flow, at: clock.instant())
                    if effects.wroteEvents { eventBell.ring() }
                    Self.announce(effects, at: now, hub)
                })
        } catch {
            throw StoreError(driver: error, path: path)
        }
        watchman = files == nil ? nil : Self.watch(writer)
    }

    /// Has the files looked at, until it is canceled.
    private static func watch(_ writer: GroupCommitWriter) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + watchInterval, repeating: watchInterval, leeway: watchInterval)
        timer.setEventHandler { [weak writer] in writer?.lookAtFiles() }
        timer.resume()
        return timer
    }

    deinit {
        watchman?.cancel()
    }

    /// Whatever was processing when the file was last closed is processing no more.
    private static func recover(
        _ database: any DatabaseWriter, _ limits: StoreLimits, at now: Timestamp, draw: SweepDraw
    ) throws {
        try database.writeWithoutTransaction { db in
            let session = try WriteSession(db, limits: limits)
            try session.begin()
            _ = try session.run(at: now) { try $0.recoverAttempts(draw: draw) }
            try session.commit()
        }
    }

    private static func announce(_ effects: Effects, at now: Timestamp, _ hub: SignalHub) {
        if effects.becameReady { hub.send(.ready) }
        if let due = effects.earliestDue { hub.send(.due(in: max(due - now, .zero))) }
        for id in effects.cancelRequests { hub.send(.cancelRequested(id)) }
    }

    public func signals() -> AsyncStream<StoreSignal> {
        hub.listen()
    }

    public func close() async {
        watchman?.cancel()
        guard await writer.finish() else { return }
        nodeBook.close()
        eventBell.close()
        await readers.close()
        let isIntact = files?.refusal == nil
        if isIntact {
            // What SQLite may say here is about what is closed anyway.
            try? database.close()
        } else {
            // SQLite would remove the WAL by its name, which may be another store's by now. So the connections
            // are left to the end of the process.
            _ = Unmanaged.passRetained(database as AnyObject)
        }
        hub.finish()
        files?.lock.release(closing: isIntact)
    }
}
