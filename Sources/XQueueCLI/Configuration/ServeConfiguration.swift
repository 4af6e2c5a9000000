import XQueue
import XQueueCore
import XQueueServer

/// Everything `xqueue serve` can be configured with; a new value has the defaults.
struct ServeConfiguration: Sendable {
    var storePath = "xqueue-data/xqueue.db"
    var mode = ServerMode.release
    var log = LogConfiguration()
    /// Whether this process serves HTTP; if not, it only runs tasks.
    var servesHTTP = true
    var server = ServerConfiguration()
    var auth = AuthSettings()
    var tls = TLSSettings()
    /// Whether the server may listen beyond loopback without requiring tokens.
    var isInsecure = false
    var store = StoreSettings()
    var redis = RedisSettings()
    var kafka = KafkaSettings()
    var mqtt = MQTTSettings()
    var queue = QueueConfiguration()
    var example = ExampleConfiguration()
    /// The hosts that webhooks may call.
    var webhookHosts = WebhookHosts()
    /// Paths of secret files, by the key of the setting they hold.
    var secretFiles: [String: String] = [:]
    /// The entries of the `handlers` section, in their order.
    var handlers: [HandlerDefinition] = []
    /// The `schedules` section; nil for none.
    var schedules: FileSchedules?
}

/// The limits of the store.
struct StoreSettings: Sendable {
    /// The limits that every store has.
    var limits = StoreLimits()
    /// Maximum size of the SQLite file in bytes; nil = no limit but the disk.
    var maxFileBytes: Int?
}

/// The server's default log level and format.
enum ServerMode: String, Sendable, CaseIterable {
    /// Level debug, plain text.
    case debug
    /// Level info; one JSON object per line unless on a terminal.
    case release
}

/// The program's log; `auto` follows the ``ServerMode``.
struct LogConfiguration: Sendable {
    var format = Format.auto
    var level = Level.auto

    enum Format: String, Sendable, CaseIterable {
        case auto, text, json
    }

    enum Level: String, Sendable, CaseIterable {
        case auto, trace, debug, info, notice, warning, error, critical
    }
}

/// The built-in `example` handler.
struct ExampleConfiguration: Sendable {
    var isEnabled = true
    var maxConcurrency: Int?
    /// A file to which the handler appends a line at the start and end of every attempt.
    var journal: String?
}
