import ArgumentParser
import Foundation
import XQueueCore

/// `xqueue submit --file`, from the state file to the summary.
struct FileSubmission: Sendable {
    /// How long to retry while the server is unavailable, unless `--retry-for` is given.
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
        // Open the file first: a missing one must not leave a state file behind.
        let source = try LineSource(path: path)
        let address = try server.address()
        let state = try statePath.map {
            try SubmitState(path: $0, url: address, resume: options.resume, restart: options.restart)
        }
        if let state, state.head.url != address {
            StandardError.write("xqueue: note: the earlier run submitted to \(state.head.url)\n")
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
                reportHowToResume(feeder.mark, canResume: state != nil)
                throw error
            }
            if !options.resume { state?.remove() }
            try summarize(feeder.mark, new: feeder.mark.accepted - before, in: begun.duration(to: .now))
            guard feeder.mark.refused == 0 else { throw CommandExit.badInput.code }
        }
    }

    private func reportHowToResume(_ mark: SubmitState.Mark, canResume: Bool) {
        let place =
            mark.lines == 0 ? "no lines recorded as submitted" : "submitted through line \(mark.lines)"
        let hint = canResume ? "rerun with --resume to continue" : "resuming requires --state"
        StandardError.write("xqueue: \(place); \(hint)\n")
    }

    private func summarize(_ mark: SubmitState.Mark, new: Int, in time: Duration) throws {
        let done = "the whole file is submitted, \(new) tasks in this run"
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
        let whole = new == mark.accepted ? "" : ", \(mark.accepted) of this file in total"
        try Output.line("\(new) tasks submitted in \(seconds) s\(whole)", after: done)
        if mark.answered > 0 {
            try Output.line("\(mark.answered) of them matched existing tasks with the same unique keys")
        }
        if mark.refused > 0 { try Output.line("\(mark.refused) lines were rejected") }
    }
}

/// Options for submitting a file of tasks.
struct FileOptions: ParsableArguments {
    /// The server's default limit of tasks per request.
    static let largestBatch = 1000

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Submit the tasks in this file, one per line; - reads standard input.", valueName: "file"),
        completion: .file())
    var path: String?

    @Option(
        help: ArgumentHelp("State file; default: FILE.xqueue-state.", valueName: "file"),
        completion: .file())
    var state: String?

    @Flag(help: "Resume an earlier run of the same file, if there was one.")
    var resume = false

    @Flag(help: "Ignore an earlier run and submit the whole file again.")
    var restart = false

    @Flag(
        name: .customLong("keep-going"),
        help: "Skip rejected lines and report them.")
    var keepsGoing = false

    @Option(help: ArgumentHelp("Number of tasks per request, 1 to \(largestBatch).", valueName: "count"))
    var batch = largestBatch

    func check() throws {
        guard !(resume && restart) else { throw ValidationError("--resume and --restart cannot be combined") }
        guard 1...Self.largestBatch ~= batch else {
            throw ValidationError("--batch must be between 1 and \(Self.largestBatch)")
        }
        guard path != "-" || state != nil || !(resume || restart) else {
            throw ValidationError("resuming standard input requires --state")
        }
    }

    /// - Throws: `ValidationError` if an option is given that requires a file.
    func checkAlone() throws {
        guard state == nil, !resume, !restart, !keepsGoing else {
            throw ValidationError("--state, --resume, --restart and --keep-going require --file")
        }
    }
}

/// The progress of a file, as a bar on a terminal.
struct FileProgress {
    private static let title = "submitting"
    private let bar = ProgressBar()
    private let totalBytes: Int?
    private var begun = ContinuousClock.now
    private var acceptedBefore = 0

    init(totalBytes: Int?) {
        self.totalBytes = totalBytes
    }

    /// Starts measuring the rate.
    mutating func begin(accepted: Int) {
        begun = .now
        acceptedBefore = accepted
    }

    func show(bytes: Int, accepted: Int) {
        let seconds = max(Double(begun.duration(to: .now).wholeMilliseconds) / 1000, 0.001)
        let rate = Int(Double(accepted - acceptedBefore) / seconds)
        bar.show(
            Self.title, bytes, of: totalBytes, note: "\(accepted.grouped) tasks, \(rate.grouped)/s")
    }

    func clear() {
        bar.clear()
    }
}
