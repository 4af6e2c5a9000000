import Testing
import XQueueTestServers

@testable import XQueueCLI

/// The output of `--print-config` and `--help`.
@Suite struct ListingTests {
    @Test func everyValueIsListedWithItsSource() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "xqueue.yaml",
            """
            server: { mode: debug }
            handlers:
              thumbnail: { exec: ["./thumbnail.sh", "-v"], max_concurrency: 4, env: { TOKEN: secret } }
            """)
        let resolved = try await ConfigurationLoader(
            flags: ["--queue-grace-period", "90s"], environment: ["XQUEUE_SERVER_PORT": "9000"], file: file
        ).load()
        let lines = ConfigurationListing.values(of: resolved).split(separator: "\n")
            .map { $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ") }
        #expect(
            lines == [
                "store.path xqueue-data/xqueue.db default",
                "store.max_file_size 0 default",
                "store.max_waiting_writes 65536 default",
                "server.enabled true default",
                "server.host 127.0.0.1 default",
                "server.port 9000 environment XQUEUE_SERVER_PORT",
                "server.mode debug file \(file):1",
                "server.max_body_size 1MiB default",
                "server.max_header_size 32KiB default",
                "server.max_connections 1000 default",
                "server.max_connections_per_address 500 default",
                "server.max_reply_memory 128MiB default",
                "server.max_subscribers 10000 default",
                "server.max_remote_workers 5000 default",
                "server.max_subscriber_backlog 256KiB default",
                "server.max_filter_values 1000 default",
                "server.max_all_filter_values 200000 default",
                "server.stream_heartbeat 15s default",
                "server.idle_timeout 1m default",
                "server.request_timeout 30s default",
                "queue.workers true default",
                "queue.default_timeout 10m default",
                "queue.default_retry 3 default",
                "queue.max_concurrency 100 default",
                "queue.heartbeat_interval 30s default",
                "queue.semaphore_expiration 5m default",
                "queue.stop_on_lost_lease true default",
                "queue.grace_period 1m30s flag --queue-grace-period",
                "queue.stop_period 5s default",
                "queue.cleanup_interval 5m default",
                "queue.retention_age 7d default",
                "queue.retention_count 1000000 default",
                "queue.maintenance_batch 500 default",
                "queue.poll_interval 5s default",
                "queue.max_backlog 10000000 default",
                "queue.max_types 10000 default",
                "queue.max_batch 1000 default",
                "queue.max_payload 1MiB default",
                "example.enabled true default",
                "example.max_concurrency 0 default",
                "example.journal \"\" default",
                "server.insecure false default",
                "server.hosts \"\" default",
                "server.tls.cert_file \"\" default",
                "server.tls.key_file \"\" default",
                "server.cors.origins \"\" default",
                "auth.token \"\" default",
                "auth.token_file \"\" default",
                "auth.rate_limit 0 default",
                "auth.rate_burst 0 default",
                "auth.session_lifetime 12h default",
                "auth.max_sessions 1000 default",
                "auth.max_failures 60 default",
                "auth.jwt.secret \"\" default",
                "auth.jwt.secret_file \"\" default",
                "auth.jwt.public_key_file \"\" default",
                "auth.jwt.jwks_file \"\" default",
                "auth.jwt.issuer \"\" default",
                "auth.jwt.audience \"\" default",
                "log.format auto default",
                "log.level auto default",
                "events.max_count 500000 default",
                "events.max_age 1d default",
                "kafka.brokers \"\" default",
                "kafka.topic task-queue default",
                "kafka.group_id task-consumer default",
                "kafka.batch_size 100 default",
                "kafka.batch_timeout 5s default",
                "kafka.partitions 6 default",
                "kafka.replication 0 default",
                "kafka.status_topic \"\" default",
                "kafka.delivery_timeout 10s default",
                "kafka.security.protocol plaintext default",
                "kafka.security.mechanism PLAIN default",
                "kafka.security.username \"\" default",
                "kafka.security.password \"\" default",
                "kafka.security.password_file \"\" default",
                "kafka.security.ca_file \"\" default",
                "kafka.security.cert_file \"\" default",
                "kafka.security.key_file \"\" default",
                "kafka.properties \"\" default",
                "kafka.properties_file \"\" default",
                "mqtt.broker \"\" default",
                "mqtt.client_id task-queue-notifier default",
                "mqtt.qos 1 default",
                "mqtt.topic task/status default",
                "mqtt.username \"\" default",
                "mqtt.password \"\" default",
                "mqtt.password_file \"\" default",
                "mqtt.ca_file \"\" default",
                "mqtt.cert_file \"\" default",
                "mqtt.key_file \"\" default",
                "mqtt.retain false default",
                "mqtt.version 3.1.1 default",
                "mqtt.keep_alive 1m default",
                "redis.addr \"\" default",
                "redis.username \"\" default",
                "redis.password \"\" default",
                "redis.password_file \"\" default",
                "redis.db 0 default",
                "redis.pool_size 10 default",
                "redis.min_idle_conns 2 default",
                "redis.key_prefix xqueue default",
                "redis.connect_timeout 5s default",
                "redis.command_timeout 10s default",
                "redis.startup_timeout 1m default",
                "redis.tls.enabled false default",
                "redis.tls.verify true default",
                "redis.tls.ca_file \"\" default",
                "redis.tls.cert_file \"\" default",
                "redis.tls.key_file \"\" default",
                "redis.sentinel.addrs \"\" default",
                "redis.sentinel.master mymaster default",
                "redis.sentinel.username \"\" default",
                "redis.sentinel.password \"\" default",
                "redis.sentinel.password_file \"\" default",
                "webhooks.allowed_hosts \"\" default",
                "handlers.thumbnail.exec [\"./thumbnail.sh\", \"-v\"] file \(file):3",
                "handlers.thumbnail.max_concurrency 4 file \(file):3",
                "handlers.thumbnail.working_directory \(folder.path) file \(file):3",
                "handlers.thumbnail.max_output 1MiB file \(file):3",
                "handlers.thumbnail.env.TOKEN (set) file \(file):3",
            ])
    }

    @Test func theHelpNamesEverySettingWithItsDefault() {
        let help = ConfigurationListing.help()
        for setting in SettingsTable.all { #expect(help.contains("  \(setting.flag) (default: ")) }
        #expect(help.contains("--queue-default-timeout (default: 10m)"))
        #expect(help.split(separator: "\n").allSatisfy { $0.count < 80 })
    }

    @Test func keysAreUniqueAndConsistent() {
        let keys = SettingsTable.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        #expect(Set(SettingsTable.all.map(\.flag)).count == keys.count)
        for setting in SettingsTable.all {
            #expect((2...3).contains(setting.components.count), "\(setting.key)")
            #expect(setting.help.hasSuffix("."), "\(setting.key)")
        }
    }
}
