import Logging
import XQueue
import XQueueCore

/// A new queue with one type, whose handler only counts.
struct BenchQueue {
    static let type = "bench"
    let manager: TaskManager
    private let store: any Store
    private let handled: Counter
    private let payload: RawJSON

    init(
        _ options: BenchOptions, _ place: any BenchPlace, events: EventRetention = EventRetention(),
        intake: (any TaskIntake)? = nil, runsWorkers: Bool = true,
        onStart: @escaping @Sendable () -> Void = {}
    ) async throws {
        var configuration = QueueConfiguration()
        configuration.maxConcurrency = options.concurrency
        configuration.runsWorkers = runsWorkers
        store = try await place.makeStore(events)
        manager = TaskManager(
            store: store, intake: intake, configuration: configuration, logger: .silent)
        let handled = Counter()
        self.handled = handled
        try manager.register(Self.type) { (_: TaskContext<RawJSON>) -> RawJSON? in
            onStart()
            handled.next()
            return nil
        }
        payload = try BenchPayload.make(bytes: options.payload)
    }

    func close() async {
        await store.close()
    }

    /// Submits `count` tasks from `submitters` concurrent callers, `batch` per call; returns the duration of each call.
    func submit(
        _ count: Int, submitters: Int, batch: Int, progress: @escaping @Sendable (Int) -> Void
    ) async throws -> [Int64] {
        let task = TaskSubmission(type: Self.type, payload: payload)
        return try await Callers.measure(submitters, doing: count, batch: batch, progress: progress) {
            _, size in
            if size == 1 {
                try await manager.submit(task)
            } else {
                try await manager.submit(Array(repeating: task, count: size))
            }
        }
    }

    /// Runs the workers while `body` runs, and then until `count` tasks have succeeded.
    func work(
        until count: Int, progress: (Int) -> Void, during body: () async throws -> Void = {}
    ) async throws {
        // Canceled below, once everything is done.
        let running = Task { try await manager.run() }
        try await body()
        // Do not query the store before the last handler has started: that would affect the measurement.
        while handled.current < count {
            progress(handled.current)
            try await Task.sleep(for: .milliseconds(1))
        }
        while try await succeeded() < count { try await Task.sleep(for: .milliseconds(1)) }
        progress(count)
        running.cancel()
        try await running.value
    }
}

extension BenchQueue {
    /// Returns the number of succeeded tasks as counted by the store.
    func succeeded() async throws -> Int {
        let type = try await manager.types().first { $0.state.type == Self.type }
        return type?.state.counts[.success] ?? 0
    }
}

/// Payloads of a given size.
enum BenchPayload {
    /// Returns a JSON string of exactly `bytes` bytes, including quotes.
    static func make(bytes: Int) throws -> RawJSON {
        try RawJSON("\"" + String(repeating: "x", count: max(bytes - 2, 0)) + "\"")
    }
}
