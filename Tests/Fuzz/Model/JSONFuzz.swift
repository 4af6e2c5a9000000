import Foundation
import XQueueCore

extension FuzzReader {
    /// JSON text. An accepted value, and each value in it, is JSON again, byte for byte; in its canonical form it stays the same
    /// value.
    static let json = FuzzReader("json") { bytes in
        guard let value = try? RawJSON(bytes: bytes) else { return false }
        try value.checkCanonical()
        var open = [value]
        for _ in 0..<200 {
            guard let value = open.popLast() else { break }
            try require((try? RawJSON(value.text)) == value, "not kept: \(value)")
            try checkScalar(value)
            let members = try value.members()
            let elements = try value.elements()
            try require((members != nil) == (value.kind == .object), "members of \(value)")
            try require((elements != nil) == (value.kind == .array), "elements of \(value)")
            open += (members ?? []).map(\.value) + (elements ?? [])
        }
        return true
    }

    private static func checkScalar(_ value: RawJSON) throws {
        try require((value.displayText == nil) == (value.kind == .null), "display text of \(value)")
        if let integer = value.integer {
            try require(value.number == Double(integer), "two values of \(value)")
        }
        guard let text = value.string else { return }
        try require(value.displayText == text, "two texts of \(value)")
        var writer = JSONWriter()
        writer.value(text)
        try require((try? RawJSON(writer.text))?.string == text, "not written back: \(value)")
    }

    /// JSON on its way through a `Codable` payload: what comes out is JSON.
    static let codableJSON = FuzzReader("json-codable") { bytes in
        guard let value = try? RawJSON(bytes: bytes) else { return false }
        // In an array, because a value by itself does not pass through the decoder.
        let list = RawJSON(trusted: "[\(value)]")
        guard let copy = try? list.decode([RawJSON].self).first else { return false }
        try require((try? RawJSON(copy.text)) == copy, "decoded, and no JSON: \(copy)")
        guard let encoded = try? RawJSON(encoding: [copy]) else { return false }
        try require((try? RawJSON(encoded.text)) == encoded, "encoded, and no JSON: \(encoded)")
        // The coder may write a number in another way, but the second time nothing changes any more.
        let once = try encoded.decode([RawJSON].self)
        let twice = try RawJSON(encoding: once).decode([RawJSON].self)
        try require(once == twice, "\(once) becomes \(twice)")
        return true
    }

    /// Nearly valid JSON. Repair changes nothing that is valid, and nothing twice.
    static let repairedJSON = FuzzReader("json-repair") { bytes in
        let text = JSONRepair.text(bytes)
        try require(Array(JSONRepair.text(text.utf8).utf8) == Array(text.utf8), "repaired twice: \(text)")
        guard let value = try? RawJSON(bytes: bytes) else { return (try? RawJSON(text)) != nil }
        try require((try? RawJSON(text)) == value, "changed by a repair: \(value)")
        return true
    }
}
