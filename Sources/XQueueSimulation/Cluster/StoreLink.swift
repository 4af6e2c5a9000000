import XQueueCore

/// One process's connection to the store: requests, replies and signals take time, arrive in any order, and may be lost.
///
/// A request on its way arrives even if the process is suspended or crashes meanwhile; its reply waits at the process's gate.
final class StoreLink: StoreDecorator, @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    let base: any Store
    private let scheduler: Scheduler
    private let gate: ProcessGate
    private let dice: Dice
    var network = NetworkState()
    private var isClosed = false
    /// The calls that wait for the network, each with what ends its wait.
    private var waits: [Int: CheckedContinuation<Bool, Never>] = [:]
    private var lastWait = 0
    private var listeners: [AsyncStream<StoreSignal>.Continuation] = []

    init(_ base: any Store, _ scheduler: Scheduler, _ gate: ProcessGate, _ dice: Dice) {
        self.base = base
        self.scheduler = scheduler
        self.gate = gate
        self.dice = dice
    }

    func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        scheduler.checkThread()
        let fate = MessageFate(network, dice)
        try await pass(fate.requestDelay, isHeld: false)
        if fate.losesRequest {
            try await pass(fate.timeout)
            throw StoreError(.unavailable, "no reply to \(verb.rawValue)")
        }
        let reply: Result<Value, StoreError>
        do throws(StoreError) {
            reply = .success(try await body())
        } catch {
            reply = .failure(error)
        }
        if fate.losesReply {
            try await pass(fate.timeout)
            throw StoreError(.unavailable, "no reply to \(verb.rawValue)")
        }
        try await pass(fate.replyDelay)
        return try reply.get()
    }

    /// Lets `duration` pass on the network.
    ///
    /// - Parameter isHeld: Whether what comes next happens in the process, so not while it is suspended.
    private func pass(_ duration: Duration, isHeld: Bool = true) async throws(StoreError) {
        guard !isClosed else { throw Self.closed }
        lastWait += 1
        let number = lastWait
        let isOver = await withCheckedContinuation { continuation in
            waits[number] = continuation
            scheduler.at(scheduler.time + duration.simulated) { [self] in
                guard isHeld else { return endWait(number) }
                gate.deliver { self.endWait(number) }
            }
        }
        guard isOver else { throw Self.closed }
    }

    private func endWait(_ number: Int) {
        waits.removeValue(forKey: number)?.resume(returning: true)
    }

    private static let closed = StoreError(.closed, "the store has been closed")

    // MARK: - Signals

    func signals() -> AsyncStream<StoreSignal> {
        let (stream, listener) = AsyncStream.makeStream(
            of: StoreSignal.self, bufferingPolicy: .bufferingNewest(1024))
        guard !isClosed else {
            listener.finish()
            return stream
        }
        listeners.append(listener)
        let source = base.signals()
        // Ends with the listener, or with the store.
        let carrier = Task { [self] in
            for await signal in source { carry(signal, to: listener) }
        }
        listener.onTermination = { _ in carrier.cancel() }
        return stream
    }

    private func carry(_ signal: StoreSignal, to listener: AsyncStream<StoreSignal>.Continuation) {
        guard !dice.chance(network.loss) else { return }
        scheduler.at(scheduler.time + dice.milliseconds(network.delay).simulated) { [self] in
            gate.deliver { listener.yield(signal) }
        }
    }

    /// Ends the process's calls and signals; the store itself serves the others.
    func close() async {
        isClosed = true
        let waiting = waits.sorted { $0.key < $1.key }
        waits = [:]
        for (_, continuation) in waiting { continuation.resume(returning: false) }
        for listener in listeners { listener.finish() }
        listeners = []
    }
}
