#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers
import XQueueTesting

/// What the sink reports for an unreachable broker, and when.
@Suite("Unreachable MQTT broker", .timeLimit(.minutes(5))) struct UnreachableBrokerTests {
    @Test("Canceling an open does not wait for the broker", arguments: ["tcp", "mqtts", "ws"])
    func canceled(_ scheme: String) async throws {
        // It accepts the connection but sends nothing.
        let fixture = SinkFixture(broker: try MosquittoServer())
        let silent = try await OddBroker.start(.init([]), port: fixture.broker.port)
        let sink = try fixture.sink("\(scheme)://127.0.0.1:\(fixture.broker.port)") {
            $0.answerTimeout = .seconds(3600)
        }
        let opening = Task { try await sink.open() }
        try await eventually("it has connected") { silent.clients == 1 }
        opening.cancel()
        await #expect(throws: (any Error).self) { try await opening.value }
    }

    @Test("Opening times out if the broker stays silent", arguments: ["tcp", "mqtts", "ws"])
    func silent(_ scheme: String) async throws {
        let fixture = SinkFixture(broker: try MosquittoServer())
        let silent = try await OddBroker.start(.init([]), port: fixture.broker.port)
        let sink = try fixture.sink("\(scheme)://127.0.0.1:\(fixture.broker.port)") {
            $0.answerTimeout = .seconds(1)
        }
        await #expect(throws: MQTTError.self) { try await sink.open() }
        #expect(silent.clients == 1)
    }

    @Test("A refused connection is reported with the system's message") func nobody() async throws {
        let fixture = SinkFixture(broker: try MosquittoServer())
        let sink = try fixture.sink()
        let error = await #expect(throws: MQTTError.self) { try await sink.open() }
        #expect(error?.kind == .disconnected)
        let address = "tcp://127.0.0.1:\(fixture.broker.port)"
        #expect(error?.message == "no connection to \(address): Connection refused")
    }

    @Test("An untrusted certificate or one for another name is reported", arguments: ["mqtts", "wss"])
    func certificates(_ scheme: String) async throws {
        let (files, others) = (
            try await TLSFiles.make(), try await TLSFiles.make(for: "DNS:elsewhere.example")
        )
        let stranger = try await error(scheme, of: files, trusting: others)
        #expect(stranger?.kind == .disconnected)
        #expect(stranger?.message.contains("no trusted connection: ") == true)
        #expect(stranger?.message.contains("CERTIFICATE_VERIFY_FAILED") == true)
        let misled = try await error(scheme, of: others, trusting: others)
        #expect(misled?.kind == .disconnected)
        #expect(
            misled?.message.hasSuffix("no trusted connection: the certificate is for another name") == true)
    }

    /// The error for a broker on 127.0.0.1 with the certificate of `files`.
    private func error(
        _ scheme: String, of files: TLSFiles, trusting trusted: TLSFiles
    ) async throws -> MQTTError? {
        let fixture = try await SinkFixture.start(tls: files)
        let port = scheme == "wss" ? fixture.broker.tlsWebSocketPort : fixture.broker.tlsPort
        let sink = try fixture.sink("\(scheme)://127.0.0.1:\(port)") { $0.caFile = trusted.authority }
        return await #expect(throws: MQTTError.self) { try await sink.open() }
    }
}

#endif
