import ArgumentParser
import Foundation
import XQueue
import XQueueCore

/// `xqueue migrate`: copies a whole queue from one store to another.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Copy a queue to another store.",
        discussion: """
            Copies all tasks with their IDs, states and histories, and all types with their pauses and limits, from a \
            file to Redis, from Redis to a file, or to another Redis prefix or server. Stop all nodes on both sides \
            first. The source is not changed.

            Each side is a file (PATH or sqlite:PATH), a Redis address (redis://HOST:PORT/DB?prefix=NAME, rediss://, \
            unix://), or config:FILE, the store of a server with this configuration file: use it for Sentinels, \
            certificates, and passwords that other users must not see. XQUEUE_… variables are ignored.

            If anything stops it (Ctrl-C, kill -9, a lost connection), the same command resumes it. A target with \
            tasks is rejected, unless they are from this migration or --merge is given.

            \(MigrateDisplay.notKept) A running task keeps its lease and is reclaimed when the lease expires; in a \
            file, when a server opens it, unless an external worker has the task.

            Exit codes: 0 if everything was copied; 1 if nodes are running, the target has tasks, or some tasks were \
            left out; 64 or 78 for a mistake on the command line or in a file; 66 if there is nothing to copy; 73 if \
            a store cannot be used; 130 after Ctrl-C.

            Examples:
              xqueue migrate --from xqueue-data/xqueue.db --to redis://localhost:6379
              xqueue migrate --from 'redis://localhost?prefix=old' --to 'redis://localhost?prefix=new'
              xqueue migrate --from config:xqueue.yaml --to /srv/xqueue.db
            """)

    @Option(help: ArgumentHelp("Queue to copy.", valueName: "store"), completion: .file())
    var from: String

    @Option(help: ArgumentHelp("Where to copy it.", valueName: "store"), completion: .file())
    var to: String

    @Option(help: ArgumentHelp("Redis key prefix of the source.", valueName: "name"))
    var fromPrefix: String?

    @Option(help: ArgumentHelp("Redis key prefix of the target.", valueName: "name"))
    var toPrefix: String?

    @Flag(help: "Add the tasks to those in the target.")
    var merge = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    func run() async throws {
        let display = MigrateDisplay(json: json)
        do {
            let environment = ProcessInfo.processInfo.environment
            let migration = Migration(
                source: try await QueuePlace.named(
                    from, prefix: fromPrefix, option: "--from", environment: environment),
                target: try await QueuePlace.named(
                    to, prefix: toPrefix, option: "--to", environment: environment),
                merges: merge, display: display)
            let end = try await Interruption.ended { try await migration.run() }
            display.clear()
            guard case .done = end else {
                display.reportHowToResume()
                throw CommandExit.interrupted.code
            }
            try Output.line(display.summary(of: migration), after: "the queue was copied")
            guard display.report.isWhole else { throw CommandExit.rejected.code }
        } catch {
            display.clear()
            throw reported(error, display)
        }
    }

    /// Reports the error and how to resume; returns the error to exit with.
    private func reported(_ error: any Error, _ display: MigrateDisplay) -> any Error {
        switch error {
        case is ValidationError, is ExitCode, is CommandError: return error
        case let error as TransferError:
            StandardError.report(error.description)
            if error.reason == .nodesRun { display.reportHowToResume() }
            return (error.reason == .nothingThere ? CommandExit.noInput : .rejected).code
        default:
            let failure = ServeFailure(error).reported()
            display.reportHowToResume()
            return failure
        }
    }
}

/// The migration that `xqueue migrate` runs.
struct Migration: Sendable {
    let source: QueuePlace
    let target: QueuePlace
    let merges: Bool
    let display: MigrateDisplay

    /// Opens both stores, copies the remaining tasks, and closes the stores in any case.
    func run() async throws {
        guard source.name != target.name else {
            throw CommandError(.usage, "--from and --to are the same queue, \(source.name)")
        }
        let from = try await source.open(mustExist: true)
        do {
            let to = try await target.open(mustExist: false)
            do {
                let transfer = QueueTransfer(from: from, to: to, merges: merges)
                display.show(try await transfer.run { display.show($0) })
            } catch {
                await to.store.close()
                throw error
            }
            await to.store.close()
        } catch {
            await from.store.close()
            throw error
        }
        await from.store.close()
    }
}
