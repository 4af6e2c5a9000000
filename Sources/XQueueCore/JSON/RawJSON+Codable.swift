/// A value inside of other `Codable` values, such as a payload that passes some of its content on.
///
/// Unlike the value by itself, it is not kept byte for byte: the coder decides about spaces, the order of names and how
/// numbers are written. Integers keep 64 bits; other numbers are as exact as a `Double`.
extension RawJSON: Codable {
    public init(from decoder: any Decoder) throws {
        self = try JSONTree(from: decoder).json
    }

    public func encode(to encoder: any Encoder) throws {
        try decode(JSONTree.self).encode(to: encoder)
    }
}

/// Any JSON, on its way through a coder.
private enum JSONTree: Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONTree].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }

    var json: RawJSON {
        var writer = JSONWriter()
        write(to: &writer)
        return RawJSON(trusted: writer.text)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .integer(let value): writer.value(value)
        case .unsigned(let value): writer.value(RawJSON(trusted: "\(value)"))
        case .number(let value): writer.value(value)
        case .string(let value): writer.value(value)
        case .array(let values): writer.array(values) { $1.write(to: &$0) }
        case .object(let members):
            writer.object { writer in
                for name in members.keys.sorted() {
                    writer.name(escaping: name)
                    members[name]?.write(to: &writer)
                }
            }
        }
    }
}
