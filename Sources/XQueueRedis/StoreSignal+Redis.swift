#if Redis

import XQueueCore

extension StoreSignal {
    /// The signals in a message of `writes.lua` or `cancel.lua`: `ORIGIN 1 -1` or `ORIGIN 1 +MS`, or `ORIGIN cancel ` and
    /// identifiers without anything between them.
    static func parse(_ message: [UInt8], except origin: String) -> [StoreSignal] {
        let parts = message.split(separator: UInt8(ascii: " "), maxSplits: 2)
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 2, words[0] != origin else { return [] }
        if words[1] == "cancel" {
            var reader = PackedReader(Array(parts.dropFirst(2).joined()))
            var signals: [StoreSignal] = []
            while let id = try? reader.id() { signals.append(.cancelRequested(id)) }
            return signals
        }
        var signals: [StoreSignal] = words[1] == "1" ? [.ready] : []
        // Without a sign it is a time, as earlier versions wrote it: whoever listens looks at once.
        if words.count == 3, let due = Int64(words[2]), due >= 0 {
            signals.append(.due(in: words[2].hasPrefix("+") ? .milliseconds(due) : .zero))
        }
        return signals
    }
}

#endif
