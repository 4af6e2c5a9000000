#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers

/// A broker and sinks that publish to it.
struct SinkFixture {
    let broker: MosquittoServer
    let ids = TaskIDGenerator()

    static func start(
        login: (name: String, password: String)? = nil, tls: TLSFiles? = nil, options: [String] = [],
        access: String? = nil
    ) async throws -> SinkFixture {
        let broker = try MosquittoServer(login: login, tls: tls, options: options, access: access)
        try await broker.start()
        return SinkFixture(broker: broker)
    }

    func sink(
        _ address: String? = nil, node: String = "node",
        _ configure: (inout MQTTConfiguration) -> Void = { _ in }
    ) throws -> MQTTSink {
        var configuration = MQTTConfiguration(
            broker: try MQTTBroker(address ?? "tcp://127.0.0.1:\(broker.port)"))
        configure(&configuration)
        return try MQTTSink(configuration: configuration, nodeID: node)
    }

    /// A task's events: submitted, started, a progress report, failed.
    func life(of id: TaskID) -> [TaskEvent] {
        [
            event(id, 1, .status(.init(previous: nil, status: .pending, version: 1))),
            event(id, 2, .status(.init(previous: .pending, status: .processing, version: 2))),
            event(id, 3, .progress(TaskProgress(percent: 40, message: "half way"))),
            event(
                id, 4,
                .status(
                    .init(
                        previous: .processing, status: .failed, version: 3, retryCount: 1, error: "a \"b\"\n")
                )),
        ]
    }

    /// A tick of a schedule that was fired.
    func tick(of id: TaskID) -> TaskEvent {
        let tick = Timestamp(milliseconds: 1_767_225_600_000)
        return event(id, 5, .schedule(ScheduleChange(schedule: "nightly", outcome: .fired, tick: tick)))
    }

    /// A submission event for each of `count` tasks.
    func submissions(_ count: Int) -> [TaskEvent] {
        (0..<count).map {
            event(ids.next(), $0 + 1, .status(.init(previous: nil, status: .pending, version: 1)))
        }
    }

    /// A failure event with an error of `bytes` bytes.
    func failure(bytes: Int) -> TaskEvent {
        event(
            ids.next(), 1,
            .status(
                .init(
                    previous: .processing, status: .failed, version: 3, retryCount: 1,
                    error: String(repeating: "x", count: bytes))))
    }

    private func event(_ id: TaskID, _ number: Int, _ change: TaskEvent.Change) -> TaskEvent {
        let time = Timestamp(milliseconds: 1_767_225_600_000 + Int64(number))
        return TaskEvent(
            cursor: EventCursor(time: time, number: Int64(number)), taskID: id, type: "thumbnail",
            timestamp: time, workerID: nil, change: change)
    }
}

#endif
