import HTTPTypes
import Logging
import XQueue
import XQueueCore

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
        // As loud as what was and what is: whoever reads the log should find this line.
        logger.log(
            level: max(.notice, former, level), "The level of the log was changed",
            metadata: ["from": "\(former)", "to": "\(level)"])
        return reply(control)
    }

    private func control() throws(QueueError) -> LogControl {
        guard let logControl else {
            throw QueueError(.notFound, "the level of this server's log cannot be changed")
        }
        return logControl
    }

    private func reply(_ control: LogControl) -> Reply {
        var writer = JSONWriter()
        writer.object { $0.member("level", control.level.rawValue) }
        return .json(.ok, writer)
    }
}
