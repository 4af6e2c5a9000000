import ArgumentParser
import Configuration
import GRDBSQLite
import Hummingbird
import NIOPosix
import Subprocess
import Yams

@main
struct XQueueCommand: AsyncParsableCommand {
    func run() async throws {}
}
