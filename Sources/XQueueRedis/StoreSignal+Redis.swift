#if Redis

import XQueueCore

extension StoreSignal {
    /// The signals in a message of `writes.lua` or `cancel.lua`: `ORIGIN 1 -1` or `ORIGIN cancel ID …`.
    static func parse(_ message: [UInt8], except origin: String) -> [StoreSignal] {
        let words = String(decoding: message, as: UTF8.self).split(separator: " ")
        guard words.count >= 2, words[0] != origin else { return [] }
        if words[1] == "cancel" {
            return words.dropFirst(2).compactMap { TaskID(String($0)).map { .cancelRequested($0) } }
        }
        var signals: [StoreSignal] = words[1] == "1" ? [.ready] : []
        if words.count == 3, let due = Int64(words[2]), due >= 0 {
            signals.append(.due(Timestamp(milliseconds: due)))
        }
        return signals
    }
}

#endif
