#if Kafka

import Testing
import XQueue
import XQueueCore
import XQueueTestServers
import XQueueTesting

@testable import XQueueKafka

@Suite("Kafka security settings") struct KafkaSecurityTests {
    private func properties(_ change: (inout KafkaConfiguration) -> Void) -> [String: String] {
        var configuration = KafkaConfiguration(brokers: ["one:9092", "other:9093"])
        change(&configuration)
        return configuration.commonProperties
    }

    @Test("Without security, no security properties are set") func plaintext() {
        let properties = properties { _ in }
        #expect(properties["bootstrap.servers"] == "one:9092,other:9093")
        #expect(properties["security.protocol"] == "plaintext")
        #expect(properties.keys.filter { $0.hasPrefix("sasl.") || $0.hasPrefix("ssl.") } == [])
    }

    @Test(
        "Users and passwords",
        arguments: KafkaConfiguration.Security.Mechanism.allCases,
        [KafkaConfiguration.Security.Transport.saslPlaintext, .saslTLS])
    func sasl(
        _ mechanism: KafkaConfiguration.Security.Mechanism, _ transport: KafkaConfiguration.Security.Transport
    ) throws {
        let change = { (configuration: inout KafkaConfiguration) in
            configuration.security.transport = transport
            configuration.security.mechanism = mechanism
            configuration.security.username = "user"
            configuration.security.password = "secret"
        }
        let properties = properties(change)
        #expect(properties["security.protocol"] == transport.rawValue)
        #expect(properties["sasl.mechanism"] == mechanism.rawValue)
        #expect(properties["sasl.username"] == "user")
        #expect(properties["sasl.password"] == "secret")
        // The library accepts them.
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        change(&configuration)
        _ = try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
    }

    @Test("Certificates and keys") func tls() async throws {
        let files = try await TLSFiles.make()
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.security.transport = .tls
        configuration.security.caFile = files.authority
        configuration.security.certificateFile = files.certificate
        configuration.security.keyFile = files.key
        let properties = configuration.commonProperties
        #expect(properties["security.protocol"] == "ssl")
        #expect(properties["ssl.ca.location"] == files.authority)
        #expect(properties["ssl.certificate.location"] == files.certificate)
        #expect(properties["ssl.key.location"] == files.key)
        _ = try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)

        configuration.security.keyFile = files.authority
        let error = #expect(throws: IntakeError.self) {
            try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
        }
        #expect(error?.code == .invalid)
    }

    @Test("Tasks pass through TLS, but not to a broker with an untrusted certificate") func throughTLS()
        async throws
    {
        let files = try await TLSFiles.make()
        let fixture = try await KafkaFixture(tls: files)
        let node = try fixture.node {
            $0.security.transport = .tls
            $0.security.caFile = files.authority
        }
        try await fixture.running(node) {
            let task = try await node.manager.submit("work", .null)
            try await eventually("the task is done") {
                try await node.manager.task(task.id)?.status == .success
            }
        }

        let strangers = try await TLSFiles.make()
        let stranger = try fixture.intake {
            $0.security.transport = .tls
            $0.security.caFile = strangers.authority
            $0.deliveryTimeout = .seconds(1)
        }
        let error = await #expect(throws: IntakeError.self) { try await stranger.open() }
        #expect(
            error?.message.contains("certificate verify failed") == true, "\(error?.message ?? "nothing")")
        await stranger.close()
    }

    @Test(
        "An unknown user is reported without revealing the password",
        arguments: [KafkaConfiguration.Security.Mechanism.scramSHA256, .scramSHA512])
    func unknownUser(_ mechanism: KafkaConfiguration.Security.Mechanism) async throws {
        let fixture = try await KafkaFixture(asksUsers: true)
        let intake = try fixture.intake {
            $0.security.transport = .saslPlaintext
            $0.security.mechanism = mechanism
            $0.security.username = "nobody"
            $0.security.password = "very-secret"
            $0.deliveryTimeout = .seconds(1)
        }
        let error = await #expect(throws: IntakeError.self) { try await intake.open() }
        #expect(error?.message.contains("authentication failed") == true, "\(error?.message ?? "nothing")")
        #expect(error?.message.contains("very-secret") == false)
        await intake.close()
    }

    @Test("Explicit library properties override everything else") func passThrough() throws {
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.properties = ["client.id": "mine", "compression.type": "gzip", "acks": "1"]
        // Idempotence excludes acks=1, so this error shows that the library saw both.
        let error = #expect(throws: IntakeError.self) {
            try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
        }
        #expect(error?.message.contains("acks") == true)
        configuration.properties["acks"] = nil
        _ = try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
    }
}

#endif
