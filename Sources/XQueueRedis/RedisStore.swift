#if Redis

public import Logging
public import NIOCore
public import NIOPosix
import Synchronization
public import XQueueCore
import XQueueStoreKit

/// A store in Redis, which the nodes of a cluster share.
///
/// Every operation is a Lua script, and therefore atomic; times are those of the server's clock. Durability depends on
/// the server's settings `appendonly` and `appendfsync`.
public final class RedisStore: Store {
    public let name = "redis"
    public let capabilities: StoreCapabilities = [.globalOrder, .exactTypeLimits, .gapFreeCursors]
    let runner: ScriptRunner
    let limits: StoreLimits
    let hub = SignalHub()
    let eventWatch: EventWatch
    let gate = CallGate()
    /// For tests; nil to use the server's clock.
    let clock: (any QueueClock)?
    let random: any RandomSource
    let client: RedisClient
    private let isClosed = ClosedOnce()
    /// Identifies this store's own messages on the signal channel.
    let origin: String

    private let inserts: CallGatherer<[NewTask], [InsertOutcome]>
    private let settlements: CallGatherer<[Settlement], [SettleOutcome]>
    private let reads: CallGatherer<TaskID, TaskRecord?>

    /// Connects to the server, checks its version and settings, loads the scripts, and migrates the queue if needed.
    ///
    /// - Parameters:
    ///   - configuration: The connection settings.
    ///   - limits: The limits to enforce.
    ///   - clock: Replaces the server's clock; for tests.
    ///   - random: Source of the random marks that distinguish stores.
    ///   - logger: Logs lost and restored connections.
    ///   - group: The event loops of the connections.
    /// - Throws: ``StoreError``: `unavailable` if the server is unreachable or unsuitable, or if nodes of an older
    ///   version are using the queue; `newer` if the queue has the layout of a newer version.
    public convenience init(
        configuration: RedisConfiguration,
        limits: StoreLimits = StoreLimits(),
        clock: (any QueueClock)? = nil,
        random: any RandomSource = SystemRandomSource(),
        logger: Logger = Logger(label: "xqueue.redis"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(StoreError) {
        try await self.init(
            configuration, limits, clock: clock, random: random, logger: logger, group: group)
    }

    /// - Parameters:
    ///   - fastPaths: For tests: whether scripts take the fast paths for common cases.
    ///   - alter: For tests: alters the replies of scripts.
    init(
        _ configuration: RedisConfiguration, _ limits: StoreLimits, clock: (any QueueClock)?,
        random: any RandomSource = SystemRandomSource(), logger: Logger = Logger(label: "xqueue.redis"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, fastPaths: Bool = true,
        alter: ScriptRunner.Alteration? = nil
    ) async throws(StoreError) {
        let layout = QueueLayout(tag: configuration.hashTag)
        let client = RedisClient(
            configuration: configuration, group: group, logger: logger, layout: layout)
        self.client = client
        self.limits = limits
        self.clock = clock
        self.random = random
        // Scripts read the number only to trim the event log.
        origin = "\(String(random.next(), radix: 36))/\(max(limits.events.count, 0))"
        do throws(RedisError) {
            runner = try ScriptRunner(
                client: client, texts: fastPaths ? ScriptText.all : ScriptText.general, alter: alter)
            try await client.connect()
            try await runner.load()
        } catch {
            await client.close()
            throw StoreError(error)
        }
        eventWatch = EventWatch(client: client, key: "\(runner.tag):events")
        let caller = ScriptCaller(runner: runner, hub: hub, origin: origin, clock: clock)
        self.caller = caller
        do throws(StoreError) {
            let mark = String(random.next(), radix: 36)
            try await LayoutMigration(caller: caller, logger: logger, mark: mark).run()
            layout.markMigrated()
        } catch {
            await client.close()
            throw error
        }
        // Two calls, so that one can be in transit while the server runs the other.
        inserts = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 256, maxRunning: 2)
        settlements = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 256, maxRunning: 2)
        reads = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 100, maxRunning: 2)
        subscribe(to: "\(runner.tag):signals")
    }

    let caller: ScriptCaller

    private func subscribe(to channel: String) {
        client.subscribe(to: [channel]) { [hub] in
            // Signals sent while unsubscribed are lost, so every listener has to check.
            hub.send(.ready)
        } onMessage: { [hub, origin] _, message in
            for signal in StoreSignal.parse(message, except: origin) { hub.send(signal) }
        }
    }

    public func signals() -> AsyncStream<StoreSignal> {
        hub.listen()
    }

    /// How long calls in progress may take to finish when the store is closed.
    private static let closeTimeout = Duration.milliseconds(500)

    public func close() async {
        guard isClosed.set() else { return }
        // Awaited below. A server that does not reply must not delay closing.
        let forcedClose = Task { [client] in
            guard (try? await Task.sleep(for: Self.closeTimeout)) != nil else { return }
            await client.close()
        }
        await eventWatch.close()
        await gate.close()
        forcedClose.cancel()
        await forcedClose.value
        await client.close()
        hub.finish()
    }

    // MARK: - Gathered calls

    public func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        guard !tasks.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            try await inserts.call(tasks, weight: tasks.count) { [self] batch in
                await caller.insert(batch, limits)
            }
        }
    }

    public func settle(_ ends: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        guard !ends.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            try await settlements.call(ends, weight: ends.count) { [caller] in await caller.settle($0) }
        }
    }

    public func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await within { () async throws(StoreError) in
            try await reads.call(id) { [caller] in await caller.read($0) }
        }
    }

    /// Runs `body` unless the store is closed; `close()` waits for it.
    func within<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try gate.enter()
        defer { gate.leave() }
        return try await body()
    }
}

/// A flag that exactly one caller sets.
final class ClosedOnce: Sendable {
    private let isSet = Atomic(false)

    /// Returns true for the first caller only.
    func set() -> Bool {
        !isSet.exchange(true, ordering: .acquiringAndReleasing)
    }
}

#endif
