import XQueue
import XQueueCore
import XQueueSQLite
import XQueueServer

/// All settings, in display order.
enum SettingsTable {
    static let all: [Setting] = values.flatMap { setting in
        setting.isSecret ? [setting, Setting(fileOf: setting)] : [setting]
    }

    /// All settings except those that name secret files.
    private static let values: [Setting] =
        [
            Setting(
                "store.path", .text, \.storePath,
                "File that stores the tasks; its folder is created if missing."),
            Setting(
                "store.max_file_size", .sizeLimit(from: 1 << 20), \.store.maxFileBytes,
                "Maximum size of that file; 0 = no limit but the disk."),
            Setting(
                "store.max_waiting_writes", .integer(1...10_000_000), \.store.limits.maxWaitingCalls,
                "Maximum number of calls waiting for a store write."),

            Setting(
                "server.enabled", .flag, \.servesHTTP, "Serve HTTP in this process.",
                offFlag: "--no-http"),
            Setting("server.host", .text, \.server.host, "Address to listen on."),
            Setting("server.port", .port, \.server.port, "Port to listen on."),
            Setting(
                "server.mode", .choice, \.mode,
                "Default log level and format: debug (debug, text) or release (info, JSON unless on a terminal)."
            ),
            Setting(
                "server.max_body_size", .bytes(1024...(1 << 30)), \.server.maxBodyBytes,
                "Maximum size of a request body."),
            Setting(
                "server.max_header_size", .bytes(1024...(1 << 20)), \.server.maxHeaderBytes,
                "Maximum size of a request head."),
            Setting(
                "server.max_connections", .integer(1...1_000_000), \.server.maxConnections,
                "Maximum number of connections; beyond it, a new one replaces the longest idle. Streams and waiting workers do not count."
            ),
            Setting(
                "server.max_connections_per_address", .integer(0...1_000_000),
                \.server.maxConnectionsPerAddress,
                "Maximum number of connections from one address, except loopback; 0 = no limit. Raise it behind a proxy."
            ),
            Setting(
                "server.max_reply_memory", .bytes((16 << 20)...(1 << 40)), \.server.maxReplyBytes,
                "Memory for large replies and request bodies in flight; requests beyond it get 503."),
            Setting(
                "server.max_subscribers", .integer(1...1_000_000), \.queue.maxSubscribers,
                "Maximum number of event subscribers in this process; further ones are rejected."),
            Setting(
                "server.max_remote_workers", .integer(1...9000), \.queue.maxRemoteWorkers,
                "Maximum number of workers claiming tasks over HTTP here; further ones are rejected."),
            Setting(
                "server.max_subscriber_backlog", .bytes((64 << 10)...(1 << 30)), \.queue.maxSubscriberBytes,
                "Size of the events that may wait for one subscriber before it falls behind."),
            Setting(
                "server.max_filter_values", .integer(1...100_000), \.queue.maxFilterValues,
                "Maximum number of tasks, types and statuses in one subscriber's filters."),
            Setting(
                "server.max_all_filter_values", .integer(1...100_000_000), \.queue.maxAllFilterValues,
                "Maximum number of these values in the filters of all subscribers to this process."),
            Setting(
                "server.stream_heartbeat", .duration(second...hour), \.server.streamHeartbeat,
                "Heartbeat interval of idle event streams; a subscriber silent for three intervals is disconnected."
            ),
            Setting(
                "server.idle_timeout", .duration(second...day), \.server.idleTimeout,
                "How long a connection may stay idle between requests."),
            Setting(
                "server.request_timeout", .duration(second...hour), \.server.requestTimeout,
                "How long a client may take to send a request."),

            Setting(
                "queue.workers", .flag, \.queue.runsWorkers, "Run tasks in this process.",
                offFlag: "--no-workers"),
            Setting(
                "queue.default_timeout", .duration(.zero...longest), \.queue.defaults.timeout,
                "Queue and process timeout of tasks that set none; 0 = no limit."),
            Setting(
                "queue.default_retry", .integer(0...ModelLimits.maxRetry), \.queue.defaults.maxRetry,
                "Number of retries of tasks that set none."),
            Setting(
                "queue.max_concurrency", .integer(1...ModelLimits.maxConcurrency), \.queue.maxConcurrency,
                "Maximum number of tasks running simultaneously in this process."),
            Setting(
                "queue.heartbeat_interval", .duration(.milliseconds(100)...hour), \.queue.heartbeatInterval,
                "How often the leases of running tasks are renewed; a lease lasts three intervals."),
            Setting(
                "queue.semaphore_expiration", .duration(.milliseconds(300)...hour),
                \.queue.semaphoreExpiration,
                "How long a concurrency token may outlive its last heartbeat; shortens the lease if smaller."),
            Setting(
                "queue.stop_on_lost_lease", .flag, \.queue.stopsOnLostLease,
                "Ask running tasks to stop once Redis has been unreachable for the length of their lease.",
                offFlag: "--no-stop-on-lost-lease"),
            Setting(
                "queue.grace_period", .duration(.zero...hour), \.queue.gracePeriod,
                "How long a task has to stop after a cancel or timeout, and all tasks to finish at shutdown."),
            Setting(
                "queue.stop_period", .duration(.zero...hour), \.queue.stopPeriod,
                "How long tasks that outlast the grace period at shutdown then have to stop."),
            Setting(
                "queue.cleanup_interval", .duration(second...day), \.queue.cleanupInterval,
                "How often ended tasks are pruned."),
            Setting(
                "queue.retention_age", .duration(second...longest), \.queue.retentionAge,
                "How long ended tasks are kept."),
            Setting(
                "queue.retention_count", .integer(0...1_000_000_000), \.queue.retentionCount,
                "Maximum number of ended tasks kept."),
            Setting(
                "queue.maintenance_batch", .integer(1...100_000), \.queue.maintenanceBatch,
                "Maximum number of tasks pruned, or moved when due, in one step."),
            Setting(
                "queue.poll_interval", .duration(.milliseconds(10)...hour), \.queue.pollInterval,
                "How often an idle worker looks for tasks without being woken."),
            Setting(
                "queue.max_backlog", .integer(1...1_000_000_000), \.store.limits.maxBacklog,
                "Maximum number of pending tasks; further submissions are rejected."),
            Setting(
                "queue.max_types", .integer(1...1_000_000), \.store.limits.maxTypes,
                "Maximum number of distinct task types."),
            Setting(
                "queue.max_batch", .integer(1...100_000), \.queue.maxBatch,
                "Maximum number of tasks in one submission."),
            Setting(
                "queue.max_payload", .bytes(2...(1 << 30)), \.queue.maxPayloadBytes,
                "Maximum size of a task's payload or result."),

            Setting("example.enabled", .flag, \.example.isEnabled, "Serve the built-in task type `example`."),
            Setting(
                "example.max_concurrency", .limit(upTo: ModelLimits.maxConcurrency), \.example.maxConcurrency,
                "Maximum number of `example` tasks running simultaneously."),
            Setting(
                "example.journal", .optionalPath, \.example.journal,
                "File to which `example` appends a line at the start and end of every attempt."),
        ] + access + log + events + kafka + mqtt + redis + webhooks

    /// The section of the file that defines handlers instead of settings.
    static let handlersSection = "handlers"
    /// The section of the file that defines tokens instead of a value.
    static let tokensSection = "auth.tokens"
    /// The section of the file that defines schedules.
    static let schedulesSection = "schedules"
    /// The file's revision of its schedules.
    static let schedulesRevision = "schedules_revision"

    private static let second = Duration.seconds(1)
    private static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(86_400)
    private static let longest = ModelLimits.maxDuration

    /// The program's log.
    static let log: [Setting] = [
        Setting(
            "log.format", .choice, \.log.format,
            "Plain text, or one JSON object per line; auto follows server.mode."),
        Setting(
            "log.level", .choice, \.log.level,
            "Lowest level logged; auto follows server.mode. Can be changed at run time."),
    ]

    /// The bounds of the event log.
    static let events: [Setting] = [
        Setting(
            "events.max_count", .integer(10...1_000_000_000), \.store.limits.events.count,
            "Maximum number of events kept for reconnecting subscribers and brokers."),
        Setting(
            "events.max_age", .duration(.seconds(1)...ModelLimits.maxDuration), \.store.limits.events.age,
            "How long events are kept."),
    ]
}
