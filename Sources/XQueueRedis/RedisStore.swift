#if Redis

public import Logging
public import NIOCore
public import NIOPosix
public import XQueueCore

/// The store for many machines: one queue in one Redis server, shared by all nodes.
///
/// Every verb is one Lua script and so one atomic step, by the server's clock. What is durable, and when,
/// is the server's setting: see `appendonly` and `appendfsync` of Redis.
public final class RedisStore: TaskStore {
    public let name = "redis"
    let runner: ScriptRunner
    let options: RedisStoreOptions
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
    ///   - clock: Replaces the server's clock; for tests.
    /// - Throws: ``StoreError``: `unavailable` if the server cannot be reached, or why it cannot be used.
    public convenience init(
        configuration: RedisConfiguration,
        options: RedisStoreOptions = RedisStoreOptions(),
        clock: (any QueueClock)? = nil,
        random: any RandomSource = SystemRandomSource(),
        logger: Logger = Logger(label: "xqueue.redis"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(StoreError) {
        try await self.init(
            configuration, options, clock: clock, random: random, logger: logger, group: group, alter: nil)
    }

    /// - Parameter alter: For tests: what becomes of the replies of scripts.
    init(
        _ configuration: RedisConfiguration, _ options: RedisStoreOptions, clock: (any QueueClock)?,
        random: any RandomSource, logger: Logger, group: any EventLoopGroup, alter: ScriptRunner.Alteration?
    ) async throws(StoreError) {
        let client = RedisClient(configuration: configuration, group: group, logger: logger)
        self.client = client
        self.options = options
        self.clock = clock
        self.random = random
        // The scripts read the number only when they write events.
        origin = "\(String(random.next(), radix: 36))/\(max(options.events.count, 0))"
        do throws(RedisError) {
            runner = try ScriptRunner(client: client, alter: alter)
            try await client.connect()
            try await runner.load()
        } catch {
            await client.close()
            throw StoreError(error)
        }
        eventWatch = EventWatch(client: client, key: "\(runner.tag):events")
        let caller = ScriptCaller(runner: runner, hub: hub, origin: origin, clock: clock)
        self.caller = caller
        let most = options.maxWaitingCalls
        inserts = CallGatherer(mostWaiting: most, mostWeight: 256) { [options] batch in
            await caller.insert(batch, options)
        }
        settlements = CallGatherer(mostWaiting: most, mostWeight: 256) { await caller.settle($0) }
        reads = CallGatherer(mostWaiting: most, mostWeight: 100) { await caller.read($0) }
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
            try await inserts.call(tasks, weight: tasks.count)
        }
    }

    public func settle(_ ends: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        guard !ends.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            try await settlements.call(ends, weight: ends.count)
        }
    }

    public func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await within { () async throws(StoreError) in try await reads.call(id, weight: 1) }
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

#endif
