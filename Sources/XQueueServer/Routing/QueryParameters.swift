import XQueue
import XQueueCore

/// The query parameters of a URL, in order.
struct QueryParameters: Sendable {
    private var items: [(name: String, value: String)] = []

    /// - Throws: ``QueueError`` for a malformed escape or a name that is not in `allowed`.
    init(_ query: String?, allowed: Set<String>) throws(QueueError) {
        guard let query, !query.isEmpty else { return }
        for item in query.split(separator: "&") {
            let end = item.firstIndex(of: "=") ?? item.endIndex
            let rest = item[end...].dropFirst()
            guard let name = PercentDecoding.decode(item[..<end], plusIsSpace: true),
                let value = PercentDecoding.decode(rest, plusIsSpace: true)
            else { throw QueueError(.invalidField, "malformed percent escape in the query") }
            guard allowed.contains(name) else {
                let name = name.truncated(toBytes: ErrorReply.quotedBytes)
                throw QueueError(.unknownField, "unknown query parameter \(name)", field: name)
            }
            items.append((name, value))
        }
    }

    func values(of name: String) -> [String] {
        items.compactMap { $0.name == name ? $0.value : nil }
    }

    /// Returns the parameter's value; nil if it is absent.
    ///
    /// - Throws: ``QueueError`` if it is repeated or empty.
    func text(_ name: String) throws(QueueError) -> String? {
        let values = values(of: name)
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw .invalid(name, "is given \(values.count) times") }
        guard !value.isEmpty else { throw .invalid(name, "must not be empty") }
        return value
    }

    /// Returns the values of a repeatable parameter.
    ///
    /// - Throws: ``QueueError`` if one of them is empty.
    func texts(_ name: String) throws(QueueError) -> [String] {
        let values = values(of: name)
        guard !values.contains("") else { throw .invalid(name, "must not be empty") }
        return values
    }

    /// - Throws: ``QueueError`` if it is not an integer.
    func integer(_ name: String) throws(QueueError) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let value = Int(text) else { throw .invalid(name, "must be an integer") }
        return value
    }

    /// Returns the value of a Boolean parameter; false if it is absent.
    ///
    /// - Throws: ``QueueError`` if it is neither `true` nor `false`.
    func flag(_ name: String) throws(QueueError) -> Bool {
        switch try text(name) {
        case "true": true
        case nil, "false": false
        default: throw .invalid(name, "must be true or false")
        }
    }

    /// Returns the statuses of a repeatable parameter.
    func statuses(_ name: String) throws(QueueError) -> Set<TaskStatus> {
        var statuses: Set<TaskStatus> = []
        for value in values(of: name) {
            guard let status = TaskStatus(rawValue: value) else {
                let words = TaskStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid(name, "must be one of \(words)")
            }
            statuses.insert(status)
        }
        return statuses
    }
}
