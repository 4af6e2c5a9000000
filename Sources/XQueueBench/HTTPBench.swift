import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import XQueueCore
import XQueueServer

/// Measures submission over HTTP compared with a bare web route that decodes and echoes the same JSON.
struct HTTPBench {
    static let connections = 64
    /// Number of turns of the bare route and the queue.
    private static let turns = 20

    let options: BenchOptions
    let place: any BenchPlace
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        let queue = try await BenchQueue(options, place)
        let results = try await serving(bareService) { bare in
            try await serving({ queueService(queue, $0) }) { submit in try await inTurns(bare, submit) }
        }
        await queue.close()
        return results
    }

    /// Submits over HTTP, `batch` tasks per request.
    func submit(to queue: BenchQueue, _ name: String, batch: Int = 1) async throws -> BenchResult {
        try await serving({ queueService(queue, $0) }, batch: batch) { load in
            let requests = (options.tasks + batch - 1) / batch
            let meter = Meter()
            let latencies = try await load.run(requests) { [bar] done in bar.show(name, done, of: requests) }
            return meter.result(name, requests * batch, latencies)
        }
    }

    /// Measures both alternately in small portions, so that changes in the machine's speed affect both.
    private func inTurns(_ bare: HTTPLoad, _ submit: HTTPLoad) async throws -> [BenchResult] {
        var (bareMeter, submitMeter) = (TurnMeter(), TurnMeter())
        let turns = min(Self.turns, options.tasks)
        for turn in 0..<turns {
            let requests = options.tasks * (turn + 1) / turns - options.tasks * turn / turns
            bar.show("http", turn, of: turns)
            try await bareMeter.turn(tasks: requests) { try await bare.run(requests) { _ in } }
            try await submitMeter.turn(tasks: requests) { try await submit.run(requests) { _ in } }
        }
        let floor = bareMeter.result("http-bare-echo")
        return [floor, submitMeter.result("http-submit").compared(with: floor, aim: 0.6)]
    }

    /// A submission as a web service would typically decode it.
    private struct Submission: ResponseCodable {
        var type: String
        var payload: String
        var priority: Int
        var max_retry: Int
        var queue_timeout: Int
        var process_timeout: Int
    }

    private func request(batch: Int) throws -> ByteBuffer {
        let payload = try BenchPayload.make(bytes: options.payload).text
        let task = """
            {"type":"\(BenchQueue.type)","payload":\(payload),"priority":1,"max_retry":3,\
            "queue_timeout":300,"process_timeout":60}
            """
        guard batch > 1 else { return HTTPLoad.post("/api/v1/tasks", task) }
        let tasks = Array(repeating: task, count: batch).joined(separator: ",")
        return HTTPLoad.post("/api/v1/tasks/batch", #"{"tasks":[\#(tasks)]}"#)
    }

    private func bareService(
        _ onListening: @escaping @Sendable (Int) async -> Void
    ) -> any ServiceLifecycle.Service {
        let router = Router()
        router.post("/api/v1/tasks") { request, context in
            try await request.decode(as: Submission.self, context: context)
        }
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onListening(port) }
            },
            logger: .silent)
    }

    private func queueService(
        _ queue: BenchQueue, _ onListening: @escaping @Sendable (Int) async -> Void
    ) -> any ServiceLifecycle.Service {
        QueueServer(
            manager: queue.manager, configuration: ServerConfiguration(host: "127.0.0.1", port: 0),
            logger: .silent, onListening: onListening)
    }

    /// Runs and warms up the service, then calls `body` to load it.
    private func serving<Value>(
        _ makeService: (@escaping @Sendable (Int) async -> Void) -> any ServiceLifecycle.Service,
        batch: Int = 1, body: (HTTPLoad) async throws -> Value
    ) async throws -> Value {
        let ports = AsyncStream<Int>.makeStream()
        let service = makeService { ports.continuation.yield($0) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // Canceled below, once all requests have replies.
        let serving = Task {
            try await ServiceGroup(services: [service], logger: .silent).run()
        }
        guard let port = await ports.stream.first(where: { _ in true }) else { throw CancellationError() }
        let value = try await HTTPLoad.use(
            port: port, connections: Self.connections, request: try request(batch: batch), group: group
        ) { load in
            _ = try await load.run(options.tasks / batch / 10 + 1) { _ in }
            return try await body(load)
        }
        serving.cancel()
        _ = await serving.result
        try await group.shutdownGracefully()
        return value
    }
}

extension Logger {
    /// A logger without output, so that benchmarks do not measure logging.
    static var silent: Logger { Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() } }
}
