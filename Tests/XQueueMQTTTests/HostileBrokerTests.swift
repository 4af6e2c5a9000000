#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers
import XQueueTesting

/// How the sink handles a broker that violates the protocol.
@Suite("Hostile MQTT broker", .timeLimit(.minutes(5))) struct HostileBrokerTests {
    /// Names of what it sends.
    static let attacks = [
        "messages", "one long message", "acknowledgements", "one long acknowledgement", "a property", "noise",
        "a length", "a web page",
    ]
    /// The maximum it sends: chunk size in bytes × repeats.
    private static let chunk = 64 << 10
    private static let repeats = 4096

    /// What the broker sends; where the attack comes after connecting, a valid CONNACK precedes it.
    private func answer(_ attack: String, _ version: MQTTConfiguration.Version) -> OddBroker.Answer {
        let letIn: [UInt8] = version == .v3 ? [0x20, 2, 0, 0] : [0x20, 3, 0, 0, 0]
        let zeros = [UInt8](repeating: 0, count: Self.chunk)
        func many(_ packet: [UInt8]) -> [UInt8] {
            Array(repeating: packet, count: Self.chunk / packet.count).flatMap { $0 }
        }
        switch attack {
        case "messages":
            return .init(letIn, then: many([0x30, 6, 0, 1, 97, 0, 98, 99]), repeats: Self.repeats)
        case "one long message":
            return .init(letIn + [0x30, 0xFF, 0xFF, 0xFF, 0x7F], then: zeros, repeats: Self.repeats)
        case "acknowledgements":
            return .init(letIn, then: many([0x40, 2, 0xFF, 0xFF]), repeats: Self.repeats)
        case "one long acknowledgement":
            return .init([0x20, 0xFF, 0xFF, 0xFF, 0x7F], then: zeros, repeats: Self.repeats)
        case "a property":
            // With version 5, this makes Debian's libmosquitto 2.0.11 terminate the process.
            return .init([0x20, 5, 0, 0, 2, 0x7E, 1])
        case "noise":
            let random = SeededRandomSource(seed: 99)
            let noise = (0..<Self.chunk).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return .init(letIn + [0x0F], then: noise, repeats: Self.repeats)
        case "a length":
            return .init([0x20], then: [UInt8](repeating: 0xFF, count: Self.chunk), repeats: Self.repeats)
        default:
            return .init(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))
        }
    }

    @Test(
        "The sink disconnects immediately with a reason, and delivers everything to a good broker later",
        arguments: attacks, [MQTTConfiguration.Version.v3, .v5])
    func isLeft(_ attack: String, _ version: MQTTConfiguration.Version) async throws {
        let fixture = SinkFixture(broker: try MosquittoServer())
        let odd = try await OddBroker.start(answer(attack, version), port: fixture.broker.port)
        let sink = try fixture.sink { $0.version = version }
        let events = fixture.submissions(200)
        for _ in 1...3 {
            let error = await #expect(throws: MQTTError.self) {
                try await sink.open()
                try await sink.deliver(events)
            }
            #expect(error?.kind == .violation)
            let told = error?.message ?? ""
            #expect(told.hasPrefix("tcp://127.0.0.1:\(fixture.broker.port) sent a"), "\(told)")
        }
        #expect(odd.clients == 3)
        // At most what both ends' socket buffers hold, far below the 768 MiB of three connections.
        #expect(odd.sentBytes < 96 << 20)
        try await odd.stop()

        try await fixture.broker.start()
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        try await sink.open()
        try await sink.deliver(events)
        try await eventually("all are there") { subscriber.messages.count == events.count }
        #expect(subscriber.messages.map(\.topic) == events.map { "task/status/\($0.taskID)" })
        #expect(sink.takeRejections().count == 0)
        await sink.close()
    }
}

#endif
