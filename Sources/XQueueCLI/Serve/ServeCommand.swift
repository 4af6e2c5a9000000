import ArgumentParser
import Foundation

/// `xqueue serve`: runs the server and its workers until it is asked to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server and its workers.",
        usage: "xqueue serve [--config FILE] [--print-config] [--no-http | --no-workers] [--SETTING VALUE …]",
        discussion: """
            Each setting comes from its flag (--server-port 9000), else its environment variable \
            (XQUEUE_SERVER_PORT=9000), else the configuration file (server: { port: 9000 }), else its default.

            Settings and their defaults:
            \(ConfigurationListing.help())

            Task types that programs or webhooks run are defined in the file's section 'handlers':
              handlers:
                thumbnail: { exec: ["./thumbnail.sh"], max_concurrency: 4 }
            """)

    @Option(
        name: .customLong("config"),
        help:
            "Configuration file (or XQUEUE_CONFIG); default: xqueue.yaml in the working directory, if it exists."
    )
    var file: String?

    @Flag(name: .customLong("print-config"), help: "Print every setting and its source, and exit.")
    var printsConfiguration = false

    @Argument(
        parsing: .allUnrecognized, help: ArgumentHelp("Settings as flags.", visibility: .hidden))
    var flags: [String] = []

    func run() async throws {
        let signals = await StopSignals.listen()
        let configuration: ResolvedConfiguration
        do {
            let environment = ProcessInfo.processInfo.environment
            let loader = ConfigurationLoader(
                flags: flags, environment: environment, file: file ?? environment["XQUEUE_CONFIG"])
            configuration = try await loader.load()
            if !printsConfiguration {
                try await ServeProgram(configuration) { try await loader.load() }.run(until: signals)
            }
        } catch {
            throw ServeFailure(error).reported()
        }
        if printsConfiguration { try Output.line(ConfigurationListing.values(of: configuration)) }
    }
}
