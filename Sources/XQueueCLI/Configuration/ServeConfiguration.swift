import XQueue
import XQueueCore
import XQueueServer

/// Everything `xqueue serve` can be told. A fresh one holds the defaults.
struct ServeConfiguration: Sendable {
    var storePath = "xqueue-data/xqueue.db"
    var mode = ServerMode.release
    var log = LogConfiguration()
    /// Whether this process listens; without, it only runs tasks.
    var servesHTTP = true
    var server = ServerConfiguration()
    var auth = AuthSettings()
    var tls = TLSSettings()
    /// Whether it may listen where others can connect, though nobody is asked for a token.
    var isInsecure = false
    var store = StoreSettings()
    var redis = RedisSettings()
    var kafka = KafkaSettings()
    var mqtt = MQTTSettings()
    var queue = QueueConfiguration()
    var example = ExampleConfiguration()
    /// The hosts that webhooks may name.
    var webhookHosts = WebhookHosts()
    /// The files that hold secrets, by the keys of the settings whose values they are.
    var secretFiles: [String: String] = [:]
    /// The handlers of the `handlers` section, in the order they stand in.
    var handlers: [HandlerDefinition] = []
}

/// The bounds of the store.
struct StoreSettings: Sendable {
    /// Of whichever store it is.
    var limits = StoreLimits()
    /// The largest that the file may grow, in bytes, if it is one; nil for as large as the disk allows.
    var maxFileBytes: Int?
}

/// How the server talks to whoever runs it.
enum ServerMode: String, Sendable, CaseIterable {
    /// Log from level debug on, in lines for people.
    case debug
    /// Log from level info on; one JSON object a line unless a person is watching.
    case release
}

/// The program's log. What is `auto` follows from the ``ServerMode``.
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
    /// A file the handler adds a line to at the start and the end of every attempt.
    var journal: String?
}
