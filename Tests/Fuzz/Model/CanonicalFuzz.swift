import XQueueCore

extension RawJSON {
    /// How many values of a text are compared.
    private static let maxCompared = 500

    /// Checks that the canonical text is JSON, that it is canonical already, and that it is the same value.
    func checkCanonical() throws {
        let canonical = RawJSON(trusted: self.canonical)
        try require((try? RawJSON(canonical.text)) == canonical, "canonical, and no JSON: \(canonical)")
        try require(RawJSON(trusted: canonical.canonical) == canonical, "canonical twice: \(canonical)")
        var open = [(self, canonical)]
        for _ in 0..<Self.maxCompared {
            guard let (value, copy) = open.popLast() else { break }
            try require(value.kind == copy.kind, "\(value) becomes \(copy)")
            switch value.kind {
            case .array:
                let (values, copies) = (try value.elements() ?? [], try copy.elements() ?? [])
                try require(values.count == copies.count, "\(value) becomes \(copy)")
                open += zip(values, copies)
            case .object:
                // Names with an unpaired surrogate cannot be compared.
                guard let members = value.membersByName, let copies = copy.membersByName else { continue }
                try require(members.keys == copies.keys, "\(value) becomes \(copy)")
                open += members.compactMap { name, value in copies[name].map { (value, $0) } }
            case .string:
                let (text, copied) = (value.string, copy.string)
                try require(
                    text.map { Array($0.utf8) } == copied.map { Array($0.utf8) }, "\(value) becomes \(copy)")
            case .number, .boolean, .null: try require(value == copy, "\(value) becomes \(copy)")
            }
        }
    }

    /// Of a name given twice the last value; nil if a name is no text.
    private var membersByName: [[UInt8]: RawJSON]? {
        guard let members = try? members() else { return nil }
        return Dictionary(members.map { (Array($0.name.utf8), $0.value) }) { $1 }
    }
}
