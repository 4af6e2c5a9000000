import Foundation
import Logging
import XQueue
import XQueueServer

/// Tells whoever started the server where it is.
struct Announcement: Sendable {
    let configuration: ResolvedConfiguration
    let logger: Logger

    /// The API can be called.
    func listening(port: Int) {
        let host = values.server.host.contains(":") ? "[\(values.server.host)]" : values.server.host
        let address = "\(values.tls.files == nil ? "http" : "https")://\(host):\(port)"
        guard ConsoleLog.isForPeople(values) else {
            return tell("Listening", ["address": "\(address)"])
        }
        StandardError.write(
            """

            XQueue \(Version.current)
              API      \(address)/api/v1
            \(facts)

            Try:
              curl -X POST \(address)/api/v1/tasks\(token) -H 'Content-Type: application/json' \\
                -d '{"type":"example","payload":{"message":"Hello, XQueue!"}}'
              curl \(address)/api/v1/stats\(token)

            Ctrl-C stops it.


            """)
    }

    /// There is no API here; tasks are run.
    func working() {
        guard ConsoleLog.isForPeople(values) else { return tell("Working", [:]) }
        StandardError.write(
            """

            XQueue \(Version.current)
              API      none here
            \(facts)

            Ctrl-C stops it.


            """)
    }

    private var token: String { values.auth.isLocked ? #" -H "Authorization: Bearer $TOKEN""# : "" }

    private var values: ServeConfiguration { configuration.values }

    private var store: String {
        (try? StoreOpener(values: values, logger: logger))?.place ?? values.storePath
    }

    private var facts: String {
        """
          store    \(store)\(log)
          file     \(configuration.file ?? "no configuration file")
          types    \(types)
        """
    }

    /// A line of its own about the durable log, if there is one.
    private var log: String {
        let place = (try? IntakeOpener(values, logger: logger))?.place
        return place.map { "\n  log      \($0)" } ?? ""
    }

    private var types: String {
        guard values.queue.runsWorkers else { return "none, other nodes run the tasks" }
        let types = (values.example.isEnabled ? [ExampleHandler.type] : []) + values.handlers.map(\.type)
        return types.isEmpty ? "none" : types.joined(separator: ", ")
    }

    private func tell(_ message: Logger.Message, _ facts: Logger.Metadata) {
        let common: Logger.Metadata = ["store": "\(store)", "version": "\(Version.current)"]
        logger.info(message, metadata: common.merging(facts) { _, new in new })
    }
}
