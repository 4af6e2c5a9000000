import ArgumentParser
import Foundation
import XQueueCore

/// `xqueue submit --file`: from the state that was found to the summary.
struct FileSubmission: Sendable {
    /// How long the server may be away unless `--retry-for` says otherwise.
    private static let patience = Duration.seconds(60)

    let path: String
    let options: FileOptions
    let json: Bool
    let server: ServerOptions

    private var statePath: String? {
        options.state ?? (path == "-" ? nil : path + ".xqueue-state")
    }

    func run() async throws {
        let end = try await Interruption.ended { try await submit() }
        guard case .done = end else { throw CommandExit.interrupted.code }
    }

    private func submit() async throws {
        let begun = ContinuousClock.now
        // A file that is not there must not leave a state behind.
        let source = try LineSource(path: path)
        let address = try server.address()
        let state = try statePath.map {
            try SubmitState(path: $0, url: address, resume: options.resume, restart: options.restart)
        }
        if let state, state.head.url != address {
            StandardError.write("xqueue: note: the earlier run went to \(state.head.url)\n")
        }
        try await server.withClient(patience: Self.patience) { client in
            let feeder = FileFeeder(
                source: source, state: state,
                sender: BatchSender(client: client, keepsGoing: options.keepsGoing),
                name: path == "-" ? "standard input" : path, batch: options.batch)
            let before = feeder.mark.accepted
            do {
                try await feeder.feed()
            } catch {
                tellHowToGoOn(feeder.mark, canResume: state != nil)
                throw error
            }
            if !options.resume { state?.remove() }
            try tell(feeder.mark, new: feeder.mark.accepted - before, in: begun.duration(to: .now))
            guard feeder.mark.refused == 0 else { throw CommandExit.badInput.code }
        }
    }

    private func tellHowToGoOn(_ mark: SubmitState.Mark, canResume: Bool) {
        let place =
            mark.lines == 0 ? "nothing is noted as submitted" : "all through line \(mark.lines) is submitted"
        let hint =
            canResume ? "the same command with --resume goes on" : "only with --state this can be resumed"
        StandardError.write("xqueue: \(place); \(hint)\n")
    }

    private func tell(_ mark: SubmitState.Mark, new: Int, in time: Duration) throws {
        let done = "all of the file is submitted, \(new) tasks of it now"
        if json {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("lines", mark.lines)
                writer.member("accepted", mark.accepted)
                writer.member("answered", mark.answered)
                writer.member("refused", mark.refused)
            }
            return try Output.line(String(decoding: writer.bytes, as: UTF8.self), after: done)
        }
        let seconds = Double(time.wholeMilliseconds) / 1000
        let whole = new == mark.accepted ? "" : ", \(mark.accepted) of this file in all"
        try Output.line("\(new) tasks submitted in \(seconds) s\(whole)", after: done)
        if mark.answered > 0 {
            try Output.line("\(mark.answered) of them were there: unfinished tasks with the same unique keys")
        }
        if mark.refused > 0 { try Output.line("\(mark.refused) lines were not accepted") }
    }
}
