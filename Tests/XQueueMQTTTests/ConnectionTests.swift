#if MQTT

import Testing
import XQueueCore
import XQueueMQTT
import XQueueTestServers
import XQueueTesting

/// Connecting to a broker and noticing a lost connection.
@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    @Test func aPasswordIsSent() async throws {
        let fixture = try await SinkFixture.start(login: ("somebody", "secret"))
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink {
            $0.username = "somebody"
            $0.password = "secret"
        }
        try await sink.open()
        try await sink.deliver(fixture.submissions(1))
        try await eventually("the message is there") { subscriber.messages.count == 1 }
        await sink.close()
    }

    @Test(arguments: [MQTTConfiguration.Version.v3, .v5])
    func aWrongPasswordIsRejected(_ version: MQTTConfiguration.Version) async throws {
        let fixture = try await SinkFixture.start(login: ("somebody", "secret"))
        let sink = try fixture.sink {
            $0.username = "somebody"
            $0.password = "hidden"
            $0.version = version
        }
        let error = await #expect(throws: MQTTError.self) { try await sink.open() }
        #expect(error?.kind == .rejected)
        #expect(error?.message.contains("hidden") == false)
    }

    @Test(arguments: ["mqtts", "wss"], ["localhost", "127.0.0.1"])
    func certificatesAreSentAndVerified(_ scheme: String, _ host: String) async throws {
        let files = try await TLSFiles.make()
        let strangers = try await TLSFiles.make()
        let fixture = try await SinkFixture.start(tls: files)
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let port = scheme == "wss" ? fixture.broker.tlsWebSocketPort : fixture.broker.tlsPort
        let address = "\(scheme)://\(host):\(port)"
        let sink = try fixture.sink(address) {
            $0.caFile = files.authority
            $0.certificateFile = files.certificate
            $0.keyFile = files.key
        }
        try await sink.open()
        try await sink.deliver(fixture.submissions(1000))
        try await eventually("the messages are there") { subscriber.messages.count == 1000 }
        await sink.close()

        let distrusting = try fixture.sink(address) {
            $0.caFile = strangers.authority
            $0.certificateFile = files.certificate
            $0.keyFile = files.key
        }
        await #expect(throws: MQTTError.self) { try await distrusting.open() }
        let unknown = try fixture.sink(address) { $0.caFile = files.authority }
        await #expect(throws: MQTTError.self) {
            // With TLS 1.3 the broker may reject the client after the client considers itself connected.
            try await unknown.open()
            try await unknown.deliver(fixture.submissions(1))
        }
    }

    @Test func aWebSocketCarriesThousands() async throws {
        let fixture = try await SinkFixture.start()
        let subscriber = try await fixture.broker.subscribe(to: "task/status/+", name: "all")
        let sink = try fixture.sink("ws://127.0.0.1:\(fixture.broker.webSocketPort)/mqtt")
        let events = fixture.submissions(5000)
        try await sink.open()
        try await sink.deliver(events)
        await sink.close()
        try await eventually("all are there") { subscriber.messages.count == 5000 }
        #expect(subscriber.messages.map(\.topic) == events.map { "task/status/\($0.taskID)" })
    }

    @Test func theLastWillReportsABrokenConnection() async throws {
        let fixture = try await SinkFixture.start()
        let presence = "task/notifier/task-queue-notifier-node"
        let subscriber = try await fixture.broker.subscribe(to: presence, name: "watch")
        let proxy = try await TCPProxy.start(to: fixture.broker.port)
        let sink = try fixture.sink("tcp://127.0.0.1:\(proxy.port)")
        try await sink.open()
        try await eventually("the sink is reported online") { subscriber.messages.count == 1 }
        proxy.dropConnections()
        try await eventually("the broker reports it offline") {
            subscriber.payloads(of: presence).last == #"{"status":"offline","node":"node"}"#
        }
        try await eventually("the sink notices, without any events") {
            do {
                try await sink.deliver([])
                return false
            } catch {
                return true
            }
        }
        try await sink.open()
        try await eventually("it is online again") {
            subscriber.payloads(of: presence).last == #"{"status":"online","node":"node"}"#
        }
        await sink.close()
    }

    @Test(arguments: ["tcp", "ws"])
    func unacknowledgedDeliveriesFail(_ scheme: String) async throws {
        let fixture = try await SinkFixture.start()
        let port = scheme == "ws" ? fixture.broker.webSocketPort : fixture.broker.port
        let sink = try fixture.sink("\(scheme)://127.0.0.1:\(port)") { $0.answerTimeout = .seconds(2) }
        try await sink.open()
        fixture.broker.pause()
        let error = await #expect(throws: MQTTError.self) { try await sink.deliver(fixture.submissions(10)) }
        #expect(error?.kind == .timedOut)
        fixture.broker.resume()
        try await sink.open()
        try await fixture.broker.kill()
        await #expect(throws: MQTTError.self) { try await sink.deliver(fixture.submissions(10)) }
        await #expect(throws: MQTTError.self) { try await sink.open() }
        await sink.close()
    }

    @Test func invalidValuesAreRejected() throws {
        func check(_ change: (inout MQTTConfiguration) -> Void) {
            var configuration = MQTTConfiguration(broker: MQTTBroker(host: "localhost", port: 1883))
            change(&configuration)
            let error = #expect(throws: MQTTError.self) { try configuration.check() }
            #expect(error?.kind == .invalid)
        }
        for topic in ["", "a/+", "#", "/a", "a/", "$SYS/a"] { check { $0.topic = topic } }
        check { $0.password = "secret" }
        check { $0.caFile = "/ca.pem" }
        check { $0.keepAlive = .seconds(1) }
        check {
            $0.broker.usesTLS = true
            $0.keyFile = "/key.pem"
        }
    }
}

#endif
