import Foundation
import Logging
import XQueueServer

/// Tells whoever started the server where it is.
struct Announcement: Sendable {
    let configuration: ResolvedConfiguration
    let logger: Logger

    func listening(port: Int) {
        let values = configuration.values
        let host = values.server.host.contains(":") ? "[\(values.server.host)]" : values.server.host
        let address = "http://\(host):\(port)"
        guard ConsoleLog.isForPeople(mode: values.mode) else {
            logger.info(
                "Listening",
                metadata: [
                    "address": "\(address)", "store": "\(values.storePath)", "version": "\(Version.current)",
                ])
            return
        }
        let types = (values.example.isEnabled ? [ExampleHandler.type] : []) + values.handlers.map(\.type)
        StandardError.write(
            """

            XQueue \(Version.current)
              API      \(address)/api/v1
              store    \(values.storePath)
              file     \(configuration.file ?? "no configuration file")
              types    \(types.isEmpty ? "none" : types.joined(separator: ", "))

            Try:
              curl -X POST \(address)/api/v1/tasks -H 'Content-Type: application/json' \\
                -d '{"type":"example","payload":{"message":"Hello, XQueue!"}}'
              curl \(address)/api/v1/stats

            Ctrl-C stops it.


            """)
    }
}
