/// The border of a simulated process: what reaches the process from outside, such as a reply or the end of a sleep, waits here
/// while the process is suspended, and for ever once it has crashed.
///
/// A process cut off like that comes to rest by itself: all its Swift tasks wait for something from outside.
final class ProcessGate: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let scheduler: Scheduler
    private(set) var isOpen = true
    private var held: [() -> Void] = []

    init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
    }

    /// Holds back whatever arrives from now on.
    func close() {
        isOpen = false
    }

    /// Lets in what was held back, in the order of its arrival, and whatever arrives from now on.
    func open() {
        isOpen = true
        let waiting = held
        held = []
        for action in waiting { action() }
    }

    /// Runs `action` as soon as the process runs.
    func deliver(_ action: @escaping () -> Void) {
        if isOpen { action() } else { held.append(action) }
    }

    /// Returns as soon as the process runs.
    func enter() async {
        scheduler.checkThread()
        await withCheckedContinuation { continuation in
            deliver { continuation.resume() }
        }
    }

    // MARK: - Sleep

    /// Returns after `duration` once the process runs, even if the Swift task is canceled.
    func wait(for duration: Duration) async {
        scheduler.checkThread()
        await withCheckedContinuation { continuation in
            scheduler.at(scheduler.time + duration.simulated) { [self] in
                deliver { continuation.resume() }
            }
        }
    }

    /// Returns once `time` is reached and the process runs.
    ///
    /// - Throws: `CancellationError` if the Swift task is canceled first.
    func sleep(until time: Int64) async throws {
        scheduler.checkThread()
        let sleeper = Sleeper(scheduler)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                sleeper.start(continuation, until: time, self)
            }
        } onCancel: {
            sleeper.end(.failure(CancellationError()))
        }
    }
}

/// One sleep, which ends once: in time, or by a cancellation.
private final class Sleeper: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread, on which its Swift tasks are canceled, too.
    private let scheduler: Scheduler
    private var continuation: CheckedContinuation<Void, any Error>?
    private var timer: Int?
    private var isCanceled = false

    init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
    }

    func start(_ continuation: CheckedContinuation<Void, any Error>, until time: Int64, _ gate: ProcessGate) {
        guard !isCanceled else { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        timer = scheduler.at(time) { [self] in
            timer = nil
            gate.deliver { self.end(.success(())) }
        }
    }

    func end(_ result: Result<Void, any Error>) {
        if case .failure = result { isCanceled = true }
        if let timer { scheduler.cancel(timer) }
        timer = nil
        continuation?.resume(with: result)
        continuation = nil
    }
}
