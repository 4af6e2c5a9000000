import Dispatch
import GRDB
public import XQueueCore
import XQueueStoreKit

/// The embedded store: one SQLite file, used by one process at a time, durable with every answer.
///
/// The file is in WAL mode with `synchronous=FULL`, so acknowledged changes survive a crash of the process and
/// a power failure. Tasks that were running when the last process died become pending again when the store is
/// opened, as lost leases.
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
    /// How often the files are checked while there are no writes.
    private static let watchInterval = DispatchTimeInterval.milliseconds(250)
    /// Only started and canceled, which is safe on any thread: dispatch sources synchronize internally.
    nonisolated(unsafe) private let fileCheckTimer: (any DispatchSourceTimer)?

    /// Opens the store, creating it if necessary.
    ///
    /// - Parameters:
    ///   - path: The database file; its folder must exist. `:memory:` keeps everything in memory.
    ///   - limits: The limits it enforces.
    ///   - maxFileBytes: Maximum size of the file, in bytes; nil for no limit but the disk.
    ///   - clock: The store's clock, used for everything related to time.
    ///   - random: Source of back-off jitter for attempts that ended with the last process.
    /// - Throws: ``StoreError``: `inUse` if another process has it open, `corrupt` if the file is damaged,
    ///   `newer` if a newer version of XQueue created it, `unavailable` if it cannot be opened.
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
        fileCheckTimer = files == nil ? nil : Self.watch(writer)
    }

    /// Checks the files regularly until canceled.
    private static func watch(_ writer: GroupCommitWriter) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        timer.schedule(deadline: .now() + watchInterval, repeating: watchInterval, leeway: watchInterval)
        timer.setEventHandler { [weak writer] in writer?.checkFiles() }
        timer.resume()
        return timer
    }

    deinit {
        fileCheckTimer?.cancel()
    }

    /// Ends attempts that were processing when the file was last closed.
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
        fileCheckTimer?.cancel()
        guard await writer.finish() else { return }
        nodeBook.close()
        eventBell.close()
        await readers.close()
        let isIntact = files?.rejection == nil
        if isIntact {
            // Errors no longer matter when closing.
            try? database.close()
        } else {
            // SQLite would remove the WAL by name, which may belong to another store by now. So the connections
            // stay open until the process ends.
            _ = Unmanaged.passRetained(database as AnyObject)
        }
        hub.finish()
        files?.lock.release(closing: isIntact)
    }
}
