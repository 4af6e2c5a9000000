extension RawJSON {
    /// The values that paths such as `customer.id` lead to, in the order of the paths; nil for one that leads nowhere.
    ///
    /// Of a name given twice the last value counts. However many paths there are, each level of the value is read once, so
    /// that the work is bounded by the longest path.
    package func values(at paths: [String]) -> [RawJSON?] {
        var values = [RawJSON?](repeating: nil, count: paths.count)
        let all = paths.enumerated().map { index, path in
            let names = path.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return Path(index: index, names: names.map { Array($0) }[...])
        }
        collect(all, into: &values)
        return values
    }

    private struct Path {
        let index: Int
        /// What is left of it.
        var names: ArraySlice<[UInt8]>
    }

    private func collect(_ paths: [Path], into values: inout [RawJSON?]) {
        let byName = Dictionary(grouping: paths) { $0.names.first ?? [] }
        for (name, value) in members(named: Set(byName.keys)) {
            var deeper: [Path] = []
            for var path in byName[name] ?? [] {
                path.names = path.names.dropFirst()
                if path.names.isEmpty { values[path.index] = value } else { deeper.append(path) }
            }
            if !deeper.isEmpty { value.collect(deeper, into: &values) }
        }
    }

    /// The members with these names, if the value is an object.
    private func members(named names: Set<[UInt8]>) -> [[UInt8]: RawJSON] {
        guard kind == .object else { return [:] }
        var copy = text
        let found = try? copy.scanned { scanner throws(JSONSyntaxError) in
            var found: [[UInt8]: Range<Int>] = [:]
            try scanner.expect(UInt8(ascii: "{"))
            scanner.skipWhitespace()
            while scanner.current != UInt8(ascii: "}") {
                // No path has one with an unpaired surrogate.
                let name = (try? scanner.string()).map { Array($0.utf8) }
                scanner.skipWhitespace()
                try scanner.expect(UInt8(ascii: ":"))
                scanner.skipWhitespace()
                let value = try scanner.skipValue()
                if let name, names.contains(name) { found[name] = value }
                scanner.skipWhitespace()
                if scanner.current == UInt8(ascii: ",") { try scanner.expect(UInt8(ascii: ",")) }
                scanner.skipWhitespace()
            }
            return found.mapValues { RawJSON(trusted: scanner.text($0)) }
        }
        return found ?? [:]
    }
}
