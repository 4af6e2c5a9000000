#if MQTT && os(Linux)

import Foundation
import Synchronization
import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers

/// A broker that sends what it was not asked for.
@Suite(.timeLimit(.minutes(2))) struct UnaskedTests {
    @Test(
        "A message without end is not taken", arguments: [MQTTConfiguration.Version.v3, .v5])
    func endless(_ version: MQTTConfiguration.Version) async throws {
        let broker = try FloodingBroker(isNew: version == .v5)
        broker.start()
        var configuration = MQTTConfiguration(broker: MQTTBroker(host: "127.0.0.1", port: broker.port))
        configuration.version = version
        configuration.answerTimeout = .seconds(60)
        let sink = try MQTTSink(configuration: configuration, nodeID: "node")
        let events = [
            TaskEvent(
                cursor: EventCursor(time: Timestamp(milliseconds: 1), number: 1),
                taskID: TaskIDGenerator().next(), type: "t", timestamp: Timestamp(milliseconds: 1),
                workerID: nil, change: .status(.init(previous: nil, status: .pending, version: 1)))
        ]
        await #expect(throws: MQTTError.self) {
            try await sink.open()
            try await sink.deliver(events)
        }
        await sink.close()
        #expect(broker.sent < 64 << 20, "\(broker.sent) bytes were taken")
    }
}

/// Accepts connections, and sends each a message of 256 MB instead of acknowledgements.
private final class FloodingBroker: Sendable {
    let port: Int
    private let listener: Int32
    private let isNew: Bool
    private let count = Atomic(0)

    /// How many bytes of messages were taken from it, in all.
    var sent: Int { count.load(ordering: .relaxed) }

    init(isNew: Bool) throws {
        self.isNew = isNew
        port = try FreePort.next()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 8) == 0)
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    func start() {
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                self?.serve(connection)
                close(connection)
            }
        }
    }

    private func serve(_ connection: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        guard recv(connection, &buffer, buffer.count, 0) > 0 else { return }
        let accepted: [UInt8] = isNew ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]
        // A message for the topic "a", of the most bytes there can be.
        var bytes = accepted + [0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, UInt8(ascii: "a")] + (isNew ? [0] : [])
        let block = [UInt8](repeating: 0x78, count: 65_536)
        while true {
            let taken = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard taken > 0 else { return }
            count.add(taken, ordering: .relaxed)
            bytes = block
        }
    }
}

#endif
