#if MQTT && os(Linux)

import Foundation
import Testing
import XQueueClient
import XQueueTestServers
import XQueueTesting

/// How the program handles a broker that violates the protocol.
@Suite("The program with a hostile MQTT broker", .timeLimit(.minutes(5))) struct MQTTHostileTests {
    private static let chunk = 64 << 10

    /// The program's peak memory so far, in MiB.
    private func peak(of server: ServerProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
            / 1024
    }

    @Test("It neither exits nor grows, reports the violation, and delivers everything later") func survives()
        async throws
    {
        let broker = try MosquittoServer()
        let letIn: [UInt8] = [0x20, 3, 0, 0, 0]
        let message: [UInt8] = [0x30, 6, 0, 1, 97, 0, 98, 99]
        let messages = Array(repeating: message, count: Self.chunk / message.count).flatMap { $0 }
        let zeros = [UInt8](repeating: 0, count: Self.chunk)
        let answers: [OddBroker.Answer] = [
            // An unknown property, at which Debian's libmosquitto 2.0.11 terminates the process.
            .init([0x20, 5, 0, 0, 2, 0x7E, 1]),
            .init(letIn, then: messages, repeats: 8192),
            .init(letIn + [0x30, 0xFF, 0xFF, 0xFF, 0x7F], then: zeros, repeats: 4096),
            .init([0x20, 0xFF, 0xFF, 0xFF, 0x7F], then: zeros, repeats: 4096),
        ]
        let folder = try ServerFolder()
        var odd = try await OddBroker.start(answers[0], port: broker.port)
        let server = try await ServerProcess(
            in: folder, ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)", "--mqtt-version", "5"])
        let api = API(server)
        try await eventually("it has connected twice") { odd.clients >= 2 }
        let before = try peak(of: server)
        for answer in answers.dropFirst() {
            try await odd.stop()
            odd = try await OddBroker.start(answer, port: broker.port)
            try await eventually("it has connected") { odd.clients >= 1 }
        }
        try await api.submitMany(500)
        try await api.allEnd()
        // The latest trouble: between two violations it may be that the broker hung up first.
        try await eventually("it reports the violation") {
            (try await api.sink().error ?? "").contains("tcp://127.0.0.1:\(broker.port) sent a")
        }
        #expect(server.output.contains("sent a CONNACK packet with the unknown property 0x7e"))
        // A single long message would be 256 MiB.
        #expect(try peak(of: server) - before < 128)
        try await odd.stop()
        try await broker.start()
        try await api.nothingIsLeft()
        let sink = try await api.sink()
        #expect(sink.connected == true)
        #expect(sink.delivered == 1500)
        #expect(sink.lost == 0)
        #expect(sink.refused == 0)
    }
}

#endif
