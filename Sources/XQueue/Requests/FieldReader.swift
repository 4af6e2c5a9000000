package import XQueueCore

/// Reads the members of one JSON object, and names them in errors.
package struct FieldReader {
    /// Maximum length of an unknown name quoted in errors, in bytes.
    private static let quotedBytes = 200
    /// Prefix of the fields' names: empty, or `retry_policy.`.
    package let prefix: String

    package init(prefix: String = "") {
        self.prefix = prefix
    }

    /// Returns the members of the object in `text`; nil for other JSON.
    package static func members(of text: String) throws(QueueError) -> [JSONMember]? {
        do throws(JSONSyntaxError) {
            return try RawJSON.members(of: text)
        } catch {
            throw QueueError(malformed: error)
        }
    }

    /// Returns the members of a request's body.
    ///
    /// - Throws: ``QueueError`` if it is not JSON, or no object.
    package static func body(_ text: String) throws(QueueError) -> [JSONMember] {
        guard let members = try members(of: text) else {
            throw QueueError(.malformedJSON, "the body must be a JSON object")
        }
        return members
    }

    /// Calls `read` with each member that is not null.
    ///
    /// - Throws: ``QueueError`` if a name occurs twice, and what `read` throws.
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
        return QueueError(.unknownField, "unknown field \(name)", field: name)
    }

    package func invalid(_ member: JSONMember, _ message: String) -> QueueError {
        .invalid(prefix + member.name, message)
    }

    package func string(_ member: JSONMember) throws(QueueError) -> String {
        guard member.value.kind == .string else { throw invalid(member, "must be a string") }
        guard let text = member.value.string else {
            throw invalid(member, "must not contain an unpaired surrogate")
        }
        return text
    }

    package func boolean(_ member: JSONMember) throws(QueueError) -> Bool {
        guard member.value.kind == .boolean else { throw invalid(member, "must be true or false") }
        return member.value.text == "true"
    }

    /// A whole number, clamped to `Int`, so that a range check still rejects it.
    package func integer(_ member: JSONMember) throws(QueueError) -> Int {
        if let value = member.value.integer { return Int(value) }
        // `5.0` is the integer 5, as in JSON Schema.
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

    /// A 32-bit whole number.
    package func integer32(_ member: JSONMember) throws(QueueError) -> Int32 {
        guard let value = Int32(exactly: try integer(member)) else {
            throw invalid(member, "must be \(Int32.min) to \(Int32.max)")
        }
        return value
    }

    package func number(_ member: JSONMember) throws(QueueError) -> Double {
        guard member.value.kind == .number else { throw invalid(member, "must be a number") }
        // A number too large for a Double becomes infinite, which every range check rejects.
        return member.value.number ?? (member.value.text.first == "-" ? -.infinity : .infinity)
    }

    /// A time with a zone, by RFC 3339.
    package func time(_ member: JSONMember) throws(QueueError) -> Timestamp {
        guard let time = RFC3339Reader.timestamp(try string(member)) else {
            throw invalid(member, "must be an RFC 3339 time, such as 2026-01-31T09:30:00Z")
        }
        return time
    }

    /// A number of seconds, rounded to milliseconds.
    ///
    /// Rounding never changes the result of a range check: values far out of range are clamped but stay out of range,
    /// one just above `longest` stays above it, and a tiny one does not become zero, which has a meaning of its own.
    ///
    /// - Parameters:
    ///   - member: The field.
    ///   - longest: The end of the range, in whole seconds.
    /// - Throws: ``QueueError`` if it is not a number.
    package func seconds(
        _ member: JSONMember, longest: Duration = ModelLimits.maxDuration
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
