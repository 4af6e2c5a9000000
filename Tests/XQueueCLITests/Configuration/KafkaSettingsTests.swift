#if Kafka

import Testing
@testable import XQueueCLI
import XQueueKafka

@Suite("Kafka settings")
struct KafkaSettingsTests {
    private func load(_ environment: [String: String]) async throws -> ResolvedConfiguration {
        try await ConfigurationLoader(flags: [], environment: environment).load()
    }

    private func client(_ environment: [String: String]) async throws -> KafkaConfiguration? {
        try await load(environment).values.kafka.clientConfiguration(maxPayloadBytes: 1000)
    }

    @Test func withoutBrokersKafkaIsNotUsed() async throws {
        #expect(try await client(["XQUEUE_KAFKA_TOPIC": "a"]) == nil)
    }

    @Test func whatIsSetReachesTheClient() async throws {
        let environment = [
            "XQUEUE_KAFKA_BROKERS": "one:9092, two:9093", "XQUEUE_KAFKA_TOPIC": "work",
            "XQUEUE_KAFKA_GROUP_ID": "workers", "XQUEUE_KAFKA_PARTITIONS": "12",
            "XQUEUE_KAFKA_REPLICATION": "3", "XQUEUE_KAFKA_STATUS_TOPIC": "ended",
            "XQUEUE_KAFKA_DELIVERY_TIMEOUT": "20s", "XQUEUE_KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
            "XQUEUE_KAFKA_SECURITY_MECHANISM": "SCRAM-SHA-512", "XQUEUE_KAFKA_SECURITY_USERNAME": "user",
            "XQUEUE_KAFKA_SECURITY_PASSWORD": "secret",
            "XQUEUE_KAFKA_PROPERTIES": "linger.ms=5; compression.type=lz4",
        ]
        let client = try #require(try await client(environment))
        #expect(client.brokers == ["one:9092", "two:9093"])
        #expect(client.topic == "work")
        #expect(client.deadTopic == "work.dead")
        #expect(client.groupID == "workers")
        #expect(client.partitions == 12)
        #expect(client.replication == 3)
        #expect(client.statusTopic == "ended")
        #expect(client.deliveryTimeout == .seconds(20))
        #expect(client.maxMessageBytes == 1000 + 65_536)
        #expect(client.security.transport == .saslTLS)
        #expect(client.security.mechanism == .scramSHA512)
        #expect(client.security.username == "user")
        #expect(client.security.password == "secret")
        #expect(client.properties == ["linger.ms": "5", "compression.type": "lz4"])
    }

    @Test(arguments: [
        ["XQUEUE_KAFKA_BROKERS": "one two"], ["XQUEUE_KAFKA_BROKERS": "one", "XQUEUE_KAFKA_TOPIC": "a/b"],
        ["XQUEUE_KAFKA_BROKERS": "one", "XQUEUE_KAFKA_PROPERTIES": "linger.ms"],
        ["XQUEUE_KAFKA_BROKERS": "one", "XQUEUE_KAFKA_SECURITY_PROTOCOL": "sasl_ssl"],
        ["XQUEUE_KAFKA_BROKERS": "one", "XQUEUE_KAFKA_SECURITY_CA_FILE": "/nowhere/ca.pem"],
    ])
    func mistakesAreNamed(_ environment: [String: String]) async throws {
        let error = await #expect(throws: ConfigurationError.self) { try await client(environment) }
        #expect(error?.kind == .configuration)
        #expect(error?.description.contains("kafka") == true)
    }

    @Test func aPasswordAmongTheBrokersIsNotRepeated() async throws {
        for brokers in ["user:hunter2@one:9092", "one,SASL_SSL://user:hunter2@two:9092"] {
            let environment = ["XQUEUE_KAFKA_BROKERS": brokers]
            #expect(!ConfigurationListing.values(of: try await load(environment)).contains("hunter2"))
            let error = await #expect(throws: ConfigurationError.self) { try await client(environment) }
            #expect(error?.description.contains("hunter2") == false)
            #expect(error?.description.contains("kafka.security.password_file") == true)
        }
    }

    @Test func noListingShowsASecret() async throws {
        let listing = ConfigurationListing.values(
            of: try await load([
                "XQUEUE_KAFKA_BROKERS": "one", "XQUEUE_KAFKA_SECURITY_PASSWORD": "hunter2",
                "XQUEUE_KAFKA_PROPERTIES": "ssl.key.password=hunter2",
            ]))
        #expect(!listing.contains("hunter2"))
    }
}

#endif
