import Foundation

@testable import XQueueCLI

extension FuzzReader {
    /// The state file of `xqueue submit --file`. What a crash leaves behind after its last complete line changes nothing.
    static let submitState = FuzzReader("submit-state") { bytes in
        guard let state = try? SubmitState.parse(Data(bytes), "state") else { return false }
        try require(0...bytes.count ~= state.length, "\(state.length) of \(bytes.count) bytes")
        try require(state.mark.isPlausible, "\(state.mark)")
        let again = try? SubmitState.parse(Data(bytes.prefix(state.length)), "state")
        try require(
            again?.mark == state.mark && again?.length == state.length, "read again as \(again as Any)")
        try require(again?.head.run == state.head.run, "read again as another run")
        _ = state.head.run.id(line: state.mark.lines)
        return true
    }
}
