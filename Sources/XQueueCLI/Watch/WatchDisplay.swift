import Synchronization
import XQueueClient

/// Shows a watcher's events: immediately to a file or pipe, at most ten times a second on a terminal.
final class WatchDisplay: Sendable {
    private static let frame = Duration.milliseconds(100)

    private struct State {
        var board: WatchBoard
        var terminal: TerminalBoard
        var lines: [String] = []
        var isDirty = false
        /// Why the output failed.
        var failure: (any Error)?
    }

    /// Whether events are printed as the server's JSON.
    let isJSON: Bool
    private let isQuiet: Bool
    private let state: Mutex<State>

    init(json: Bool, on stream: Terminal = .output, isQuiet: Bool = false) {
        isJSON = json
        self.isQuiet = isQuiet
        let terminal = TerminalBoard(stream)
        state = Mutex(State(board: WatchBoard(isTerminal: terminal.isTerminal), terminal: terminal))
    }

    /// Shows an event; as JSON, only if it came from the server.
    func show(_ event: QueueEvent) {
        guard !isQuiet else { return }
        state.withLock { state in
            if isJSON {
                if !event.json.isEmpty { Self.show([event.json], moving: [], &state) }
                return
            }
            if let line = state.board.apply(event) { state.lines.append(line) }
            state.isDirty = true
            if !state.terminal.isTerminal { Self.draw(&state) }
        }
    }

    /// Draws until the Swift task is canceled.
    func run() async {
        guard !isJSON, state.withLock({ $0.terminal.isTerminal }) else { return }
        while (try? await Task.sleep(for: Self.frame)) != nil { flush() }
    }

    /// Draws pending changes.
    func flush() {
        state.withLock { state in
            if state.isDirty { Self.draw(&state) }
        }
    }

    /// - Throws: The error that ended the output: the reader has closed the pipe, or standard output is full.
    func check() throws {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private static func show(_ lines: [String], moving: [String], _ state: inout State) {
        guard state.failure == nil else { return }
        do {
            try state.terminal.show(lines, moving: moving)
        } catch {
            state.failure = error
        }
    }

    private static func draw(_ state: inout State) {
        show(state.lines, moving: state.board.lines(width: state.terminal.width), &state)
        state.lines = []
        state.isDirty = false
    }
}
