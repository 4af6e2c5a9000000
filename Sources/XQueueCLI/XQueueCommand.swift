import ArgumentParser

@main
struct XQueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xqueue",
        abstract: "A task queue: submit tasks over HTTP, and see them run.",
        version: Version.current,
        subcommands: [ServeCommand.self, WatchCommand.self, TokenCommand.self, BenchCommand.self]
            + BenchCommand.hiddenCommands)
}
