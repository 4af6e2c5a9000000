import Foundation
import Logging
import XQueueCore
import XQueueServer

/// The program's log, on standard error.
enum ConsoleLog {
    /// Creates the program's logger; `control` sets its level.
    static func logger(_ values: ServeConfiguration, _ control: LogControl) -> Logger {
        let format: ConsoleLogHandler.Format = isForPeople(values) ? .text : .json
        return Logger(label: "xqueue") { _ in ConsoleLogHandler(format: format, control: control) }
    }

    /// Returns the initial level of the log.
    static func level(_ values: ServeConfiguration) -> Logger.Level {
        Logger.Level(rawValue: values.log.level.rawValue) ?? (values.mode == .debug ? .debug : .info)
    }

    /// Returns the same log without messages below notice, for libraries that log implementation details.
    static func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = .notice
        return quiet
    }

    /// Returns whether a person rather than a program reads the log.
    static func isForPeople(_ values: ServeConfiguration) -> Bool {
        switch values.log.format {
        case .text: true
        case .json: false
        case .auto: values.mode == .debug || isatty(FileHandle.standardError.fileDescriptor) == 1
        }
    }
}

/// Writes log lines to standard error, as text or JSON.
struct ConsoleLogHandler: LogHandler {
    enum Format: Sendable {
        /// `18:00:01.250 info   A message  task.id=… attempt=1`
        case text
        /// `{"time":"…","level":"info","message":"…","task.id":"…"}`
        case json
    }

    var format: Format
    /// This logger's lowest level, but never below that of ``control``.
    var logLevel: Logger.Level {
        get { max(own, control.level) }
        set { own = newValue }
    }
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var own = Logger.Level.trace
    private let control: LogControl
    private let clock = SystemQueueClock()

    init(format: Format, control: LogControl) {
        self.format = format
        self.control = control
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts =
            metadata
            .merging(metadataProvider?.get() ?? [:]) { _, new in new }
            .merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }
        let line =
            switch format {
            case .text: Self.text(event, facts, time: clock.now())
            case .json: Self.json(event, facts, time: clock.now())
            }
        StandardError.write(line + "\n")
    }

    private static func text(
        _ event: LogEvent, _ facts: [(key: String, value: Logger.MetadataValue)], time: Timestamp
    ) -> String {
        let clockTime = time.rfc3339.drop { $0 != "T" }.dropFirst().prefix { $0 != "Z" }
        let level = event.level.rawValue
        let padding = String(repeating: " ", count: max(0, 8 - level.count))
        let error = event.error.map { " error=\($0)" } ?? ""
        let details = facts.map { " \($0.key)=\($0.value)" }.joined() + error
        // Text from tasks must not fake another line or control the terminal.
        return "\(clockTime) \(level)\(padding) \(event.message)\(details.isEmpty ? "" : " " + details)"
            .visible
    }

    private static func json(
        _ event: LogEvent, _ facts: [(key: String, value: Logger.MetadataValue)], time: Timestamp
    ) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("time", time.rfc3339)
            writer.member("level", event.level.rawValue)
            writer.member("message", "\(event.message)")
            if let error = event.error { writer.member("error", "\(error)") }
            for (key, value) in facts {
                // Member names are written unescaped, so replace characters that need escapes.
                let name = key.onOneLine.replacing("\"", with: "'").replacing("\\", with: "/")
                writer.member(name, "\(value)")
            }
        }
        return writer.text.visibleJSON
    }
}
