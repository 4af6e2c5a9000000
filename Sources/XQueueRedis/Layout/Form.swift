#if Redis

import XQueueCore

/// A packed form as scripts know it: names and kinds of its fields, in their order.
struct Form {
    struct Field {
        /// In capitals.
        let name: String
        /// What Lua's `struct` calls its kind.
        let kind: String
        /// What it holds if a script does not name it, as Lua text.
        let initial: String
    }

    let fields: [Field]

    /// - Parameter walk: Describes the fields; what it is given is a lister.
    init(_ walk: (inout FieldLister) throws -> Void) {
        var lister = FieldLister()
        // A lister reads nothing, and so finds nothing wrong.
        try? walk(&lister)
        fields = lister.fields
    }

    /// Lua's format of the first `count` fields, in quotes; of all if nil.
    func format(of count: Int? = nil) -> String {
        "'>" + fields.prefix(count ?? fields.count).map(\.kind).joined() + "'"
    }

    /// The number of a field, from 1; that of `REST` is where what stands behind the fields begins.
    func number(of name: String) -> Int? {
        if name == "REST" { return fields.count + 1 }
        return fields.firstIndex { $0.name == name }.map { $0 + 1 }
    }
}

/// Notes the fields of a form.
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
    mutating func passive(_ value: inout String?) {}
}

#endif
