#if Kafka

import Testing
import XQueueCore
import XQueueTestServers

@testable import XQueueKafka

@Suite("How brokers are spoken to") struct KafkaSecurityTests {
    private func properties(_ change: (inout KafkaConfiguration) -> Void) -> [String: String] {
        var configuration = KafkaConfiguration(brokers: ["one:9092", "other:9093"])
        change(&configuration)
        return configuration.commonProperties
    }

    @Test("Without security nothing is said of it") func plaintext() {
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
        // The library takes them.
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

    @Test("What is given for the library wins over everything") func passThrough() throws {
        var configuration = KafkaConfiguration(brokers: ["127.0.0.1:1"])
        configuration.properties = ["client.id": "mine", "compression.type": "gzip", "acks": "1"]
        // Idempotence and acks=1 exclude each other, so the library must have seen both.
        let error = #expect(throws: IntakeError.self) {
            try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
        }
        #expect(error?.message.contains("acks") == true)
        configuration.properties["acks"] = nil
        _ = try KafkaIntake(configuration: configuration, logger: KafkaFixture.silent)
    }
}

#endif
