import Foundation
import Logging
import XQueue
import XQueueServer

/// Tells the operator where the server listens, where it stores tasks, and what it runs.
struct Announcement: Sendable {
    let configuration: ResolvedConfiguration
    let logger: Logger

    /// Announces that the API accepts requests.
    func listening(port: Int) {
        let host = values.server.host.contains(":") ? "[\(values.server.host)]" : values.server.host
        let address = "\(values.tls.files == nil ? "http" : "https")://\(host):\(port)"
        guard ConsoleLog.isForPeople(values) else {
            return log("Listening", ["address": "\(address)"])
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

            Press Ctrl-C to stop.


            """)
    }

    /// Announces a process without an API, which only runs tasks.
    func working() {
        guard ConsoleLog.isForPeople(values) else { return log("Working", [:]) }
        StandardError.write(
            """

            XQueue \(Version.current)
              API      off in this process
            \(facts)

            Press Ctrl-C to stop.


            """)
    }

    private var token: String { values.auth.isLocked ? #" -H "Authorization: Bearer $TOKEN""# : "" }

    private var values: ServeConfiguration { configuration.values }

    private var store: String {
        (try? StoreOpener(values: values, logger: logger))?.place ?? values.storePath
    }

    private var facts: String {
        """
          store    \(store)\(intake)
          file     \(configuration.file ?? "no configuration file")
          types    \(types)
        """
    }

    /// A line about the durable log, if there is one.
    private var intake: String {
        let place = (try? IntakeOpener(values, logger: logger))?.place
        return place.map { "\n  log      \($0)" } ?? ""
    }

    private var types: String {
        guard values.queue.runsWorkers else { return "none; other nodes run the tasks" }
        let types = (values.example.isEnabled ? [ExampleHandler.type] : []) + values.handlers.map(\.type)
        return types.isEmpty ? "none" : types.joined(separator: ", ")
    }

    private func log(_ message: Logger.Message, _ facts: Logger.Metadata) {
        let common: Logger.Metadata = ["store": "\(store)", "version": "\(Version.current)"]
        logger.info(message, metadata: common.merging(facts) { _, new in new })
    }
}
