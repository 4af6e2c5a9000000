package import XQueueCore

/// Reads the members of one JSON object, each under the name errors give it.
package struct FieldReader {
    /// How much of a name that nobody knows is quoted.
    private static let quotedBytes = 200
    /// Stands before the names of the fields: empty, or `retry_policy.`.
    package let prefix: String

    package init(prefix: String = "") {
        self.prefix = prefix
    }

    /// The members of the object `text` is; nil if it is another kind of JSON.
    package static func members(of text: String) throws(QueueError) -> [JSONMember]? {
        do throws(JSONSyntaxError) {
            return try RawJSON.members(of: text)
        } catch {
            throw QueueError(malformed: error)
        }
    }

    /// Calls `read` with each member that is not null.
    ///
    /// - Throws: ``QueueError`` if a name stands there twice, and what `read` throws.
    package func each(
        of members: [JSONMember], _ read: (JSONMember) throws(QueueError) -> Void
    ) throws(QueueError) {
        for (index, member) in members.enumerated() {
            if members[..<index].contains(where: { $0.name == member.name }) {
                throw invalid(member, "is given twice")
            }
            try read(member)
        }
    }

    package func unknown(_ member: JSONMember) -> QueueError {
        let name = (prefix + member.name).truncated(toBytes: Self.quotedBytes)
        return QueueError(.unknownField, "there is no field \(name)", field: name)
    }

    package func invalid(_ member: JSONMember, _ message: String) -> QueueError {
        .invalid(prefix + member.name, message)
    }

    package func string(_ member: JSONMember) throws(QueueError) -> String {
        guard member.value.kind == .string else { throw invalid(member, "must be a string") }
        guard let text = member.value.string else {
            throw invalid(member, "must not have half of a surrogate pair")
        }
        return text
    }

    /// A whole number, moved to the nearer end of `Int` if it is beyond, where a check of its range finds it.
    package func integer(_ member: JSONMember) throws(QueueError) -> Int {
        if let value = member.value.integer { return Int(value) }
        // `5.0` is the integer 5, as JSON Schema has it.
        var text = member.value.text.utf8[...]
        if let point = text.firstIndex(of: UInt8(ascii: ".")),
            text[point...].dropFirst().allSatisfy({ $0 == UInt8(ascii: "0") })
        {
            text = text[..<point]
            if let value = Int(String(decoding: text, as: UTF8.self)) { return value }
        }
        guard member.value.kind == .number,
            text.allSatisfy({ $0 == UInt8(ascii: "-") || $0 < 0x3A && $0 > 0x2F })
        else { throw invalid(member, "must be an integer") }
        return text.first == UInt8(ascii: "-") ? .min : .max
    }

    /// A whole number of 32 bits.
    package func integer32(_ member: JSONMember) throws(QueueError) -> Int32 {
        guard let value = Int32(exactly: try integer(member)) else {
            throw invalid(member, "must be \(Int32.min) to \(Int32.max)")
        }
        return value
    }

    package func number(_ member: JSONMember) throws(QueueError) -> Double {
        guard member.value.kind == .number else { throw invalid(member, "must be a number") }
        // A number too large for a Double is infinite, which no range allows.
        return member.value.number ?? (member.value.text.first == "-" ? -.infinity : .infinity)
    }

    /// A number of seconds, to the millisecond.
    ///
    /// A check of the value's range finds what the check would have found before it was rounded: one that is far out of
    /// every range is moved to where it still is, one that is just beyond `longest` stays beyond it, and a tiny one is not
    /// taken for zero, which means something else.
    ///
    /// - Parameters:
    ///   - member: The field.
    ///   - longest: The end of the range, whole seconds.
    /// - Throws: ``QueueError`` if it is no number.
    package func seconds(
        _ member: JSONMember, longest: Duration = ModelLimits.longestDuration
    ) throws(QueueError) -> Duration {
        guard member.value.kind == .number else { throw invalid(member, "must be a number of seconds") }
        let seconds = min(max(try number(member), -1e12), 1e12)
        let milliseconds = (seconds * 1000).rounded()
        guard milliseconds != 0 else {
            return seconds == 0 ? .zero : .milliseconds(seconds < 0 ? -1 : 1)
        }
        let rounded = Duration.milliseconds(Int64(milliseconds))
        let isBeyond = rounded == longest && seconds > Double(longest.components.seconds)
        return isBeyond ? longest + .milliseconds(1) : rounded
    }
}

extension QueueError {
    package init(malformed error: JSONSyntaxError) {
        self.init(.malformedJSON, "the body is not JSON: \(error)", cause: error)
    }
}
