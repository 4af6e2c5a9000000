#if Redis

public import Logging
public import NIOCore
public import NIOPosix
import Synchronization
public import XQueueCore
import XQueueStoreKit

/// The store for many machines: one queue in one Redis server, shared by all nodes.
///
/// Every verb is one Lua script and so one atomic step, by the server's clock. What is durable, and when,
/// is the server's setting: see `appendonly` and `appendfsync` of Redis.
public final class RedisStore: Store {
    public let name = "redis"
    public let capabilities: StoreCapabilities = [.globalOrder, .exactTypeLimits, .gapFreeCursors]
    let runner: ScriptRunner
    let limits: StoreLimits
    let hub = SignalHub()
    let eventWatch: EventWatch
    let gate = CallGate()
    /// Set in tests only: everywhere else the server's own clock decides.
    let clock: (any QueueClock)?
    let random: any RandomSource
    let client: RedisClient
    private let isClosed = ClosedOnce()
    /// Distinguishes this store's messages from other nodes'.
    let origin: String

    private let inserts: CallGatherer<[NewTask], [InsertOutcome]>
    private let settlements: CallGatherer<[Settlement], [SettleOutcome]>
    private let reads: CallGatherer<TaskID, TaskRecord?>

    /// Connects to the server, checks that it is fit, and loads the scripts.
    ///
    /// - Parameters:
    ///   - configuration: Where the server is.
    ///   - limits: The bounds the store keeps.
    ///   - clock: Replaces the server's clock; for tests.
    ///   - random: Where marks come from that tell this store from others.
    ///   - logger: Told of connections that are lost, and come back.
    ///   - group: Runs the connections.
    /// - Throws: ``StoreError``: `unavailable` if the server cannot be reached, or nodes of an older version run on the
    ///   queue, `newer` if the queue has a layout of a later version, or why it cannot be used.
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
    ///   - shortWays: For tests: whether scripts take the short ways of common steps.
    ///   - alter: For tests: what becomes of the replies of scripts.
    init(
        _ configuration: RedisConfiguration, _ limits: StoreLimits, clock: (any QueueClock)?,
        random: any RandomSource = SystemRandomSource(), logger: Logger = Logger(label: "xqueue.redis"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, shortWays: Bool = true,
        alter: ScriptRunner.Alteration? = nil
    ) async throws(StoreError) {
        let layout = QueueLayout(tag: configuration.hashTag)
        let client = RedisClient(
            configuration: configuration, group: group, logger: logger, layout: layout)
        self.client = client
        self.limits = limits
        self.clock = clock
        self.random = random
        // The scripts read the number only when they write events.
        origin = "\(String(random.next(), radix: 36))/\(max(limits.events.count, 0))"
        do throws(RedisError) {
            runner = try ScriptRunner(
                client: client, texts: shortWays ? ScriptText.all : ScriptText.general, alter: alter)
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
            layout.open()
        } catch {
            await client.close()
            throw error
        }
        // While one call is on its way, another is being run at the server.
        inserts = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 256, maxRunning: 2)
        settlements = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 256, maxRunning: 2)
        reads = CallGatherer(maxWaiting: limits.maxWaitingCalls, maxWeight: 100, maxRunning: 2)
        subscribe(to: "\(runner.tag):signals")
    }

    let caller: ScriptCaller

    private func subscribe(to channel: String) {
        client.subscribe(to: [channel]) { [hub] in
            // What was said while nobody listened is lost: everybody looks for itself.
            hub.send(.ready)
        } onMessage: { [hub, origin] _, message in
            for signal in StoreSignal.parse(message, except: origin) { hub.send(signal) }
        }
    }

    public func signals() -> AsyncStream<StoreSignal> {
        hub.listen()
    }

    /// How long calls that are under way may take to end when the store is closed.
    private static let patience = Duration.milliseconds(500)

    public func close() async {
        guard isClosed.set() else { return }
        // Ended by this function. A server that does not answer does not keep anybody from closing.
        let impatience = Task { [client] in
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            await client.close()
        }
        await eventWatch.close()
        await gate.close()
        impatience.cancel()
        await impatience.value
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

    /// Runs `body` unless the store is closed; the closing waits for it.
    func within<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try gate.enter()
        defer { gate.leave() }
        return try await body()
    }
}

/// Lets exactly one caller close something.
final class ClosedOnce: Sendable {
    private let isSet = Atomic(false)

    /// True for the first caller.
    func set() -> Bool {
        !isSet.exchange(true, ordering: .acquiringAndReleasing)
    }
}

#endif
