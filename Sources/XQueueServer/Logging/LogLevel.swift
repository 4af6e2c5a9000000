import HTTPTypes
public import Logging
import Synchronization
import XQueue
import XQueueCore

/// A program's log level, which can be changed at run time.
public final class LogControl: Sendable {
    private let current: Mutex<Logger.Level>

    public init(_ level: Logger.Level) {
        current = Mutex(level)
    }

    /// The lowest level that is logged.
    public var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

extension QueueAPI {
    /// `GET /api/v1/log-level`
    func logLevel() throws -> Reply {
        reply(try control())
    }

    /// `PUT /api/v1/log-level`
    func setLogLevel(_ request: APIRequest) async throws -> Reply {
        let control = try control()
        let body = try await body(of: request)
        let level = try LogLevelReader.level(body)
        let former = control.level
        control.level = level
        // Logged at a level enabled both before and after the change, so that it is not filtered out.
        logger.log(
            level: max(.notice, former, level), "Log level changed",
            metadata: ["from": "\(former)", "to": "\(level)"])
        return reply(control)
    }

    private func control() throws(QueueError) -> LogControl {
        guard let logControl else {
            throw QueueError(.notFound, "this server's log level cannot be changed")
        }
        return logControl
    }

    private func reply(_ control: LogControl) -> Reply {
        var writer = JSONWriter()
        writer.object { $0.member("level", control.level.rawValue) }
        return .json(.ok, writer)
    }
}

/// Reads a log level: `{"level":"debug"}`.
enum LogLevelReader {
    static func level(_ text: String) throws(QueueError) -> Logger.Level {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var level: Logger.Level?
        try fields.each(of: members) { member throws(QueueError) in
            guard member.name == "level" else { throw fields.unknown(member) }
            guard let known = Logger.Level(rawValue: try fields.string(member)) else {
                let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.invalid(member, "must be one of \(words)")
            }
            level = known
        }
        guard let level else { throw .invalid("level", "is required") }
        return level
    }
}
