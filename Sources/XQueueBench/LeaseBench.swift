import Foundation
import NIOCore
import NIOPosix
import ServiceLifecycle
import XQueue
import XQueueCore
import XQueueServer

/// Measures HTTP workers: the memory of many waiting ones, and how fast a submitted task wakes one.
///
/// The clients run in the same process, so results include their share.
struct LeaseBench {
    private static let type = "bench"
    /// Submitting tasks one by one is slow, and more of them would not add information.
    private static let maxTasks = 5000

    let options: BenchOptions
    let place: any BenchPlace
    let bar: ProgressBar

    func run() async throws -> [BenchResult] {
        var configuration = QueueConfiguration()
        configuration.runsWorkers = false
        configuration.maxRemoteWorkers = max(configuration.maxRemoteWorkers, options.pollers)
        let store = try await place.makeStore()
        let manager = TaskManager(store: store, configuration: configuration, logger: .silent)
        let ports = AsyncStream<Int>.makeStream()
        let server = QueueServer(
            manager: manager, configuration: ServerConfiguration(host: "127.0.0.1", port: 0), logger: .silent,
            onListening: { ports.continuation.yield($0) })
        // Canceled below, once all requests have replies.
        let serving = Task { try await ServiceGroup(services: [manager, server], logger: .silent).run() }
        guard let port = await ports.stream.first(where: { _ in true }) else { throw CancellationError() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        OpenFiles.raiseLimit()

        let before = ProcessUsage.residentBytes
        let woken = AsyncStream<Void>.makeStream()
        for index in 0..<options.pollers {
            try await connect(port, index, woken.continuation, group)
            bar.show("leases", index, of: options.pollers)
        }
        try await allWorkersWait(manager)
        let resident = ProcessUsage.residentBytes
        var result = try await wake(manager, woken.stream)
        result.facts = [
            BenchResult.Fact(name: "waiting workers", value: Double(options.pollers), unit: ""),
            BenchResult.Fact(name: "resident memory", value: Double(resident) / 1e6, unit: "MB", aim: 200),
            BenchResult.Fact(
                name: "memory per waiting worker", value: Double(resident - before) / Double(options.pollers),
                unit: "bytes"),
        ]
        serving.cancel()
        _ = await serving.result
        try await group.shutdownGracefully()
        return [result]
    }

    private func wake(_ manager: TaskManager, _ woken: AsyncStream<Void>) async throws -> BenchResult {
        let task = TaskSubmission(type: Self.type, payload: try BenchPayload.make(bytes: options.payload))
        let count = min(options.tasks, Self.maxTasks)
        var latencies: [Int64] = []
        var answers = woken.makeAsyncIterator()
        let meter = Meter()
        for number in 0..<count {
            bar.show("leases", number, of: count)
            let start = ContinuousClock.now
            try await manager.submit(task)
            guard await answers.next() != nil else { throw CancellationError() }
            latencies.append(start.nanosecondsSince)
            try await allWorkersWait(manager)
        }
        return meter.result("leases-wake", count, latencies)
    }

    private func allWorkersWait(_ manager: TaskManager) async throws {
        while manager.waitingPolls < options.pollers { try await Task.sleep(for: .microseconds(200)) }
    }

    private func connect(
        _ port: Int, _ index: Int, _ woken: AsyncStream<Void>.Continuation, _ group: any EventLoopGroup
    ) async throws {
        let body = #"{"worker":"bench-\#(index)","types":["\#(Self.type)"],"wait":60}"#
        let request = HTTPLoad.post("/api/v1/leases", body)
        _ = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PollHandler(request, woken))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }
}

/// A waiting worker, which requests tasks again after each reply.
private final class PollHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let nothing = Array(#""leases":[]"#.utf8)
    private let request: ByteBuffer
    private let woken: AsyncStream<Void>.Continuation
    private var received = ByteBuffer()

    init(_ request: ByteBuffer, _ woken: AsyncStream<Void>.Continuation) {
        self.request = request
        self.woken = woken
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        let head = received.withUnsafeReadableBytes { ReplyHead($0) }
        switch head {
        case .incomplete: return
        case .unusable: return woken.finish()
        case .complete(let length):
            guard length <= received.readableBytes else { return }
            if received.readableBytesView.firstRange(of: Self.nothing) == nil { woken.yield() }
            received.clear()
            context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        }
    }
}

@available(*, unavailable)
extension PollHandler: Sendable {}
