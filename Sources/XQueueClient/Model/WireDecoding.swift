import XQueueCore

/// A reply with embedded user JSON, which is preserved byte for byte; `Decodable` would decode and reencode it.
protocol KeepsJSON {
    /// Replaces the user's values with their original JSON.
    ///
    /// - Parameter json: The JSON that this value was decoded from.
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError)
}

extension RawJSON {
    /// Returns the value of a member; nil if it is missing or null.
    func member(_ name: String) throws(JSONSyntaxError) -> RawJSON? {
        let value = try members()?.first { $0.name == name }?.value
        return value?.kind == .null ? nil : value
    }
}

extension Array where Element: KeepsJSON {
    /// Calls `keep` on each element with its part of the list.
    mutating func keep(_ list: RawJSON?) throws(JSONSyntaxError) {
        for (index, json) in (try list?.elements() ?? []).prefix(count).enumerated() {
            try self[index].keep(json)
        }
    }
}

/// The names of members on the wire.
struct WireName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}

/// The members of an API object, by their JSON names.
struct WireObject {
    private let container: KeyedDecodingContainer<WireName>

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: WireName.self)
    }

    /// Returns a required member.
    func value<Value: Decodable>(_ name: String) throws -> Value {
        try container.decode(Value.self, forKey: WireName(stringValue: name))
    }

    /// Returns a member; nil if it is missing or null.
    func optional<Value: Decodable>(_ name: String) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: WireName(stringValue: name))
    }

    /// Returns a required member as a case of `Value`.
    func word<Value: RawRepresentable<String>>(_ name: String) throws -> Value {
        let text: String = try value(name)
        guard let word = Value(rawValue: text) else { throw wrong(name, "unknown value '\(text)'") }
        return word
    }

    /// Returns a member as a case of `Value`; nil if it is missing or null.
    func optionalWord<Value: RawRepresentable<String>>(_ name: String) throws -> Value? {
        guard let _: String = try optional(name) else { return nil }
        return try word(name)
    }

    /// Returns a member as a case of `Value`; nil if it is missing, null, or not one of the cases.
    func knownWord<Value: RawRepresentable<String>>(_ name: String) throws -> Value? {
        try optional(name).flatMap { Value(rawValue: $0) }
    }

    func id(_ name: String) throws -> TaskID {
        let text: String = try value(name)
        guard let id = TaskID(text) else { throw wrong(name, "not an identifier: '\(text)'") }
        return id
    }

    func time(_ name: String) throws -> Timestamp {
        let text: String = try value(name)
        guard let time = RFC3339Reader.timestamp(text) else { throw wrong(name, "not a time: '\(text)'") }
        return time
    }

    func optionalTime(_ name: String) throws -> Timestamp? {
        guard let _: String = try optional(name) else { return nil }
        return try time(name)
    }

    /// Returns a duration from a number of seconds.
    func duration(_ name: String) throws -> Duration {
        let seconds: Double = try value(name)
        guard seconds.isFinite, abs(seconds) <= 1e12 else { throw wrong(name, "not a duration: \(seconds)") }
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }

    func optionalDuration(_ name: String) throws -> Duration? {
        guard let _: Double = try optional(name) else { return nil }
        return try duration(name)
    }

    /// Returns a member as JSON; null if it is missing. ``KeepsJSON`` replaces it with the original text.
    func json(_ name: String) throws -> RawJSON {
        let json: RawJSON? = try optional(name)
        return json ?? .null
    }

    /// Returns a member as JSON; nil if it is missing or null.
    func optionalJSON(_ name: String) throws -> RawJSON? {
        let json = try json(name)
        return json.kind == .null ? nil : json
    }

    private func wrong(_ name: String, _ what: String) -> DecodingError {
        let path = container.codingPath + [WireName(stringValue: name)]
        return .dataCorrupted(.init(codingPath: path, debugDescription: what))
    }
}
