#if Redis

import XQueueCore

/// A packed form as scripts see it: the names and types of its fields, in order.
struct Form {
    struct Field {
        /// Name, in capitals.
        let name: String
        /// Format code of Lua's `struct` library.
        let kind: String
        /// Default value if a script does not name the field, as Lua source.
        let initial: String
    }

    let fields: [Field]

    /// - Parameter walk: Visits the fields with the given lister.
    init(_ walk: (inout FieldLister) throws -> Void) {
        var lister = FieldLister()
        // A lister never throws, since it reads nothing.
        try? walk(&lister)
        fields = lister.fields
    }

    /// The Lua format of the first `count` fields, in quotes; nil for all fields.
    func format(of count: Int? = nil) -> String {
        "'>" + fields.prefix(count ?? fields.count).map(\.kind).joined() + "'"
    }

    /// The number of a field, from 1. `REST` stands for the position after the fields.
    func number(of name: String) -> Int? {
        if name == "REST" { return fields.count + 1 }
        return fields.firstIndex { $0.name == name }.map { $0 + 1 }
    }
}

/// Collects the fields of a form.
struct FieldLister: LayoutCoder {
    static let reads = false

    private(set) var fields: [Form.Field] = []

    mutating func integer(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64, _ value: inout Int64
    ) {
        let isNone = initial == IntegerKind.noTime
        fields.append(
            Form.Field(
                name: "\(name)", kind: kind.rawValue, initial: isNone ? Forms.none : String(initial)))
    }

    mutating func double(_ name: StaticString, initial: Double, _ value: inout Double) {
        fields.append(Form.Field(name: "\(name)", kind: "d", initial: "\(initial)"))
    }

    mutating func text(_ name: StaticString, _ value: inout String) {
        fields.append(Form.Field(name: "\(name)", kind: "s", initial: "''"))
    }

    mutating func text(length: Int, _ value: inout String) {}
    mutating func rest(_ value: inout String) {}
    mutating func payload(_ value: inout String) {}
    mutating func opaque(_ value: inout String?) {}
}

#endif
