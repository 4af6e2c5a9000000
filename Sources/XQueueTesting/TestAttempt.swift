public import Logging
import Synchronization
public import XQueue

/// One attempt without a queue: what a handler is given, and a record of what it says.
///
/// ```swift
/// let attempt = TestAttempt(ResizeRequest(image: "cat.jpg", width: 640), number: 2)
/// let result = try await attempt.run(Resize())
/// #expect(result.image == "640px-cat.jpg")
/// #expect(attempt.progress.map(\.percent) == [50])
/// ```
public final class TestAttempt<Payload: Codable & Sendable>: Sendable {
    /// What the handler is given.
    public let context: TaskContext<Payload>
    private let control: RecordingControl

    /// Makes an attempt.
    ///
    /// - Parameters:
    ///   - payload: What the task was submitted with.
    ///   - type: The task's type.
    ///   - number: 1 for the first attempt.
    ///   - id: The task's identifier; one of the present moment by default.
    ///   - configuration: What `gracePeriod` comes from.
    ///   - logger: Discards everything by default.
    ///   - define: Sets what else was asked, such as `$0.priority` or `$0.metadata`.
    /// - Throws: What encoding the payload throws.
    public init(
        _ payload: Payload, type: String = "test", number: Int = 1, id: TaskID? = nil,
        configuration: QueueConfiguration = QueueConfiguration(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ define: (inout TaskDefinition) -> Void = { _ in }
    ) throws {
        let clock = SystemQueueClock()
        var definition = TaskDefinition(type: type, payload: try RawJSON(encoding: payload))
        define(&definition)
        var state = TaskState(createdAt: clock.now(), runAt: clock.now(), queueTimeout: nil)
        state.status = .processing
        state.pendingReason = nil
        state.retryCount = max(number, 1) - 1
        state.startedAt = clock.now()
        let id = id ?? TaskIDGenerator(clock: clock).next()
        control = RecordingControl(TaskRecord(id: id, definition: definition, state: state))
        context = TaskContext(
            control, payload: payload, trace: definition.trace, configuration: configuration, logger: logger)
    }

    /// What the handler has reported, the oldest first.
    public var progress: [TaskProgress] { control.state.withLock { $0.progress } }

    /// Runs a handler, which ``stop(_:)`` cancels.
    ///
    /// - Returns: What the handler returns.
    /// - Throws: What the handler throws.
    public func run<Handler: TaskHandler>(
        _ handler: Handler
    ) async throws -> Handler.Output where Handler.Payload == Payload {
        let work = Task { try await handler.handle(context) }
        control.start { work.cancel() }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// Asks the handler to stop, as the queue would: sets `stopReason`, and cancels the Swift task of ``run(_:)``.
    public func stop(_ reason: StopReason = .canceled) {
        control.stop(reason)
    }
}

extension TaskContext where Payload: Codable {
    /// What a handler is given, for a test that calls it: `try await Resize().handle(.test(request))`.
    ///
    /// - Parameters:
    ///   - payload: What the task was submitted with.
    ///   - type: The task's type.
    ///   - attempt: 1 for the first attempt.
    ///   - stopReason: Why the attempt should stop; nil while it may continue.
    ///   - define: Sets what else was asked.
    /// - Throws: What encoding the payload throws.
    public static func test(
        _ payload: Payload, type: String = "test", attempt: Int = 1, stopReason: StopReason? = nil,
        _ define: (inout TaskDefinition) -> Void = { _ in }
    ) throws -> TaskContext {
        let made = try TestAttempt(payload, type: type, number: attempt, define)
        if let stopReason { made.stop(stopReason) }
        return made.context
    }
}

/// Keeps what a handler says, and what it is told.
private final class RecordingControl: AttemptControl {
    struct State {
        var progress: [TaskProgress] = []
        var stopReason: StopReason?
        var cancel: (@Sendable () -> Void)?
    }

    let record: TaskRecord
    let state = Mutex(State())

    init(_ record: TaskRecord) {
        self.record = record
    }

    var stopReason: StopReason? { state.withLock { $0.stopReason } }

    func report(_ progress: TaskProgress) {
        state.withLock { $0.progress.append(progress) }
    }

    func start(_ cancel: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.cancel = cancel
            return state.stopReason != nil
        }
        if isStopped { cancel() }
    }

    func stop(_ reason: StopReason) {
        let cancel = state.withLock { state in
            state.stopReason = reason
            return state.cancel
        }
        cancel?()
    }
}
