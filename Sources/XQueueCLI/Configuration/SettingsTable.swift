import XQueue
import XQueueCore
import XQueueSQLite
import XQueueServer

/// All settings, in the order they are shown in.
enum SettingsTable {
    static let all: [Setting] = values.flatMap { setting in
        setting.isSecret ? [setting, Setting(fileOf: setting)] : [setting]
    }

    /// All but those that name the files of others.
    private static let values: [Setting] =
        [
            Setting(
                "store.path", .text, \.storePath,
                "The file the tasks are kept in; its folder is made if it is missing."),
            Setting(
                "store.max_file_size", .sizeLimit(from: 1 << 20), \.store.maxFileBytes,
                "The largest that file may grow; 0 for as large as the disk allows."),
            Setting(
                "store.max_waiting_writes", .integer(1...10_000_000), \.store.limits.maxWaitingCalls,
                "The most calls that may wait for the store to write."),

            Setting(
                "server.enabled", .flag, \.servesHTTP, "Answer HTTP requests in this process.",
                offFlag: "--no-http"),
            Setting("server.host", .text, \.server.host, "The address to listen on."),
            Setting("server.port", .port, \.server.port, "The port to listen on."),
            Setting(
                "server.mode", .choice, \.mode,
                "How much is logged, and how, unless log.level and log.format say so."),
            Setting(
                "server.max_body_size", .bytes(1024...(1 << 30)), \.server.maxBodyBytes,
                "The largest request body."),
            Setting(
                "server.max_header_size", .bytes(1024...(1 << 20)), \.server.maxHeaderBytes,
                "The largest request head."),
            Setting(
                "server.max_connections", .integer(1...1_000_000), \.server.maxConnections,
                "Maximum number of connections; one more replaces the longest idle. Streams and waiting workers do not count."
            ),
            Setting(
                "server.max_connections_per_address", .integer(0...1_000_000),
                \.server.maxConnectionsPerAddress,
                "Maximum number of them from one address, but for loopback; 0 = no limit. Raise it behind a proxy."
            ),
            Setting(
                "server.max_reply_memory", .bytes((16 << 20)...(1 << 40)), \.server.maxReplyBytes,
                "Memory for large replies and request bodies under way; beyond it requests get 503."),
            Setting(
                "server.max_subscribers", .integer(1...1_000_000), \.queue.maxSubscribers,
                "The most subscribers to events in this process; further ones are refused."),
            Setting(
                "server.max_remote_workers", .integer(1...9000), \.queue.maxRemoteWorkers,
                "The most workers that take tasks over HTTP here; further ones are refused."),
            Setting(
                "server.max_subscriber_backlog", .bytes((64 << 10)...(1 << 30)), \.queue.maxSubscriberBytes,
                "The events that may wait for one subscriber before it falls behind."),
            Setting(
                "server.max_filter_values", .integer(1...100_000), \.queue.maxFilterValues,
                "Maximum number of tasks, types and statuses in the filters of one subscriber."),
            Setting(
                "server.max_all_filter_values", .integer(1...100_000_000), \.queue.maxAllFilterValues,
                "Maximum number of them in the filters of all subscribers to this process."),
            Setting(
                "server.stream_heartbeat", .duration(second...hour), \.server.streamHeartbeat,
                "How often a quiet subscriber to events hears of the server; silent for three, it is closed."),
            Setting(
                "server.idle_timeout", .duration(second...day), \.server.idleTimeout,
                "How long a connection may rest between requests."),
            Setting(
                "server.request_timeout", .duration(second...hour), \.server.requestTimeout,
                "How long a client may take to send a request."),

            Setting(
                "queue.workers", .flag, \.queue.runsWorkers, "Run tasks in this process.",
                offFlag: "--no-workers"),
            Setting(
                "queue.default_timeout", .duration(.zero...longest), \.queue.defaults.timeout,
                "The queue and process timeout of tasks that name none; 0 for none."),
            Setting(
                "queue.default_retry", .integer(0...ModelLimits.maxRetry), \.queue.defaults.maxRetry,
                "The retries of tasks that name none."),
            Setting(
                "queue.max_concurrency", .integer(1...ModelLimits.maxConcurrency), \.queue.maxConcurrency,
                "The most tasks that run at once in this process."),
            Setting(
                "queue.heartbeat_interval", .duration(.milliseconds(100)...hour), \.queue.heartbeatInterval,
                "How often running tasks are confirmed; a lease lasts three times as long."),
            Setting(
                "queue.semaphore_expiration", .duration(.milliseconds(300)...hour),
                \.queue.semaphoreExpiration,
                "The longest a concurrency token outlives its last heartbeat."),
            Setting(
                "queue.stop_on_lost_lease", .flag, \.queue.stopsOnLostLease,
                "Ask running tasks to stop when Redis could not be reached for the length of their lease.",
                offFlag: "--no-stop-on-lost-lease"),
            Setting(
                "queue.grace_period", .duration(.zero...hour), \.queue.gracePeriod,
                "How long a task has to stop after a cancel or timeout, and all have at shutdown."),
            Setting(
                "queue.stop_period", .duration(.zero...hour), \.queue.stopPeriod,
                "How long tasks that outlast the grace period at shutdown have to stop."),
            Setting(
                "queue.cleanup_interval", .duration(second...day), \.queue.cleanupInterval,
                "How often ended tasks are looked through for ones to remove."),
            Setting(
                "queue.retention_age", .duration(second...longest), \.queue.retentionAge,
                "How long ended tasks are kept."),
            Setting(
                "queue.retention_count", .integer(0...1_000_000_000), \.queue.retentionCount,
                "How many ended tasks are kept."),
            Setting(
                "queue.maintenance_batch", .integer(1...100_000), \.queue.maintenanceBatch,
                "The most tasks removed, or moved by time, in one step."),
            Setting(
                "queue.poll_interval", .duration(.milliseconds(10)...hour), \.queue.pollInterval,
                "The longest a worker waits before it looks for tasks without being woken."),
            Setting(
                "queue.max_backlog", .integer(1...1_000_000_000), \.store.limits.maxBacklog,
                "The most tasks that wait; beyond it submissions are refused."),
            Setting(
                "queue.max_types", .integer(1...1_000_000), \.store.limits.maxTypes,
                "The most distinct task types."),
            Setting(
                "queue.max_batch", .integer(1...100_000), \.queue.maxBatch,
                "The most tasks one submission may hold."),
            Setting(
                "queue.max_payload", .bytes(2...(1 << 30)), \.queue.maxPayloadBytes,
                "The largest payload or result of a task."),

            Setting("example.enabled", .flag, \.example.isEnabled, "Serve the built-in task type `example`."),
            Setting(
                "example.max_concurrency", .limit(upTo: ModelLimits.maxConcurrency), \.example.maxConcurrency,
                "The most `example` tasks that run at once."),
            Setting(
                "example.journal", .optionalPath, \.example.journal,
                "A file `example` adds a line to at the start and end of every attempt."),
        ] + access + log + events + kafka + mqtt + redis + webhooks

    /// The section of the file that holds handlers instead of settings.
    static let handlersSection = "handlers"
    /// The section of the file that holds tokens instead of a value.
    static let tokensSection = "auth.tokens"

    private static let second = Duration.seconds(1)
    private static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(86_400)
    private static let longest = ModelLimits.longestDuration

    /// The program's log.
    static let log: [Setting] = [
        Setting(
            "log.format", .choice, \.log.format,
            "Lines for people, or one JSON object a line; auto leaves it to server.mode."),
        Setting(
            "log.level", .choice, \.log.level,
            "The lowest level that is logged; auto leaves it to server.mode. It can be changed at run time."),
    ]

    /// The bounds of the event log.
    static let events: [Setting] = [
        Setting(
            "events.max_count", .integer(10...1_000_000_000), \.store.limits.events.count,
            "How many events are kept, for subscribers and brokers that come back."),
        Setting(
            "events.max_age", .duration(.seconds(1)...ModelLimits.longestDuration), \.store.limits.events.age,
            "How long they are kept."),
    ]
}
