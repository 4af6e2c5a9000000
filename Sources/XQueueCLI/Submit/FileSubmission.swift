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

/// How a file of tasks is submitted.
struct FileOptions: ParsableArguments {
    /// What a server takes in one request unless it is set otherwise.
    static let largestBatch = 1000

    @Option(
        name: .customLong("file"),
        help: ArgumentHelp(
            "Submit the tasks in this file, one a line; - is standard input.", valueName: "file"),
        completion: .file())
    var path: String?

    @Option(
        help: ArgumentHelp("The state file; FILE.xqueue-state if not given.", valueName: "file"),
        completion: .file())
    var state: String?

    @Flag(help: "Go on where an earlier run of the same file stopped, if there was one.")
    var resume = false

    @Flag(help: "Forget an earlier run: submit the whole file again.")
    var restart = false

    @Flag(
        name: .customLong("keep-going"),
        help: "Pass over lines that the server does not accept, and tell them.")
    var keepsGoing = false

    @Option(help: ArgumentHelp("How many tasks to send at once, 1 to \(largestBatch).", valueName: "count"))
    var batch = largestBatch

    func check() throws {
        guard !(resume && restart) else { throw ValidationError("give --resume or --restart") }
        guard 1...Self.largestBatch ~= batch else {
            throw ValidationError("--batch must be 1 to \(Self.largestBatch)")
        }
        guard path != "-" || state != nil || !(resume || restart) else {
            throw ValidationError("standard input can be resumed with a --state file only")
        }
    }

    /// - Throws: `ValidationError` if something is given that means nothing without a file.
    func checkAlone() throws {
        guard state == nil, !resume, !restart, !keepsGoing else {
            throw ValidationError("--state, --resume, --restart and --keep-going are for a --file")
        }
    }
}

/// How far a file has come, as a bar on a terminal.
struct FileProgress {
    private static let title = "submitting"
    private let bar = ProgressBar()
    private let totalBytes: Int?
    private var begun = ContinuousClock.now
    private var acceptedBefore = 0

    init(totalBytes: Int?) {
        self.totalBytes = totalBytes
    }

    /// Begins to count how many tasks a second there are.
    mutating func begin(accepted: Int) {
        begun = .now
        acceptedBefore = accepted
    }

    func show(bytes: Int, accepted: Int) {
        let seconds = max(Double(begun.duration(to: .now).wholeMilliseconds) / 1000, 0.001)
        let rate = Int(Double(accepted - acceptedBefore) / seconds)
        bar.show(
            Self.title, bytes, of: totalBytes, note: "\(accepted.grouped) tasks, \(rate.grouped) a second")
    }

    func clear() {
        bar.clear()
    }
}
