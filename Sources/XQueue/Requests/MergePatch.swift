package import XQueueCore

/// JSON merge patches, after RFC 7396.
package enum MergePatch {
    /// How deep objects may be merged.
    private static let maxDepth = 64

    /// Returns `target` with the members of `patch`: null removes a member, objects are merged, any other value replaces.
    ///
    /// - Throws: `JSONSyntaxError` if one of them is malformed.
    package static func merge(_ patch: RawJSON, into target: RawJSON?) throws(JSONSyntaxError) -> RawJSON {
        RawJSON(trusted: try merged(patch, target, depth: 0))
    }

    private static func merged(
        _ patch: RawJSON, _ target: RawJSON?, depth: Int
    ) throws(JSONSyntaxError) -> String {
        guard let changes = try patch.members(), depth < maxDepth else { return patch.text }
        var names: [String] = []
        // By their bytes: strings that are canonically equivalent are different names in JSON.
        var values: [[UInt8]: RawJSON?] = [:]
        for member in try target?.members() ?? [] {
            if values.updateValue(member.value, forKey: Array(member.name.utf8)) == nil {
                names.append(member.name)
            }
        }
        for change in changes {
            let key = Array(change.name.utf8)
            if change.value.kind == .null {
                // Keeps its place, in case it is set again.
                if values[key] != nil { values.updateValue(nil, forKey: key) }
            } else {
                let text = try merged(change.value, values[key] ?? nil, depth: depth + 1)
                if values.updateValue(RawJSON(trusted: text), forKey: key) == nil {
                    names.append(change.name)
                }
            }
        }
        var writer = JSONWriter()
        writer.object { writer in
            for name in names {
                guard let value = values[Array(name.utf8)] ?? nil else { continue }
                writer.name(escaping: name)
                writer.value(value)
            }
        }
        return writer.text
    }
}
