import XQueueCore

/// One run over a file, over all its interruptions: what the identifiers of its tasks are made of.
struct SubmitRun: Codable, Equatable {
    /// When it began, in milliseconds since 1970. All its tasks stand in line as of then, in their order.
    let startedAt: Int64
    /// Tells runs of the same millisecond apart; 34 bits.
    let salt: UInt64

    static func begun() -> SubmitRun {
        SubmitRun(startedAt: SystemQueueClock().now().milliseconds, salt: .random(in: 0..<1 << 34))
    }

    /// The identifier of the task on line `number`: always the same, so that a line that is sent again is
    /// known to the server. Its free bits hold 40 bits of the number, which keeps the lines in order, and
    /// the salt.
    func id(line number: Int) -> TaskID {
        let base = TaskID.lowest(at: Timestamp(milliseconds: startedAt))
        let number = UInt64(number)
        return TaskID(
            high: base.high | (number >> 28) & 0xFFF,
            low: base.low | (number & 0xFFF_FFFF) << 34 | salt & 0x3_FFFF_FFFF)
    }
}
